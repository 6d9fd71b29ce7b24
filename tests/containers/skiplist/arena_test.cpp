// Arena: addresses, segments on demand, the limit, and counts.

#include "containers/skiplist/arena.hpp"

#include <stdexcept>

#include "tests/containers/skiplist/list_kit.hpp"

using namespace skiplist_test;

TEST_CASE("An arena that holds nothing has asked for nothing") {
  TestMemory memory;
  const Arena arena;
  CHECK(memory.indices.empty());
  CHECK(arena.touched() == 0);
  CHECK(arena.in_use() == 0);
  CHECK(sizeof(Arena) <= 96);
}

TEST_CASE("Segments double, in order, and offsets find every byte of them") {
  TestMemory memory;
  Arena arena;
  std::vector<Offset> all;
  for (int i = 0; i < 20000; ++i) {
    all.push_back(arena.allocate(memory, 16));
    store_32(arena.at(all.back()), static_cast<std::uint32_t>(i));
    store_32(arena.at(all.back()) + 12, ~static_cast<std::uint32_t>(i));
  }
  for (std::uint32_t i = 0; i < all.size(); ++i) {
    REQUIRE(load_32(arena.at(all[i])) == i);
    REQUIRE(load_32(arena.at(all[i]) + 12) == ~i);
  }
  for (unsigned i = 0; i < memory.indices.size(); ++i) CHECK(memory.indices[i] == i);
  CHECK(arena.in_use() == 320000);
  CHECK(arena.touched() >= 320000);
  CHECK(arena.touched() <= 320000 + 4096 + 2048);
}

TEST_CASE("An allocation larger than the next segment skips to one that holds it") {
  TestMemory memory;
  Arena arena;
  arena.allocate(memory, 100);
  const Offset large = arena.allocate(memory, 100000);
  std::memset(arena.at(large), 1, 100000);
  CHECK(memory.indices == std::vector<unsigned>{0, 10});
  const Offset small = arena.allocate(memory, 8);
  CHECK(arena.handed_out(small, 8));
  CHECK(memory.indices.size() == 2);
}

TEST_CASE("Memory that is given back is used again, from 4 KiB on") {
  TestMemory memory;
  Arena arena;
  for (int i = 0; i < 200; ++i) arena.allocate(memory, 40);
  const Offset first = arena.allocate(memory, 40);
  const std::size_t used = arena.in_use();
  arena.release(first, 40);
  CHECK(arena.in_use() == used - 40);
  CHECK(arena.allocate(memory, 40) == first);
  CHECK(arena.in_use() == used);
}

TEST_CASE("Lines begin at a cache line where the window has room") {
  TestMemory memory;
  Arena arena;
  for (int i = 0; i < 500; ++i) {
    arena.allocate(memory, 4 + 4 * (static_cast<std::size_t>(i) % 9));
    const Offset lines = arena.allocate_lines(memory, 384);
    CHECK(reinterpret_cast<std::uintptr_t>(arena.at(lines)) % 64 == 0);
    CHECK(arena.handed_out(lines, 384));
  }
}

TEST_CASE("Past its last segment an arena says its limit, and goes on with what comes back") {
  TestMemory memory;
  Arena arena(8);  // 128 << 0 ... 128 << 7: 32640 bytes
  std::vector<Offset> all;
  try {
    for (;;) all.push_back(arena.allocate(memory, 64));
  } catch (const std::length_error& error) {
    CHECK(std::string(error.what()).find("32640 bytes") != std::string::npos);
  }
  CHECK(all.size() > 400);
  CHECK(memory.indices.back() == 7);
  const std::size_t used = arena.in_use();
  CHECK_THROWS_AS(arena.allocate(memory, 64), std::length_error);
  CHECK_THROWS_AS(arena.allocate(memory, std::size_t{1} << 40), std::length_error);
  CHECK(arena.in_use() == used);
  arena.release(all.back(), 64);
  CHECK(arena.allocate(memory, 64) == all.back());
}

TEST_CASE("The last offsets of 32 bits address the last segment") {
  // Stands in for 8 GiB: only addresses are computed.
  struct Far final : Memory {
    std::byte* segment(unsigned index, std::size_t bytes) override {
      REQUIRE(index == 26);
      REQUIRE(bytes == std::size_t{8} << 30);
      return begin;
    }
    void drop_reference(std::uint32_t) noexcept override {}
    // What the arena itself writes at the begin; nothing behind it is written.
    std::vector<std::byte> written = std::vector<std::byte>(Arena::lead_bytes(26) + 64);
    std::byte* const begin = written.data() + (0 - reinterpret_cast<std::uintptr_t>(written.data())) % 64;
  } memory;
  Arena arena;
  const std::size_t most = (std::size_t{7} << 30) + 1;
  const Offset large = arena.allocate(memory, most);
  CHECK(large >= std::uint32_t{1} << 31);
  const auto distance = [&](Offset offset) {
    return reinterpret_cast<std::uintptr_t>(arena.at(offset)) - reinterpret_cast<std::uintptr_t>(memory.begin);
  };
  CHECK(distance(large) == std::uintptr_t{4} * (large - (std::uint32_t{1} << 31)));
  CHECK(arena.in_use() >= most);
  CHECK(distance(0xFFFFFFFF) == (std::uintptr_t{8} << 30) - 4);
  CHECK_THROWS_AS(arena.allocate(memory, std::size_t{2} << 30), std::length_error);
}

TEST_CASE("A request for a segment that fails changes nothing") {
  TestMemory memory;
  Arena arena;
  for (int i = 0; i < 300; ++i) arena.allocate(memory, 32);
  const std::size_t used = arena.in_use();
  const std::size_t touched = arena.touched();
  memory.fail_at = 1;
  CHECK_THROWS_AS(arena.allocate(memory, 1 << 20), std::bad_alloc);
  CHECK_THROWS_AS(arena.allocate_lines(memory, 1 << 20), std::bad_alloc);
  CHECK(arena.in_use() == used);
  CHECK(arena.touched() == touched);
  memory.fail_at = 0;
  CHECK(arena.handed_out(arena.allocate(memory, 32), 32));
}

TEST_CASE("A reset arena begins anew") {
  TestMemory memory;
  Arena arena;
  for (int i = 0; i < 1000; ++i) arena.allocate(memory, 100);
  arena.reset();
  memory.drop_segments();
  CHECK(arena.touched() == 0);
  CHECK(arena.in_use() == 0);
  arena.allocate(memory, 100);
  CHECK(memory.indices == std::vector<unsigned>{0});
}
