#include "collector/heap/heap.hpp"

#include <cstring>
#include <limits>
#include <set>
#include <vector>

#include "tests/collector/heap_only.hpp"

namespace midden::collector_tests {
namespace {

constexpr std::uint64_t no_deadline = std::numeric_limits<std::uint64_t>::max();

TEST_CASE("A type shares spaces until it has earned its own; what it left there keeps its type") {
  HeapOnly only;
  Type& type = only.add(leaf_of(64));
  std::vector<std::byte*> shared;
  std::byte* object = only.make(type);
  while (only.head_of(object).shared) {
    shared.push_back(object);
    object = only.make(type);
  }
  CHECK(shared.size() * 64 == promotion_bytes);
  CHECK(only.head_of(object).type == type.id());
  CHECK(type.home(0).own() == only.head_of(object).space);
  for (const std::byte* old : shared) REQUIRE(&only.heap.type_of(old) == &type);
  CHECK(&only.heap.type_of(object) == &type);
}

TEST_CASE("A type that allocates little between two cycles stays with the others") {
  HeapOnly only;
  Type& type = only.add(leaf_of(64));
  for (int cycle = 0; cycle < 5; ++cycle) {
    for (std::size_t i = 0; i < promotion_bytes / 64; ++i) REQUIRE(only.head_of(only.make(type)).shared);
    only.survive({});
  }
}

TEST_CASE("A type with elements earns a space for each class apart") {
  HeapOnly only;
  Type& type = only.add(bytes_type());
  while (only.head_of(only.make(type, 100)).shared) continue;
  CHECK(only.head_of(only.make(type, 40)).shared);
  CHECK(only.head_of(only.make(type, 1000)).shared);
  const std::byte* own = only.make(type, 100);
  CHECK(only.head_of(own).slot_bytes == 112);
  CHECK(only.heap.address_space().plan(only.block_of(own)).plan().slot_bytes == 112);
}

TEST_CASE("A type above a granule in alignment has its own space at once") {
  HeapOnly only;
  Type& type = only.add(leaf_of(40, 64));
  CHECK_FALSE(only.head_of(only.make(type)).shared);
  CHECK(only.head_of(only.make(type)).slot_bytes == 64);
}

TEST_CASE("Each type has a space of its own, and no two types meet in one block") {
  HeapOnly only;
  std::vector<Type*> types;
  for (int i = 0; i < 8; ++i) types.push_back(&only.add(leaf_of(64)));
  for (std::size_t i = 0; i < 2 * 8 * promotion_bytes / 64; ++i) only.make(*types[i % types.size()]);
  std::set<BlockIndex> blocks;
  for (Type* type : types) {
    const std::byte* object = only.make(*type);
    CHECK(only.head_of(object).type == type->id());
    CHECK(blocks.insert(only.block_of(object)).second);
  }
}

TEST_CASE("A slot is an address at which one begins, and no other") {
  HeapOnly only;
  Type& small = only.add(leaf_of(24));
  Type& wide = only.add(leaf_of(40'000));
  Type& large = only.add(leaf_of(300'000));
  const std::byte* object = only.make(small);
  const AddressSpace& space = only.heap.address_space();
  for (std::size_t i = 0; i < 24; ++i) CHECK(only.heap.is_slot(object + i) == (i == 0));
  CHECK(only.heap.is_slot(object + 24));  // a free one
  const std::byte* begin = space.begin_of(only.block_of(object));
  CHECK_FALSE(only.heap.is_slot(begin + block_bytes / 24 * 24));  // the unused tail

  const std::byte* middle = only.make(wide);
  const Block& head = only.head_of(middle);
  REQUIRE(head.blocks > 1);
  const std::byte* first = space.begin_of(head.first);
  for (std::uint32_t slot = 0; slot < head.slots; ++slot) CHECK(only.heap.is_slot(first + slot * head.slot_bytes));
  CHECK_FALSE(only.heap.is_slot(first + head.slots * head.slot_bytes));
  CHECK_FALSE(only.heap.is_slot(space.begin_of(head.first + 1)));

  const std::byte* big = only.make(large);
  CHECK(only.heap.is_slot(big));
  CHECK_FALSE(only.heap.is_slot(big + 16));
  CHECK_FALSE(only.heap.is_slot(big + block_bytes));

  int on_stack = 0;
  CHECK_FALSE(only.heap.is_slot(&on_stack));
  CHECK_FALSE(only.heap.is_slot(nullptr));
  CHECK_FALSE(only.heap.is_slot(space.begin_of(space.frontier() - 1)));  // a free block
  CHECK_FALSE(only.heap.is_slot(space.begin_of(space.frontier())));
}

TEST_CASE("A span that was given back is the next that is acquired, from where it was left") {
  HeapOnly only;
  Type& type = only.add(leaf_of(64, 64));
  Space& space = only.heap.space_for(type, class_of(64, 64));
  const Heap::Span first = only.heap.acquire(space, Effort::normal);
  const Heap::Span second = only.heap.acquire(space, Effort::normal);
  REQUIRE(first.verdict == Verdict::memory);
  CHECK(second.open.head != first.open.head);
  only.heap.give_back(space, {first.open.head, 10});
  const Heap::Span again = only.heap.acquire(space, Effort::normal);
  CHECK(again.open.head == first.open.head);
  CHECK(again.open.from == 10);
  CHECK(only.heap.acquire(space, Effort::normal).open.head != first.open.head);
}

TEST_CASE("Full spans are passed over, and those with room come before new blocks") {
  HeapOnly only;
  Type& type = only.add(leaf_of(4096, 64));
  std::vector<void*> live;
  for (int i = 0; i < 5 * 16; ++i) {
    void* object = only.make(type);
    if (i != 40) live.push_back(object);
  }
  only.survive(live);
  std::set<void*> before(live.begin(), live.end());
  const std::byte* hole = only.make(type);
  CHECK(before.count(const_cast<std::byte*>(hole)) == 0);
  CHECK(only.heap.report().used_bytes == 5 * block_bytes);
  only.make(type);
  CHECK(only.heap.report().used_bytes == 6 * block_bytes);
}

TEST_CASE("Before the heap grows, dead spans of other types are taken") {
  HeapOnly only;
  Type& old = only.add(leaf_of(1024, 64));
  Type& young = only.add(leaf_of(2048, 64));
  for (int i = 0; i < 64 * 64; ++i) only.make(old);
  const BlockIndex frontier = only.heap.address_space().frontier();
  REQUIRE(only.heap.report().used_bytes == std::size_t{frontier} * block_bytes);
  only.survive({});
  for (int i = 0; i < 32 * 64; ++i) only.make(young);
  CHECK(only.heap.address_space().frontier() == frontier);
  CHECK(only.heap.report().used_bytes == std::size_t{frontier} * block_bytes);
}

TEST_CASE("Sweeping to the end releases every span that holds nothing, and keeps the others") {
  HeapOnly only;
  Type& type = only.add(leaf_of(1024, 64));
  std::vector<void*> live;
  for (int i = 0; i < 20 * 64; ++i) {
    void* object = only.make(type);
    if (i % 128 == 0) live.push_back(object);
  }
  only.survive(live);
  CHECK(only.heap.report().used_bytes == 20 * block_bytes);
  CHECK(only.heap.sweep_until(no_deadline));
  CHECK(only.heap.report().used_bytes == 10 * block_bytes);
  CHECK(only.heap.report().free_bytes == 10 * block_bytes);
  for (void* object : live) CHECK(only.marked(object));
  // What is left over is offered: 63 slots of each span.
  for (int i = 0; i < 10 * 63; ++i) only.make(type);
  CHECK(only.heap.report().used_bytes == 10 * block_bytes);
  only.make(type);
  CHECK(only.heap.report().used_bytes == 11 * block_bytes);
}

TEST_CASE("A sweep with a deadline that has passed does nothing, and says that there is more") {
  HeapOnly only;
  Type& type = only.add(leaf_of(1024, 64));
  for (int i = 0; i < 640; ++i) only.make(type);
  CHECK(only.heap.sweep_until(0));  // a new heap has nothing to sweep
  only.survive({});
  CHECK_FALSE(only.heap.sweep_until(0));
  CHECK(only.heap.report().free_bytes == 0);
  CHECK(only.heap.sweep_until(no_deadline));
  CHECK(only.heap.sweep_until(0));
}

TEST_CASE("The time that sweeping took is reported once") {
  HeapOnly only;
  Type& type = only.add(leaf_of(1024, 64));
  for (int i = 0; i < 640; ++i) only.make(type);
  CHECK(only.heap.take_sweep_ns() == 0);
  only.survive({});
  static_cast<void>(only.heap.sweep_until(no_deadline));
  CHECK(only.heap.take_sweep_ns() > 0);
  CHECK(only.heap.take_sweep_ns() == 0);
}

TEST_CASE("In a checked heap a dead slot is full of poison after its sweep, a survivor is whole") {
  HeapOnly only(true);
  Type& type = only.add(leaf_of(128, 64));
  auto* dead = only.make(type);
  auto* live = only.make(type);
  std::memset(live, 0x11, 128);
  only.survive({live});
  CHECK(*dead == std::byte{0});
  static_cast<void>(only.heap.sweep_until(no_deadline));
  for (std::size_t i = 0; i < 128; ++i) {
    REQUIRE(dead[i] == std::byte{0xdb});
    REQUIRE(live[i] == std::byte{0x11});
  }
}

TEST_CASE("In a checked heap a large object that has died is full of poison too") {
  HeapOnly only(true);
  Type& type = only.add(leaf_of(300'000));
  const std::byte* dead = only.make(type);
  only.survive({});
  static_cast<void>(only.heap.sweep_until(no_deadline));
  for (std::size_t i = 0; i < 300'000; ++i) REQUIRE(dead[i] == std::byte{0xdb});
}

}  // namespace
}  // namespace midden::collector_tests
