// Bins: classes of sizes, and chunks that come back whole or cut.

#include "containers/skiplist/bins.hpp"

#include <map>

#include "containers/skiplist/arena.hpp"
#include "tests/containers/skiplist/list_kit.hpp"

using namespace skiplist_test;

TEST_CASE("Every class has one size, and sizes are rounded up to the next") {
  std::uint32_t previous = 0;
  for (unsigned at = 0; at < Bins::classes; ++at) {
    const std::uint32_t size = Bins::size_of(at);
    REQUIRE(size > previous);
    REQUIRE(Bins::class_of(size) == at);
    REQUIRE(Bins::round_up(size) == size);
    REQUIRE(Bins::round_up(std::size_t{previous} + 1) == size);
    previous = size;
  }
  CHECK(previous == Bins::max_size);
}

TEST_CASE("Rounding costs an eighth at most, and nothing up to 128 bytes") {
  for (std::size_t units = 1; units <= 32; ++units) CHECK(Bins::round_up(units) == units);
  auto random = test_generator(4);
  for (int i = 0; i < 10000; ++i) {
    const std::size_t units = 33 + (random() >> (34 + random() % 24));
    CAPTURE(units);
    REQUIRE(Bins::round_up(units) >= units);
    REQUIRE(8 * (Bins::round_up(units) - units) < units);
  }
}

TEST_CASE("Chunks are given out once, and never overlap") {
  TestMemory memory;
  Arena arena;
  constexpr std::uint32_t room = 200000;
  const Offset begin = arena.allocate(memory, room * 4);
  Bins bins;
  std::map<Offset, std::uint32_t> taken;  // by begin
  std::uint32_t in_bins = room;
  bins.put(arena, begin, room);
  auto random = test_generator(5);
  for (int i = 0; i < 50000; ++i) {
    if (random() % 100 < 55) {
      const auto size = static_cast<std::uint32_t>(Bins::round_up(1 + random() % (random() % 8 == 0 ? 3000 : 60)));
      const Offset got = bins.take(arena, size);
      if (got == 0) continue;
      const auto next = taken.lower_bound(got);
      REQUIRE((next == taken.end() || got + size <= next->first));
      REQUIRE((next == taken.begin() || std::prev(next)->first + std::prev(next)->second <= got));
      REQUIRE((got >= begin && got + size <= begin + room));
      taken[got] = size;
      in_bins -= size;
    } else if (!taken.empty()) {
      auto it = taken.lower_bound(begin + static_cast<Offset>(random() % room));
      if (it == taken.end()) it = taken.begin();
      bins.put(arena, it->first, it->second);
      in_bins += it->second;
      taken.erase(it);
    }
    if (i % 500 != 0) continue;
    std::uint32_t found = bins.rest_units;
    for (unsigned at = 0; at < Bins::classes; ++at) {
      REQUIRE((bins.first[at] != 0) == ((bins.filled[at / 64] >> (at % 64) & 1) != 0));
      for (Offset c = bins.first[at]; c != 0; c = load_32(arena.at(c))) found += Bins::size_of(at);
    }
    REQUIRE(found == in_bins);
  }
}

TEST_CASE("A chunk is cut for less than half its size, not for more") {
  TestMemory memory;
  Arena arena;
  const Offset begin = arena.allocate(memory, 1000);
  Bins bins;
  bins.put(arena, begin, 20);
  CHECK(bins.take(arena, 11) == 0);
  CHECK(bins.take(arena, 10) == begin);
  CHECK(bins.take(arena, 10) == begin + 10);
  CHECK(bins.take(arena, 1) == 0);
}

TEST_CASE("What is left of a chunk that was cut is cut to its end, for any size") {
  TestMemory memory;
  Arena arena;
  const Offset begin = arena.allocate(memory, 100000);
  Bins bins;
  bins.put(arena, begin, 16384);
  Offset next = begin;
  for (std::uint32_t i = 0; next + 20 < begin + 16384; ++i) {
    const std::uint32_t size = 12 + i % 3;
    REQUIRE(bins.take(arena, size) == next);
    next += size;
  }
  bins.put_rest(arena);
  CHECK(bins.rest_units == 0);
}
