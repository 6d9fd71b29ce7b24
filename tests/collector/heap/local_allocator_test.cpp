#include "collector/heap/local_allocator.hpp"

#include <algorithm>
#include <cstring>
#include <set>
#include <vector>

#include "tests/collector/filled.hpp"
#include "tests/collector/heap_only.hpp"
#include "tests/support/seed.hpp"

namespace midden::collector_tests {
namespace {

std::vector<void*> fill(HeapOnly& only, Type& type, std::size_t count) {
  std::vector<void*> objects;
  for (std::size_t i = 0; i < count; ++i) objects.push_back(only.make(type));
  return objects;
}

constexpr std::size_t sizes[] = {1, 16, 17, 24, 40, 100, 144, 1000, 1032, 5000, 40'000, 100'000, 262'144};

TEST_CASE("Memory is zero when it is new, and after what was there has died") {
  for (const std::size_t size : sizes) {
    CAPTURE(size);
    HeapOnly only;
    Type& type = only.add(leaf_of(size));
    const std::size_t count = std::size_t{600'000} / size % 5000 + 3;
    for (int round = 0; round < 3; ++round) {
      bool zero = true;
      for (void* object : fill(only, type, count)) {
        zero = zero && is_zero(static_cast<std::byte*>(object), size);
        std::memset(object, 0xff, only.head_of(object).slot_bytes);
      }
      CHECK(zero);
      only.survive({});
    }
  }
}

TEST_CASE("What died makes room before the heap grows") {
  for (const std::size_t size : sizes) {
    CAPTURE(size);
    HeapOnly only;
    Type& type = only.add(leaf_of(size));
    // Own spaces from the first object on, so that every round uses the same one.
    only.heap.space_for(type, class_of(size, 8));
    const std::size_t count = 2 * block_bytes * 8 / size + 3;
    fill(only, type, promotion_bytes / size + 2);
    only.survive({});
    fill(only, type, count);
    const BlockIndex frontier = only.heap.address_space().frontier();
    const std::uint64_t committed = only.heap.committed_bytes();
    for (int round = 0; round < 4; ++round) {
      only.survive({});
      fill(only, type, count);
    }
    CHECK(only.heap.address_space().frontier() == frontier);
    CHECK(only.heap.committed_bytes() <= committed + 2 * 8 * block_bytes);
  }
}

TEST_CASE("Objects of many sizes and types never overlap, and each begins a slot of its type") {
  auto random = test_generator(10);
  HeapOnly only;
  std::vector<Type*> types;
  for (const std::size_t size : sizes) types.push_back(&only.add(leaf_of(size)));
  types.push_back(&only.add(bytes_type()));
  std::set<std::pair<const std::byte*, const std::byte*>> taken;
  for (int i = 0; i < 6000; ++i) {
    Type& type = *types[std::min(random() % types.size(), random() % types.size())];
    const std::size_t elements = type.info().element_size == 0 ? 0 : random() % 3000;
    const std::byte* object = only.make(type, elements);
    REQUIRE(only.heap.is_slot(object));
    REQUIRE(&only.heap.type_of(object) == &type);
    REQUIRE(only.heap.slot_bytes_of(object) >= type.info().size + elements);
    taken.emplace(object, object + only.heap.slot_bytes_of(object));
  }
  const std::byte* last_end = nullptr;
  std::size_t overlaps = 0;
  for (const auto& [begin, end] : taken) {
    overlaps += begin < last_end;
    last_end = end;
  }
  CHECK(taken.size() == 6000);
  CHECK(overlaps == 0);
}

TEST_CASE("Alignments up to 4096 are kept, alone and among survivors") {
  auto random = test_generator(11);
  for (std::size_t alignment = 8; alignment <= max_alignment; alignment *= 2) {
    for (const std::size_t size : {std::size_t{8}, std::size_t{24}, alignment, 3 * alignment, std::size_t{300'000}}) {
      CAPTURE(alignment, size);
      HeapOnly only;
      Type& type = only.add(leaf_of(size, alignment));
      std::vector<void*> live;
      std::size_t crooked = 0;
      for (int round = 0; round < 3; ++round) {
        for (void* object : fill(only, type, 40)) {
          crooked += reinterpret_cast<std::uintptr_t>(object) % alignment != 0;
          if (random() % 2 == 0) live.push_back(object);
        }
        only.survive(live);
      }
      CHECK(crooked == 0);
    }
  }
}

TEST_CASE("Slots of 24 bytes, which share granules, are reused exactly where they died") {
  auto random = test_generator(12);
  HeapOnly only;
  Type& type = only.add(leaf_of(24));
  fill(only, type, promotion_bytes / 24 + 2);
  only.survive({});
  static_cast<void>(only.heap.sweep_until(~std::uint64_t{0}));

  const std::uint32_t slots = static_cast<std::uint32_t>(block_bytes / 24);
  std::vector<void*> all = fill(only, type, slots);
  const BlockIndex block = only.block_of(all.front());
  for (void* object : all) REQUIRE(only.block_of(object) == block);
  std::vector<void*> live;
  std::set<void*> dead;
  for (void* object : all) {
    std::memset(object, 0xff, 24);
    if (random() % 3 == 0) {
      live.push_back(object);
    } else {
      dead.insert(object);
    }
  }
  only.survive(live);
  std::set<void*> again;
  for (void* object : fill(only, type, dead.size())) {
    REQUIRE(is_zero(static_cast<std::byte*>(object), 24));
    again.insert(object);
  }
  CHECK(again == dead);
  for (const void* object : live) REQUIRE(static_cast<const std::byte*>(object)[23] == std::byte{0xff});
}

TEST_CASE("Zeroing touches no more than a run ahead") {
  HeapOnly only;
  Type& type = only.add(leaf_of(32));
  fill(only, type, 2 * promotion_bytes / 32);
  auto* first = static_cast<std::byte*>(fill(only, type, 1).front());
  first = only.heap.address_space().begin_of(only.block_of(first));
  std::memset(first, 0xff, block_bytes);
  only.survive({});
  // The next objects come from dirty memory: just a run of it is cleaned.
  const std::byte* object = only.make(type);
  const std::byte* begin = only.heap.address_space().begin_of(only.block_of(object));
  if (begin == first) CHECK(*(object + run_bytes) == std::byte{0xff});
  CHECK(is_zero(object, run_bytes));
}

TEST_CASE("What was handed out is counted to the byte once the allocator lets go") {
  HeapOnly only;
  Type& small = only.add(leaf_of(20));
  Type& middle = only.add(leaf_of(5000));
  Type& large = only.add(leaf_of(300'000));
  const std::uint64_t expected = fill(only, small, 10'000).size() * 24 + fill(only, middle, 100).size() * 5120 +
                                 fill(only, large, 3).size() * 5 * block_bytes;
  only.allocator.give_back();
  CHECK(only.heap.new_bytes().allocated == expected);
  fill(only, small, 1);
  only.survive({});
  CHECK(only.heap.take_allocated() == expected + 24);
  CHECK(only.heap.new_bytes().allocated == 0);
}

TEST_CASE("Two allocators never share a span; what one gives back the other goes on with") {
  HeapOnly only;
  LocalAllocator other(only.heap);
  Type& type = only.add(leaf_of(64));
  fill(only, type, promotion_bytes / 64 + 1);
  std::set<BlockIndex> mine, theirs;
  for (int i = 0; i < 3000; ++i) {
    mine.insert(only.block_of(only.make(type)));
    theirs.insert(only.block_of(only.make_in(other, type)));
  }
  for (const BlockIndex block : mine) CHECK(theirs.count(block) == 0);

  const std::byte* last = only.make_in(other, type);
  other.give_back();
  // What the other one had laid out is lost until the next cycle, the rest is not.
  std::byte* next = nullptr;
  do next = only.make(type);
  while (only.block_of(next) == *mine.rbegin());
  CHECK(only.block_of(next) == only.block_of(last));
  CHECK(next > last);
}

TEST_CASE("After a cycle an allocator holds nothing") {
  HeapOnly only;
  Type& type = only.add(leaf_of(64));
  for (int i = 0; i < 2000; ++i) only.allocator.allocate_fixed(3, type, Effort::beyond_trigger);
  REQUIRE(only.allocator.cursor_count() > 3);
  CHECK(only.allocator.cursors()[3].span != no_block);
  only.survive({});
  for (std::uint32_t i = 0; i < only.allocator.cursor_count(); ++i) {
    CHECK(only.allocator.cursors()[i].span == no_block);
    CHECK(only.allocator.cursors()[i].empty());
    CHECK(only.allocator.cursors()[i].waiting == nullptr);
  }
}

TEST_CASE("A type of fixed size leaves shared blocks once it has put as much there as any other") {
  HeapOnly only;
  Type& type = only.add(leaf_of(48));
  std::size_t shared = 0;
  while (only.head_of(only.allocator.allocate_fixed(1, type, Effort::normal).memory).shared) ++shared;
  CHECK(shared == promotion_bytes / 48);
}

TEST_CASE("The inlined path hands out the rest of a run that the slow path began") {
  HeapOnly only;
  Type& type = only.add(leaf_of(48));
  fill(only, type, promotion_bytes / 48 + 2);  // has its own space now
  std::byte* first = only.allocator.allocate_fixed(1, type, Effort::normal).memory;
  REQUIRE(first != nullptr);
  std::size_t inlined = 0;
  while (!only.allocator.cursors()[1].empty()) {
    const std::byte* object = only.allocator.cursors()[1].take();
    ++inlined;
    REQUIRE(object == first + inlined * 48);
    REQUIRE(is_zero(object, 48));
  }
  CHECK(inlined == run_bytes / 48 - 1);
}

TEST_CASE("Slots among survivors are handed out once each, zero, and in whatever way they were laid out") {
  auto random = test_generator(13);
  for (const std::size_t size : {std::size_t{16}, std::size_t{24}, std::size_t{64}, std::size_t{1000}}) {
    CAPTURE(size);
    HeapOnly only;
    Type& type = only.add(leaf_of(size));
    fill(only, type, promotion_bytes / size + 2);
    only.survive({});
    const std::size_t slot_bytes = only.head_of(only.make(type)).slot_bytes;
    // Survivors by stretches: free slots stand alone, by a few and by many.
    std::vector<void*> all = fill(only, type, 8 * block_bytes / slot_bytes);
    std::set<void*> live;
    for (std::size_t i = 0; i < all.size();) {
      for (std::size_t dead = random() % (i % 2 == 0 ? 3 : 40); dead > 0 && i < all.size(); --dead) ++i;
      for (std::size_t left = random() % 3 + 1; left > 0 && i < all.size(); --left) live.insert(all[i++]);
    }
    for (void* object : all) std::memset(object, 0xff, slot_bytes);
    only.survive({live.begin(), live.end()});
    only.heap.take_allocated();

    std::set<void*> again;
    std::size_t waited = 0;
    for (std::size_t i = 0; i < all.size(); ++i) {
      // By the two inlined ways, and where there is nothing by the slow one.
      detail::AllocationCursor* const cursor =
          only.allocator.cursor_count() > 5 ? &only.allocator.cursors()[5] : nullptr;
      std::byte* object = nullptr;
      if (cursor != nullptr && !cursor->empty()) object = cursor->take();
      if (cursor != nullptr && object == nullptr) waited += (object = cursor->take_waiting()) != nullptr;
      if (object == nullptr) object = only.allocator.allocate_fixed(5, type, Effort::beyond_trigger).memory;
      REQUIRE(object != nullptr);
      REQUIRE(is_zero(object, slot_bytes));
      REQUIRE(live.count(object) == 0);
      REQUIRE(again.insert(object).second);
      std::memset(object, 0xee, slot_bytes);
    }
    CHECK(waited > 0);
    for (const void* object : live) REQUIRE(static_cast<const std::byte*>(object)[slot_bytes - 1] == std::byte{0xff});
    only.allocator.give_back();
    CHECK(only.heap.new_bytes().allocated == all.size() * slot_bytes);
  }
}

TEST_CASE("With single slots every allocation passes the slow path") {
  HeapOnly only;
  only.allocator.single_slots();
  Type& type = only.add(leaf_of(48));
  for (int i = 0; i < 3000; ++i) {
    REQUIRE(only.allocator.allocate_fixed(1, type, Effort::normal).memory != nullptr);
    if (only.allocator.cursor_count() > 1) REQUIRE(only.allocator.cursors()[1].empty());
  }
}

TEST_CASE("In a checked heap just the slots that were handed out are born") {
  HeapOnly only(true);
  Type& type = only.add(leaf_of(24));
  const std::vector<void*> objects = fill(only, type, 4000);
  std::size_t born = 0;
  for (const Space& space : only.heap.spaces(only.world.stop())) {
    for (const BlockIndex head : space.spans) {
      const Block& block = only.heap.address_space().block(head);
      for (std::uint32_t slot = 0; slot < block.slots; ++slot) {
        born += only.byte_of(only.heap.address_space().begin_of(head) + slot * block.slot_bytes) == born_flag;
      }
    }
  }
  CHECK(born == objects.size());
  for (const void* object : objects) REQUIRE(only.byte_of(object) == born_flag);
}

TEST_CASE("Two types in one shared block keep their types") {
  HeapOnly only;
  Type& one = only.add(leaf_of(40));
  Type& two = only.add(leaf_of(36));
  const std::byte* a = only.make(one);
  const std::byte* b = only.make(two);
  const std::byte* c = only.make(one);
  CHECK(only.block_of(a) == only.block_of(b));
  CHECK(only.head_of(a).shared);
  CHECK(&only.heap.type_of(a) == &one);
  CHECK(&only.heap.type_of(b) == &two);
  CHECK(&only.heap.type_of(c) == &one);
}

TEST_CASE("An object of no bytes at all is an object") {
  HeapOnly only;
  Type& type = only.add({.name = "text", .size = 0, .element_size = 1});
  const std::byte* a = only.make(type);
  const std::byte* b = only.make(type);
  CHECK(a != b);
  CHECK(only.heap.is_slot(a));
}

}  // namespace
}  // namespace midden::collector_tests
