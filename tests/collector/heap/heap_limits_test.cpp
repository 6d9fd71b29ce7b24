// What the heap answers when there should be no more: triggers, the hard limit, a system that refuses.

#include <cstring>
#include <limits>
#include <vector>

#include "tests/collector/heap_only.hpp"

namespace midden::collector_tests {
namespace {

constexpr std::uint64_t no_deadline = std::numeric_limits<std::uint64_t>::max();
constexpr std::size_t mib = std::size_t{1} << 20;
constexpr std::size_t block_cost = block_bytes + AddressSpace::overhead_per_block;

// Objects until something else than memory is the answer.
Verdict exhaust(HeapOnly& only, Type& type, std::vector<void*>& made, Effort effort = Effort::beyond_trigger) {
  while (true) {
    const Grant grant = ask([&] { return only.allocator.allocate(type, type.info().size, effort); });
    if (grant.verdict != Verdict::memory) {
      CHECK(grant.memory == nullptr);
      return grant.verdict;
    }
    made.push_back(grant.memory);
  }
}

TEST_CASE("Past the trigger a cycle is asked for, beyond it memory flows on") {
  HeapOnly only;
  Type& type = only.add(leaf_of(1000));
  only.heap.set_triggers({.growth = {.allocated = 10 * mib, .arena = no_trigger}});
  std::vector<void*> made;
  CHECK(exhaust(only, type, made, Effort::normal) == Verdict::cycle_needed);
  const std::size_t bytes = made.size() * 1008;
  CHECK(bytes >= 10 * mib);
  CHECK(bytes <= 11 * mib);
  CHECK(only.allocator.allocate(type, 1000, Effort::normal).verdict == Verdict::cycle_needed);
  CHECK(only.allocator.allocate(type, 1000, Effort::beyond_trigger).verdict == Verdict::memory);
  Type& large = only.add(leaf_of(mib));
  CHECK(only.allocator.allocate(large, mib, Effort::normal).verdict == Verdict::cycle_needed);
  only.survive({});
  static_cast<void>(only.heap.take_allocated());
  CHECK(only.allocator.allocate(type, 1000, Effort::normal).verdict == Verdict::memory);
}

TEST_CASE(
    "A large request that would pass the limit's trigger asks for a cycle, a small one and one beyond it do not") {
  HeapOnly only;
  Type& small = only.add(leaf_of(1000));
  Type& bytes = only.add(bytes_type());
  only.heap.set_triggers({.growth = never.growth, .together = 20 * mib, .ahead = 20 * mib});
  const auto verdict = [&](std::size_t size, Effort effort = Effort::normal) {
    return only.allocator.allocate(bytes, size, effort).verdict;
  };
  CHECK(verdict(30 * mib, Effort::beyond_trigger) == Verdict::memory);
  CHECK(only.heap.take_allocated() > 0);
  CHECK(verdict(10 * mib) == Verdict::memory);
  CHECK(verdict(11 * mib) == Verdict::cycle_needed);
  CHECK(only.allocator.allocate(small, 1000, Effort::normal).verdict == Verdict::memory);
  CHECK(verdict(9 * mib) == Verdict::memory);
  // Where nothing is new a cycle would find nothing.
  CHECK(only.heap.take_allocated() > 0);
  CHECK(verdict(30 * mib) == Verdict::memory);
}

TEST_CASE("Committed bytes are those of the blocks in use, with their part of the tables") {
  HeapOnly only;
  Type& type = only.add(leaf_of(4096, 64));
  CHECK(only.heap.committed_bytes() == 0);
  for (int i = 0; i < 16; ++i) only.make(type);
  CHECK(only.heap.committed_bytes() == block_cost);
  only.make(type);
  CHECK(only.heap.committed_bytes() == 2 * block_cost);
  only.survive({});
  static_cast<void>(only.heap.sweep_until(no_deadline));
  CHECK(only.heap.committed_bytes() == 2 * block_cost);  // free, but the system has not got it back
  CHECK(only.heap.report().used_bytes == 0);
  CHECK(only.heap.report().free_bytes == 2 * block_bytes);
}

TEST_CASE("The type columns of shared blocks are committed bytes, as long as the blocks are in use") {
  for (const std::size_t size : {16U, 24U, 64U, 1000U, 40'000U}) {
    CAPTURE(size);
    HeapOnly only;
    const Block& head = only.head_of(only.make(only.add(leaf_of(size))));
    REQUIRE(head.shared);
    const std::size_t column = round_up(head.slots * sizeof(TypeId), page_bytes);
    const std::size_t blocks = head.blocks;
    CHECK(only.heap.committed_bytes() == blocks * block_cost + column);
    CHECK(only.heap.held_bytes() == only.heap.committed_bytes());
    only.survive({});
    static_cast<void>(only.heap.sweep_until(no_deadline));
    CHECK(only.heap.committed_bytes() == blocks * block_cost);
    CHECK(only.heap.held_bytes() == 0);
    CHECK(only.pages.discarded_bytes() == column);
  }
}

TEST_CASE("The hard limit counts type columns") {
  constexpr std::size_t column = max_slots_per_block * sizeof(TypeId);
  HeapOnly only(false, {.reserve = small_reserve, .heap_max = 10 * (block_cost + column) + column - 1});
  std::vector<Type*> types;
  for (int i = 0; i < 20; ++i) types.push_back(&only.add(leaf_of(16)));
  std::size_t made = 0;
  const auto one = [&] {
    Type& type = *types[made++ % types.size()];
    return only.allocator.allocate(type, 16, Effort::beyond_trigger).verdict;
  };
  while (one() == Verdict::memory) continue;
  CHECK(only.heap.report().used_bytes == 10 * block_bytes);
  CHECK(only.heap.committed_bytes() == 10 * (block_cost + column));
  only.survive({});
  CHECK(one() == Verdict::memory);
}

TEST_CASE("Ten thousand types of a hundred objects each take at most half more than what lives in them") {
  const auto check = [](const char* what, auto&& size_of) {
    CAPTURE(what);
    HeapOnly only(false, {.reserve = std::size_t{1} << 30});
    std::uint64_t live = 0;
    for (std::size_t i = 0; i < 10'000; ++i) {
      const std::size_t size = size_of(i);
      Type& type = only.add(leaf_of(size));
      for (int object = 0; object < 100; ++object) only.make(type);
      live += 100 * size;
    }
    CHECK(only.heap.committed_bytes() > live);
    CHECK(only.heap.committed_bytes() <= live + live / 2);
  };
  check("of the least size", [](std::size_t) { return std::size_t{16}; });
  check("of 24 bytes", [](std::size_t) { return std::size_t{24}; });
  check("of many sizes", [](std::size_t i) { return 16 + i % 32 * 16; });
}

TEST_CASE("The hard limit is reached by the block, and never passed") {
  for (const std::size_t blocks : {1U, 10U, 100U}) {
    CAPTURE(blocks);
    HeapOnly only(false, {.reserve = small_reserve, .heap_max = blocks * block_cost + 100});
    Type& type = only.add(leaf_of(4096, 64));
    std::vector<void*> made;
    CHECK(exhaust(only, type, made) == Verdict::limit_reached);
    CHECK(made.size() == blocks * 16);
    CHECK(only.heap.committed_bytes() == blocks * block_cost);
    CHECK(exhaust(only, type, made) == Verdict::limit_reached);
    CHECK(only.heap.committed_bytes() == blocks * block_cost);
  }
}

TEST_CASE("A request far beyond the limit is refused before it costs anything") {
  HeapOnly only(false, {.reserve = std::size_t{1} << 36, .heap_max = 64 * mib});
  Type& large = only.add({.name = "bytes", .size = 8, .element_size = 1});
  const Grant grant = only.allocator.allocate(large, std::size_t{1} << 35, Effort::beyond_trigger);
  CHECK(grant.verdict == Verdict::limit_reached);
  CHECK(only.heap.address_space().frontier() == 0);
  CHECK(only.allocator.allocate(large, 60 * mib, Effort::beyond_trigger).verdict == Verdict::memory);
}

TEST_CASE("Above a soft limit the memory of free blocks is given back") {
  HeapOnly only;
  Type& type = only.add(leaf_of(4096, 64));
  for (int i = 0; i < 1600; ++i) only.make(type);
  only.survive({});
  static_cast<void>(only.heap.sweep_until(no_deadline));
  only.heap.discard_above(100 * block_cost);
  CHECK(only.heap.committed_bytes() == 100 * block_cost);
  only.heap.discard_above(99 * block_cost);
  CHECK(only.heap.committed_bytes() == 0);
}

TEST_CASE("At the limit, what has died is memory again, for every type and size") {
  HeapOnly only(false, {.reserve = small_reserve, .heap_max = 100 * block_cost});
  Type& small = only.add(leaf_of(64, 64));
  Type& middle = only.add(leaf_of(10'000, 64));
  Type& large = only.add(leaf_of(600'000));
  for (Type* type : {&small, &middle, &large, &small, &large, &middle, &small}) {
    std::vector<void*> made;
    CHECK(exhaust(only, *type, made) == Verdict::limit_reached);
    CHECK(made.size() * type->info().size >= 85 * block_bytes);
    for (void* object : made) std::memset(object, 0xff, type->info().size);
    only.survive({});
  }
}

TEST_CASE("At the limit, free memory that was used is given back before a request is refused") {
  HeapOnly only(false, {.reserve = small_reserve, .heap_max = 100 * block_cost});
  Type& small = only.add(leaf_of(4096, 64));
  Type& large = only.add(leaf_of(40 * block_bytes));
  // Every other span dies: half of the heap is free, in pieces of one block.
  std::vector<void*> made, live;
  CHECK(exhaust(only, small, made) == Verdict::limit_reached);
  for (std::size_t i = 0; i < made.size(); ++i) {
    if (i / 16 % 2 == 0) live.push_back(made[i]);
    std::memset(made[i], 0xff, 4096);
  }
  only.survive(live);
  std::byte* object = only.make(large);
  for (std::size_t i = 0; i < 40 * block_bytes; i += 512) REQUIRE(object[i] == std::byte{0});
  CHECK(only.heap.committed_bytes() <= 100 * block_cost);
  // The rest of the free blocks can still be had.
  std::vector<void*> more;
  CHECK(exhaust(only, small, more) == Verdict::limit_reached);
  CHECK(more.size() == 10 * 16);
}

TEST_CASE("A segment counts against the limit by what is committed, not by its size") {
  HeapOnly only(false, {.reserve = small_reserve, .heap_max = 10 * mib});
  Type& segment = only.add(segment_type());
  std::byte* object = only.make(segment, 100 * mib);
  CHECK(only.heap.commit_segment(object, 9 * mib, Effort::normal) == Verdict::memory);
  CHECK(only.heap.commit_segment(object, 11 * mib, Effort::normal) == Verdict::limit_reached);
  CHECK(only.heap.report().arena_bytes == 9 * mib);
  CHECK(only.heap.commit_segment(object, 10 * mib, Effort::beyond_trigger) == Verdict::memory);
  CHECK(only.allocator.allocate(only.add(leaf_of(64)), 64, Effort::normal).verdict == Verdict::limit_reached);
}

TEST_CASE("At the limit, a segment's growth too takes what is free") {
  HeapOnly only(false, {.reserve = small_reserve, .heap_max = 100 * block_cost});
  Type& small = only.add(leaf_of(4096, 64));
  Type& segment = only.add(segment_type());
  std::byte* object = only.make(segment, mib);
  std::vector<void*> made;
  CHECK(exhaust(only, small, made) == Verdict::limit_reached);
  CHECK(only.heap.commit_segment(object, mib, Effort::normal) == Verdict::limit_reached);
  only.survive({object});
  static_cast<void>(only.heap.sweep_until(no_deadline));
  CHECK(only.heap.commit_segment(object, mib, Effort::normal) == Verdict::memory);
}

TEST_CASE("A system that refuses is out of memory, with the heap intact, and may grant later") {
  for (std::size_t granted = 0; granted < 4; ++granted) {
    CAPTURE(granted);
    HeapOnly only;
    Type& type = only.add(leaf_of(4096, 64));
    std::vector<void*> made;
    for (std::size_t i = 0; i < 64 * 16; ++i) made.push_back(only.make(type));
    std::memset(made[5], 0x77, 4096);
    only.pages.refuse_after(granted, FakePages::never);
    CHECK(exhaust(only, type, made) == Verdict::out_of_memory);
    CHECK(only.allocator.allocate(only.add(leaf_of(mib)), mib, Effort::normal).verdict == Verdict::out_of_memory);
    CHECK(made.size() == 64 * 16);
    CHECK(static_cast<std::byte*>(made[5])[4095] == std::byte{0x77});
    only.pages.refuse_nothing();
    CHECK(only.allocator.allocate(type, 4096, Effort::normal).verdict == Verdict::memory);
  }
}

TEST_CASE("A range that is used up is out of memory until something dies") {
  HeapOnly only(false, {.reserve = 2 * commit_bytes});
  Type& type = only.add(leaf_of(4096, 64));
  std::vector<void*> made;
  CHECK(exhaust(only, type, made) == Verdict::out_of_memory);
  CHECK(made.size() == 2 * commit_bytes / 4096);
  only.survive({made.begin() + 1, made.end()});
  std::vector<void*> again;
  CHECK(exhaust(only, type, again) == Verdict::out_of_memory);
  CHECK(again == std::vector<void*>{made.front()});
}

}  // namespace
}  // namespace midden::collector_tests
