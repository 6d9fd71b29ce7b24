// Trim: pages on which nothing lies go back, all others keep what lies on them.

#include "containers/skiplist/trim.hpp"

#include <atomic>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

#include "containers/skiplist/arena.hpp"
#include "tests/containers/skiplist/list_kit.hpp"
#include "tests/containers/skiplist/shared/kit.hpp"

using namespace skiplist_test;

namespace {

// Pieces of an arena, each full of its number.
class Pieces {
 public:
  Pieces(Arena& arena, TestMemory& memory) : arena_(arena), memory_(memory) {}

  void add(std::size_t bytes) {
    const auto number = static_cast<std::uint32_t>(pieces_.size());
    pieces_.push_back({arena_.allocate(memory_, bytes), bytes});
    for_each_word(pieces_.back(), [&](std::byte* at) { store_32(at, number); });
  }
  void release(std::size_t number) {
    Piece& piece = pieces_[number];
    if (piece.offset == 0) return;
    arena_.release(piece.offset, piece.bytes);
    piece.offset = 0;
  }
  std::size_t size() const { return pieces_.size(); }
  std::uintptr_t address(std::size_t number) const {
    return reinterpret_cast<std::uintptr_t>(arena_.at(pieces_[number].offset));
  }
  bool whole() {
    bool right = true;
    for (std::uint32_t number = 0; number < pieces_.size(); ++number) {
      if (pieces_[number].offset == 0) continue;
      for_each_word(pieces_[number], [&](const std::byte* at) { right = right && load_32(at) == number; });
    }
    return right;
  }

 private:
  struct Piece {
    Offset offset;
    std::size_t bytes;
  };
  template <class F>
  void for_each_word(const Piece& piece, F&& f) {
    for (std::size_t at = 0; at + 4 <= piece.bytes; at += 4) f(arena_.at(piece.offset) + at);
  }

  Arena& arena_;
  TestMemory& memory_;
  std::vector<Piece> pieces_;
};

void trim_some(Arena& arena, TestMemory& memory, unsigned work) {
  const Run run = arena.trim(work);
  if (run.units == 0) return;
  REQUIRE(reinterpret_cast<std::uintptr_t>(arena.at(run.begin)) % 4096 == 0);
  REQUIRE(run.bytes_to_go() % 4096 == 0);
  REQUIRE(run.bytes_to_go() > 0);
  memory.discard(arena.at(run.first_to_go()), run.bytes_to_go());
  arena.put_run(run);
}
void trim_all(Arena& arena, TestMemory& memory) {
  while (arena.is_trim_due()) trim_some(arena, memory, 100);
}

std::size_t free_bytes(const Arena& arena) {
  std::size_t bytes = 0;
  for (const Bins* const bins : arena.all_bins()) {
    if (bins == nullptr) continue;
    bytes += 4 * std::size_t{bins->rest_units};
    for (unsigned at = 0; at < Bins::classes; ++at) {
      for (Offset c = bins->first[at]; c != 0; c = load_32(arena.at(c))) bytes += 4 * std::size_t{Bins::size_of(at)};
    }
  }
  return bytes;
}

constexpr std::size_t mib = std::size_t{1} << 20;

}  // namespace

TEST_CASE("Memory given back side by side goes to the system, and can be had again") {
  TestMemory memory;
  Arena arena;
  Pieces pieces(arena, memory);
  while (arena.in_use() < 16 * mib) pieces.add(40 + 4 * (pieces.size() % 5));
  CHECK_FALSE(arena.is_trim_due());
  const std::size_t first_kept = pieces.size() * 9 / 10;
  for (std::size_t i = 0; i < first_kept; ++i) pieces.release(i);
  REQUIRE(arena.is_trim_due());
  const std::size_t free = free_bytes(arena);
  trim_all(arena, memory);
  CHECK(memory.discarded > 13 * mib);
  CHECK(arena.present() == arena.touched() - memory.discarded);
  CHECK(free_bytes(arena) == free);
  REQUIRE(pieces.whole());
  const std::size_t touched = arena.touched();
  while (arena.in_use() < 15 * mib) pieces.add(100);
  CHECK(arena.touched() < touched + mib);
  REQUIRE(pieces.whole());
}

TEST_CASE("A trim loses nothing of what comes and goes meanwhile") {
  auto random = test_generator(61);
  for (int round = 0; round < 8; ++round) {
    CAPTURE(round);
    TestMemory memory;
    Arena arena;
    Pieces pieces(arena, memory);
    const auto bytes = [&] { return 4 + random() % (random() % 50 == 0 ? 20000 : 120); };
    while (arena.in_use() < 4 * mib) pieces.add(bytes());
    // Whole stretches, and here and there.
    for (std::size_t i = 0; i < pieces.size(); ++i) {
      if (i / 3000 % 4 != 0 || random() % 8 == 0) pieces.release(i);
    }
    REQUIRE(arena.is_trim_due());
    while (arena.is_trim_due()) {
      const std::size_t before = free_bytes(arena);
      const std::size_t in_use = arena.in_use();
      pieces.release(random() % pieces.size());
      REQUIRE(free_bytes(arena) == before + in_use - arena.in_use());
      if (random() % 2 == 0) pieces.add(bytes());
      trim_some(arena, memory, static_cast<unsigned>(random() % 50));
    }
    CHECK(memory.discarded > mib);
    REQUIRE(pieces.whole());
    for (int i = 0; i < 20000; ++i) pieces.add(bytes());
    REQUIRE(pieces.whole());
  }
}

TEST_CASE("A segment that comes while a trim goes on is left alone by it") {
  TestMemory memory;
  Arena arena;
  Pieces pieces(arena, memory);
  while (arena.in_use() < 4 * mib) pieces.add(40);
  for (std::size_t i = 100; i < pieces.size(); ++i) pieces.release(i);
  REQUIRE(arena.is_trim_due());
  trim_some(arena, memory, 10);
  const std::size_t segments = memory.indices.size();
  while (memory.indices.size() < segments + 2) pieces.add(1000);
  trim_all(arena, memory);
  REQUIRE(pieces.whole());
  for (int i = 0; i < 20000; ++i) pieces.add(60);
  REQUIRE(pieces.whole());
}

TEST_CASE("A run that is still in somebody's hands is not found by the next trim") {
  TestMemory memory;
  Arena arena;
  Pieces pieces(arena, memory);
  while (arena.in_use() < 8 * mib) pieces.add(40);
  const std::size_t free = free_bytes(arena);
  const std::size_t in_use = arena.in_use();
  for (std::size_t i = 0; i < pieces.size() / 2; ++i) pieces.release(i);
  std::vector<Run> held;
  const auto trim = [&] {
    while (arena.is_trim_due()) {
      if (const Run run = arena.trim(100); run.units != 0) held.push_back(run);
    }
  };
  REQUIRE(arena.is_trim_due());
  trim();
  const std::size_t first = held.size();
  CHECK(first > 4);
  for (std::size_t i = pieces.size() / 2; i + 1000 < pieces.size(); ++i) pieces.release(i);
  REQUIRE(arena.is_trim_due());
  trim();
  CHECK(held.size() > first);
  for (const Run& run : held) {
    memory.discard(arena.at(run.first_to_go()), run.bytes_to_go());
    arena.put_run(run);
  }
  CHECK(free_bytes(arena) == free + in_use - arena.in_use());
  REQUIRE(pieces.whole());
  trim_all(arena, memory);
  for (int i = 0; i < 100'000; ++i) pieces.add(60);
  REQUIRE(pieces.whole());
}

TEST_CASE("Memory that is free here and there only is no reason to trim, until whole pages of it are") {
  TestMemory memory;
  Arena arena;
  Pieces pieces(arena, memory);
  while (arena.in_use() < 8 * mib) pieces.add(40);
  const auto thin_out = [&](std::size_t step) {
    for (std::size_t i = 0; i < pieces.size(); ++i) {
      if (i % step != 0) pieces.release(i);
    }
  };
  thin_out(20);
  CHECK_FALSE(arena.is_trim_due());
  thin_out(500);
  REQUIRE(arena.is_trim_due());
  trim_all(arena, memory);
  CHECK(memory.discarded > 4 * mib);
  CHECK(arena.present() + memory.discarded < arena.touched() + mib / 4);
  REQUIRE(pieces.whole());
}

TEST_CASE("Pages that stand alone are no reason to trim again and again") {
  TestMemory memory;
  Arena arena;
  Pieces pieces(arena, memory);
  while (arena.in_use() < 16 * mib) pieces.add(40);
  // Every other page.
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    const std::uintptr_t begin = pieces.address(i);
    if (begin / 4096 % 2 == 0 || (begin + 39) / 4096 % 2 == 0) pieces.release(i);
  }
  REQUIRE(arena.is_trim_due());
  trim_all(arena, memory);
  CHECK(memory.discarded == 0);
  CHECK_FALSE(arena.is_trim_due());
  for (std::size_t i = pieces.size() / 2; i < pieces.size() / 2 + 10'000; ++i) pieces.release(i);
  CHECK_FALSE(arena.is_trim_due());
  REQUIRE(pieces.whole());
}

TEMPLATE_TEST_CASE("A full arena has room for nearly all that was erased, also while it is trimmed", "", FixedKey,
                   VariableKey) {
  Layout layout = Form<TestType>::layout;
  layout.variable_value = true;
  TestList<TestType> test(layout, 17);
  const auto name = [](std::uint64_t n) { return Form<TestType>::bytes(n); };
  const std::string value(3000, 'v');
  const auto insert = [&](std::uint64_t n) {
    try {
      test.assign(name(n), value);
      return true;
    } catch (const std::length_error&) {
      return false;
    }
  };
  std::uint64_t count = 0;
  while (insert(count)) ++count;
  for (const std::uint64_t more : {1U, 7U, 30U}) {
    CAPTURE(more);
    for (std::uint64_t n = 0; n < count * 3 / 4; ++n) test.erase(name(n));
    for (std::uint64_t n = 0; n < more; ++n) test.erase(name(count - 1 - n));
    std::uint64_t back = 0;
    while (back < count * 3 / 4 && insert(back)) ++back;
    CHECK(back > count * 7 / 10);
    REQUIRE(test.list.check() == "");
  }
}

TEST_CASE("An arena that grows again after a trim is trimmed again when it shrinks to what it was") {
  TestMemory memory;
  Arena arena;
  Pieces pieces(arena, memory);
  for (int round = 0; round < 3; ++round) {
    const std::size_t first = pieces.size();
    memory.discarded = 0;
    while (arena.in_use() < 8 * mib) pieces.add(60);
    CHECK_FALSE(arena.is_trim_due());
    for (std::size_t i = first; i + 1000 < pieces.size(); ++i) pieces.release(i);
    REQUIRE(arena.is_trim_due());
    trim_all(arena, memory);
    CHECK(memory.discarded > 6 * mib);
  }
}

TEMPLATE_TEST_CASE("A list that loses its keys in order gives its pages back, and stays right", "", WordKey, FixedKey,
                   VariableKey) {
  TestList<TestType> test;
  const auto name = [](std::uint64_t n) { return Form<TestType>::bytes(n); };
  constexpr std::uint64_t count = 200'000;
  for (std::uint64_t n = 0; n < count; ++n) test.assign(name(n), "12345678");
  for (std::uint64_t n = 0; n < count - 1000; ++n) {
    REQUIRE(test.erase(name(n)));
    if (n % 40'000 == 39'999) REQUIRE(test.list.check() == "");
  }
  CHECK(test.list.present_bytes() < test.list.touched_bytes() / 2);
  REQUIRE(test.list.check() == "");
  for (std::uint64_t n = 0; n < count; ++n) {
    test.assign(name(n), "abcdefgh");
    if (n % 40'000 == 39'999) REQUIRE(test.list.check() == "");
  }
  for (std::uint64_t n = 0; n < count; n += 7) REQUIRE(test.value(name(n)) == "abcdefgh");
}

TEST_CASE("A list with many writers gives its pages back while they erase, and stays right") {
  constexpr unsigned threads = 3;
  constexpr std::uint64_t count = 150'000;
  for (const bool snapshots : {false, true}) {
    CAPTURE(snapshots);
    SharedTest<VariableKey> test(threads + (snapshots ? 1 : 0));
    const auto name = [](std::uint64_t n) { return Form<VariableKey>::bytes(n); };
    std::atomic<unsigned> wrong{0};
    side_by_side(test, threads, snapshots, [&](unsigned t) {
      for (std::uint64_t n = t; n < count; n += threads) {
        wrong += !test.insert(name(n), "12345678");
        test.grace.quiet(t);
      }
      for (const bool last : {false, true}) {
        for (std::uint64_t n = t; n < count; n += threads) {
          if ((n % 10'000 >= 9'900) != last) continue;
          wrong += test.value(name(n)) != "12345678";
          wrong += !test.erase(name(n));
          test.grace.quiet(t);
        }
      }
    });
    REQUIRE(wrong == 0);
    TestSharedMemory memory(test.segments, test.grace);
    for (int i = 0; i < 1000 && test.list.tidy(memory); ++i) {
    }
    REQUIRE(test.list.check() == "");
    CHECK(test.list.counts().present < test.segments.discarded);
    for (std::uint64_t n = 0; n < count; ++n) REQUIRE(test.insert(name(n), "abcdefgh"));
    REQUIRE(test.list.check() == "");
  }
}
