// What one request does between two polls: sweeps and gives back no more than it needs, and not without end.

#include <cstring>
#include <limits>
#include <vector>

#include "tests/collector/heap_only.hpp"

namespace midden::collector_tests {
namespace {

constexpr std::size_t kib = 1024;
constexpr std::size_t mib = 1024 * kib;
constexpr std::uint64_t at_leisure = std::numeric_limits<std::uint64_t>::max();

// Spans of the type's space that have been swept in this cycle, or taken since.
std::size_t swept_spans(HeapOnly& only, const Type& type) {
  std::size_t count = 0;
  for (const Space& space : only.heap.spaces(only.world.stop())) {
    for (const BlockIndex head : space.spans) {
      const Block& block = only.heap.address_space().block(head);
      count += block.type == type.id() && block.swept_cycle == only.heap.cycle();
    }
  }
  return count;
}

// Fills so many blocks of the type, and no block besides: 64 objects of 1 KiB each.
std::vector<void*> fill_blocks(HeapOnly& only, Type& type, std::size_t blocks) {
  std::vector<void*> objects;
  for (std::size_t i = 0; i < blocks * block_bytes / kib; ++i) objects.push_back(only.make(type));
  return objects;
}

TEST_CASE("Of other types' dead no more is swept than the request needs") {
  HeapOnly only;
  Type& old = only.add(leaf_of(kib, 64));
  Type& young = only.add(leaf_of(2 * kib, 64));
  Type& large = only.add(leaf_of(300 * kib));
  fill_blocks(only, old, 640);
  only.survive({});
  only.make(young);
  CHECK(only.heap.report().used_bytes == 640 * block_bytes);
  CHECK(only.heap.report().free_bytes == 0);
  only.make(large);
  CHECK(only.heap.report().used_bytes == 640 * block_bytes);
}

TEST_CASE("A large object takes the place of what died, and no more large ones are swept for it") {
  HeapOnly only;
  Type& type = only.add(leaf_of(300 * kib));
  for (int i = 0; i < 200; ++i) only.make(type);
  const std::uint64_t used = only.heap.report().used_bytes;
  only.survive({});
  only.make(type);
  CHECK(only.heap.report().used_bytes == used);
  CHECK(only.heap.report().free_bytes == 0);
}

TEST_CASE("A large object that grows leaves the dead that are not in its way unswept") {
  HeapOnly only;
  Type& type = only.add(leaf_of(300 * kib));
  Type& bytes = only.add(bytes_type());
  std::byte* object = only.make(bytes, 300 * kib);
  std::byte* behind = only.make(bytes, 300 * kib);
  std::memset(behind, 0xff, 300 * kib);
  for (int i = 0; i < 200; ++i) only.make(type);
  const std::uint64_t used = only.heap.report().used_bytes;
  only.survive({object});
  REQUIRE(only.heap.extend_large(object, 600 * kib));
  CHECK(only.heap.report().used_bytes == used);
  CHECK(only.heap.report().free_bytes == 0);
  CHECK(swept_spans(only, type) == 0);
}

// Asks until there is memory; between two answers no more is swept than the budget says.
// Returns how often a poll was due.
std::size_t count_polls(HeapOnly& only, Type& wanted, const Type& live) {
  std::size_t polls = 0, swept = swept_spans(only, live);
  while (only.allocator.allocate(wanted, wanted.info().size, Effort::normal).verdict == Verdict::poll_needed) {
    const std::size_t now = swept_spans(only, live);
    CHECK(now <= swept + sweep_budget);
    swept = now;
    ++polls;
  }
  return polls;
}

TEST_CASE("Where nothing has died a request is answered by a new block before all is swept") {
  HeapOnly only;
  Type& old = only.add(leaf_of(kib, 64));
  Type& young = only.add(leaf_of(2 * kib, 64));
  std::vector<void*> live = fill_blocks(only, old, 640);
  for (Type* wanted : {&young, &old}) {
    only.survive(live);
    CHECK(count_polls(only, *wanted, old) == 0);
    CHECK(swept_spans(only, old) <= sweep_budget + 1);
    // Each new one has its share of the rest swept.
    const std::uint64_t used = only.heap.report().used_bytes;
    while (swept_spans(only, old) < 640) only.make(*wanted);
    CHECK(only.heap.report().used_bytes <= used + 640 / sweep_budget * block_bytes);
    CHECK(only.heap.report().used_bytes >= used + (640 / sweep_budget - 2) * block_bytes);
  }
}

TEST_CASE("At the hard limit a request is answered by polls, and what has died is found at last") {
  constexpr std::size_t block_cost = block_bytes + AddressSpace::overhead_per_block;
  HeapOnly only(false, {.reserve = small_reserve, .heap_max = 640 * block_cost});
  Type& type = only.add(leaf_of(kib, 64));
  std::vector<void*> live = fill_blocks(only, type, 640);
  live.pop_back();
  only.survive(live);
  CHECK(count_polls(only, type, type) >= 640 / sweep_budget - 1);
  CHECK(only.heap.committed_bytes() <= 640 * block_cost);
}

TEST_CASE("Where all large objects live a large one is answered by polls, then by new blocks") {
  HeapOnly only;
  Type& type = only.add(leaf_of(300 * kib));
  std::vector<void*> live;
  for (std::size_t i = 0; i < 4 * sweep_budget; ++i) live.push_back(only.make(type));
  only.survive(live);
  CHECK(count_polls(only, type, type) >= 3);
}

TEST_CASE("What a dead segment never committed is no memory that the system is to have back") {
  HeapOnly only;
  Type& segment = only.add(segment_type());
  std::byte* object = only.make(segment, 64 * mib);
  REQUIRE(only.heap.commit_segment(object, 5 * mib + 1, Effort::normal) == Verdict::memory);
  only.survive({});
  CHECK(only.heap.sweep_until(at_leisure));
  CHECK(only.heap.report().free_bytes == 5 * mib + block_bytes);
  CHECK(only.heap.report().arena_bytes == 0);
}

TEST_CASE("At the hard limit no more is given back than the request needs") {
  constexpr std::size_t block_cost = block_bytes + AddressSpace::overhead_per_block;
  HeapOnly only(false, {.reserve = small_reserve, .heap_max = 1000 * block_cost});
  Type& small = only.add(leaf_of(kib, 64));
  Type& large = only.add(leaf_of(10 * block_bytes));
  Type& segment = only.add(segment_type());
  std::byte* arena = only.make(segment, 64 * mib);
  std::vector<void*> objects = fill_blocks(only, small, 1000);
  // Every second block dies: the limit is reached, and no two free blocks touch.
  std::vector<void*> live{arena};
  for (std::size_t i = 0; i < objects.size(); ++i) {
    if (i * kib / block_bytes % 2 == 0) live.push_back(objects[i]);
  }
  only.survive(live);
  CHECK(only.heap.sweep_until(at_leisure));
  only.make(large);
  CHECK(only.heap.committed_bytes() <= 1000 * block_cost);
  CHECK(only.heap.report().free_bytes >= 489 * block_bytes);
  REQUIRE(only.heap.commit_segment(arena, 10 * block_bytes, Effort::normal) == Verdict::memory);
  CHECK(only.heap.committed_bytes() <= 1000 * block_cost);
  CHECK(only.heap.report().free_bytes >= 478 * block_bytes);
  // And nothing for one that does not fit even so.
  CHECK(only.heap.commit_segment(arena, 60 * mib, Effort::normal) == Verdict::limit_reached);
  CHECK(only.heap.report().free_bytes >= 478 * block_bytes);
}

}  // namespace
}  // namespace midden::collector_tests
