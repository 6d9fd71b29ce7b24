// Objects above 256 KiB, and segments, which are counted by what their owner commits.

#include <cstring>
#include <limits>
#include <vector>

#include "tests/collector/filled.hpp"
#include "tests/collector/heap_only.hpp"

namespace midden::collector_tests {
namespace {

constexpr std::uint64_t no_deadline = std::numeric_limits<std::uint64_t>::max();
constexpr std::size_t kib = 1024;
constexpr std::size_t mib = 1024 * kib;

void sweep(HeapOnly& only) { REQUIRE(only.heap.sweep_until(no_deadline)); }

TEST_CASE("An object above 256 KiB has a span of its own, one below has not") {
  HeapOnly only;
  Type& type = only.add(bytes_type());
  CHECK_FALSE(only.head_of(only.make(type, 256 * kib - 8)).space->large());
  const std::byte* large = only.make(type, 256 * kib - 7);
  CHECK(only.head_of(large).space->large());
  CHECK(only.head_of(large).slots == 1);
  CHECK(only.head_of(large).blocks == 5);
  CHECK(only.heap.slot_bytes_of(large) == 260 * kib);
  CHECK(&only.heap.type_of(large) == &type);
  CHECK(&only.heap.type_of(only.make(type, 10 * mib)) == &type);
}

TEST_CASE("A large object is zero, also where others were before") {
  HeapOnly only;
  Type& type = only.add(bytes_type());
  for (const std::size_t bytes : {300 * kib, 700 * kib, mib, 3 * mib}) {
    CAPTURE(bytes);
    for (int round = 0; round < 4; ++round) {
      std::byte* object = only.make(type, bytes);
      CHECK(is_zero(object, bytes + 8));
      std::memset(object, 0xff, only.heap.slot_bytes_of(object));
      only.survive({});
    }
    CHECK(only.heap.address_space().frontier() <= 2 * commit_bytes / block_bytes);
  }
}

TEST_CASE("A dead large object is freed by the next one, and a live one is not") {
  HeapOnly only;
  Type& type = only.add(leaf_of(2 * mib));
  std::byte* live = only.make(type);
  std::byte* dead = only.make(type);
  *live = std::byte{5};
  only.survive({live});
  std::byte* next = only.make(type);
  CHECK(next == dead);
  CHECK(*live == std::byte{5});
  only.survive({live, next});
  sweep(only);
  CHECK(only.heap.is_slot(live));
  CHECK(only.heap.is_slot(next));
  only.survive({});
  sweep(only);
  CHECK_FALSE(only.heap.is_slot(live));
  CHECK(only.heap.report().used_bytes == 0);
}

TEST_CASE("The memory of a dead object of 1 MiB or more goes back to the system at the next look") {
  HeapOnly only;
  Type& type = only.add(leaf_of(4 * mib));
  only.make(type);
  const std::uint64_t with = only.heap.committed_bytes();
  only.survive({});
  only.heap.look();
  sweep(only);
  CHECK(only.pages.discarded_bytes() == 0);  // a mutator may have swept it, which does not wait for that
  CHECK(only.heap.report().free_bytes == 4 * mib);
  only.heap.look();
  CHECK(only.heap.return_until(no_deadline));
  CHECK(only.pages.discarded_bytes() == 4 * mib / block_bytes * AddressSpace::discarded_per_block);
  CHECK(only.heap.committed_bytes() + 4 * mib <= with);
  CHECK(only.heap.committed_bytes() == 0);
}

TEST_CASE("An object larger than the range is refused, and so is one that no run of blocks holds") {
  HeapOnly only(false, {.reserve = 16 * mib});
  Type& type = only.add(bytes_type());
  const auto verdict = [&](std::size_t bytes) {
    return only.allocator.allocate(type, bytes, Effort::beyond_trigger).verdict;
  };
  CHECK(verdict(16 * mib + 1) == Verdict::out_of_memory);
  CHECK(verdict(std::numeric_limits<std::size_t>::max()) == Verdict::out_of_memory);
  CHECK(verdict(15 * mib) == Verdict::memory);
  CHECK(verdict(2 * mib) == Verdict::out_of_memory);
  CHECK(verdict(mib - 64 * kib) == Verdict::memory);
}

TEST_CASE("The end of the range can be had together with the free blocks before it") {
  HeapOnly only(false, {.reserve = 16 * mib});
  Type& type = only.add(bytes_type());
  only.make(type, 300 * kib);  // commits 4 MiB, most of it free
  CHECK(only.allocator.allocate(type, 15 * mib, Effort::beyond_trigger).verdict == Verdict::memory);
  CHECK(only.heap.address_space().frontier() == only.heap.address_space().reserved_blocks());
}

TEST_CASE("A large object's bytes count as allocated, a large segment's as arena") {
  HeapOnly only;
  Type& type = only.add(leaf_of(mib));
  Type& segment = only.add(segment_type());
  only.make(type);
  CHECK(only.heap.new_bytes().allocated == mib);
  std::byte* object = only.make(segment, 8 * mib);
  CHECK(only.heap.new_bytes().allocated == mib);
  CHECK(only.heap.report().arena_bytes == 0);
  CHECK(only.heap.commit_segment(object, mib, Effort::normal) == Verdict::memory);
  CHECK(only.heap.report().arena_bytes == mib);
}

TEST_CASE("A segment is counted by whole pages, by its greatest extent, and by no more than it has") {
  HeapOnly only;
  Type& segment = only.add(segment_type());
  std::byte* object = only.make(segment, 2 * mib);
  const std::uint64_t before = only.heap.committed_bytes();
  const auto counted = [&](std::uint64_t bytes) {
    CHECK(only.heap.commit_segment(object, bytes, Effort::normal) == Verdict::memory);
    CHECK(only.heap.committed_bytes() - before == only.heap.report().arena_bytes);
    return only.heap.report().arena_bytes;
  };
  CHECK(counted(1) == page_bytes);
  CHECK(counted(page_bytes) == page_bytes);
  CHECK(counted(page_bytes + 1) == 2 * page_bytes);
  CHECK(counted(100) == 2 * page_bytes);
  CHECK(counted(mib) == mib);
  CHECK(counted(2 * mib) == 2 * mib);
  CHECK(counted(100 * mib) == 2 * mib + page_bytes);  // with its fixed part
  CHECK(counted(std::numeric_limits<std::uint64_t>::max()) == 2 * mib + page_bytes);
}

TEST_CASE("Dead segments take back what they counted") {
  HeapOnly only;
  Type& segment = only.add(segment_type());
  std::byte* live = only.make(segment, 2 * mib);
  std::byte* dead = only.make(segment, 3 * mib);
  std::byte* small = only.make(segment, 300 * kib);
  for (std::byte* object : {live, dead, small}) {
    CHECK(only.heap.commit_segment(object, 64 * kib, Effort::normal) == Verdict::memory);
  }
  CHECK(only.heap.report().arena_bytes == 3 * 64 * kib);
  only.survive({live});
  sweep(only);
  CHECK(only.heap.report().arena_bytes == 64 * kib);
  only.survive({});
  sweep(only);
  CHECK(only.heap.report().arena_bytes == 0);
  CHECK(only.heap.report().used_bytes == 0);
}

TEST_CASE("A small segment counts as any object") {
  HeapOnly only;
  Type& segment = only.add(segment_type());
  std::byte* object = only.make(segment, 100 * kib);
  CHECK(only.heap.commit_segment(object, 100 * kib, Effort::normal) == Verdict::memory);
  CHECK(only.heap.report().arena_bytes == 0);
  only.allocator.give_back();
  CHECK(only.heap.new_bytes().allocated == only.heap.slot_bytes_of(object));
}

TEST_CASE("Segments that have grown by the arena trigger ask for a cycle, objects do not") {
  HeapOnly only;
  Type& segment = only.add(segment_type());
  std::byte* object = only.make(segment, 8 * mib);
  only.heap.set_triggers({.growth = {.allocated = no_trigger, .arena = mib}});
  CHECK(only.heap.commit_segment(object, mib, Effort::normal) == Verdict::memory);
  CHECK(only.heap.commit_segment(object, mib, Effort::normal) == Verdict::memory);  // nothing new
  CHECK(only.heap.commit_segment(object, 2 * mib, Effort::normal) == Verdict::cycle_needed);
  CHECK(only.heap.report().arena_bytes == mib);
  CHECK(only.heap.commit_segment(object, 2 * mib, Effort::beyond_trigger) == Verdict::memory);
  only.survive({object});
  CHECK(only.heap.commit_segment(object, 3 * mib, Effort::normal) == Verdict::memory);
}

TEST_CASE("A segment's blocks that were used before are counted from zero again") {
  HeapOnly only;
  Type& type = only.add(leaf_of(512 * kib));
  Type& segment = only.add(segment_type());
  std::memset(only.make(type), 0xff, 512 * kib);
  only.survive({});
  sweep(only);
  CHECK(only.heap.report().free_bytes == 512 * kib);
  std::byte* object = only.make(segment, 400 * kib);
  CHECK(is_zero(object, 400 * kib));
  // What the segment does not count it must not hold: its memory went back to the system.
  CHECK(only.pages.discarded_bytes() >= 400 * kib);
  CHECK(only.heap.report().arena_bytes == 0);
}

TEST_CASE("A large object grows in place behind itself, by zeroed memory, at the end of the heap") {
  HeapOnly only;
  Type& type = only.add(bytes_type());
  std::byte* object = only.make(type, 300 * kib);
  std::memset(object, 0xab, 300 * kib);
  const std::uint64_t before = only.heap.new_bytes().allocated;
  REQUIRE(only.heap.extend_large(object, 5 * mib));
  CHECK(only.heap.slot_bytes_of(object) == 5 * mib);
  CHECK(only.head_of(object + 5 * mib - 1).first == only.head_of(object).first);
  CHECK(&only.heap.type_of(object) == &type);
  CHECK(is_filled(object, 300 * kib, std::byte{0xab}));
  CHECK(is_zero(object + 300 * kib, 5 * mib - 300 * kib));
  CHECK(only.heap.new_bytes().allocated == before + 5 * mib - 5 * block_bytes);
  // All of it is freed as one object.
  only.survive({object});
  CHECK(is_filled(object, 300 * kib, std::byte{0xab}));
  only.survive({});
  sweep(only);
  CHECK(only.heap.report().used_bytes == 0);
}

TEST_CASE("A large object grows into what has died behind it, and not into what lives there") {
  HeapOnly only;
  Type& type = only.add(bytes_type());
  std::byte* object = only.make(type, 300 * kib);
  std::byte* behind = only.make(type, 700 * kib);
  std::byte* last = only.make(type, 300 * kib);
  std::memset(behind, 0xff, 700 * kib);
  CHECK_FALSE(only.heap.extend_large(object, 600 * kib));
  CHECK(only.heap.slot_bytes_of(object) == 304 * kib);
  only.survive({object, last});
  CHECK_FALSE(only.heap.extend_large(object, 2 * mib));
  REQUIRE(only.heap.extend_large(object, 600 * kib));
  CHECK(is_zero(object + 5 * block_bytes, 600 * kib - 5 * block_bytes));
  REQUIRE(only.heap.extend_large(object, 16 * block_bytes));
  CHECK_FALSE(only.heap.extend_large(object, 16 * block_bytes + 1));
  CHECK(only.heap.is_slot(last));
  CHECK(last == object + 16 * block_bytes);
}

TEST_CASE("What a large object grows into is zero also in the block that it had, where others were before") {
  HeapOnly only;
  Type& type = only.add(bytes_type());
  std::byte* before = only.make(type, 320 * kib - 8);
  std::memset(before, 0xff, 320 * kib);
  only.survive({});
  std::byte* object = only.make(type, 257 * kib);
  REQUIRE(object == before);
  REQUIRE(only.heap.extend_large(object, 320 * kib - 8));
  CHECK(is_zero(object, 320 * kib));
}

TEST_CASE("Within its last block a large object grows without another, and a small one not at all") {
  HeapOnly only;
  Type& type = only.add(bytes_type());
  std::byte* object = only.make(type, 257 * kib);
  only.make(type, 300 * kib);
  REQUIRE(only.heap.extend_large(object, 320 * kib - 8));
  CHECK(only.heap.slot_bytes_of(object) == 320 * kib);
  CHECK_FALSE(only.heap.extend_large(object, 320 * kib + 1));
  CHECK_FALSE(only.heap.extend_large(only.make(type, 100 * kib), 120 * kib));
}

TEST_CASE("A large object grows up to the hard limit and the end of the range, and is whole when refused") {
  HeapOnly only(false, {.reserve = 64 * mib, .heap_max = 8 * mib});
  Type& type = only.add(bytes_type());
  std::byte* object = only.make(type, mib);
  std::memset(object, 0x11, mib);
  CHECK_FALSE(only.heap.extend_large(object, 9 * mib));
  CHECK_FALSE(only.heap.extend_large(object, 65 * mib));
  CHECK(only.heap.slot_bytes_of(object) == mib + 4 * kib);
  REQUIRE(only.heap.extend_large(object, 6 * mib));
  CHECK(only.heap.committed_bytes() <= 8 * mib);
  CHECK(is_filled(object, mib, std::byte{0x11}));
  only.survive({});
  sweep(only);
  CHECK(only.heap.report().used_bytes == 0);
}

}  // namespace
}  // namespace midden::collector_tests
