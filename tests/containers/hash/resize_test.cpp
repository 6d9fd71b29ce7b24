// Resizing: in small steps, in order, with no more memory than one table and a half.

#include "containers/hash/resize.hpp"

#include <algorithm>

#include <midden/defer.hpp>

#include "tests/containers/hash/make_state.hpp"
#include "tests/containers/hash/validate.hpp"
#include "tests/support/catch.hpp"

using midden::Attach;
using midden::Root;
using midden::Runtime;
using namespace midden::containers::hash;

namespace {

template <class F>
void for_words_and_texts(F&& f) {
  Runtime runtime(map_config());
  Attach here(runtime);
  f(here, *make_words(here));
  f(here, *make_texts(here));
}

}  // namespace

TEST_CASE("A table doubles at 6.5 entries a bucket and all is found at each step") {
  for_words_and_texts([](Attach& here, HashState& state) {
    std::uint64_t n = 0;
    for (unsigned log2 = 0; log2 < 7; ++log2) {
      while (n < most_entries(log2)) {
        put(here, state, n, n);
        ++n;
        REQUIRE(Validator(state).fault() == "");
      }
      CHECK(state.now.log2() == log2);
      put(here, state, n, n);
      ++n;
      CHECK(state.now.log2() == log2 + 1);
      for (std::uint64_t i = 0; i < n; ++i) REQUIRE(has(state, i, i));
    }
  });
}

TEST_CASE("A write evacuates two buckets, and reads and erases none") {
  for_words_and_texts([](Attach& here, HashState& state) {
    std::uint64_t n = 0;
    while (state.now.log2() < 9 || !state.resizing()) {
      put(here, state, n, n);
      ++n;
    }
    const HashBound bucket = state.old.begin_of(1);
    while (state.resizing()) {
      const HashBound before = state.bound;
      CHECK(has(state, n - 1, n - 1));
      CHECK(state.bound == before);
      put(here, state, n, n);
      ++n;
      CHECK(state.bound == std::min(before + 2 * bucket, hash_end));
      REQUIRE(Validator(state).fault() == "");
    }
    CHECK(state.old.none());
  });
}

TEST_CASE("The old table goes away chunk by chunk while it is evacuated") {
  Runtime runtime(map_config());
  Attach here(runtime);
  const Root<HashState> state = make_words(here);
  std::uint64_t n = 0;
  while (state->now.log2() < 12 || !state->resizing()) {
    put(here, *state, n, n);
    ++n;
  }
  const std::size_t old_bytes = state->old.bytes();
  std::size_t most = 0;
  while (state->resizing()) {
    put(here, *state, n, n);
    ++n;
    most = std::max(most, state->now.bytes() + state->old.bytes());
  }
  const std::size_t new_bytes = state->now.bytes();
  CHECK(new_bytes > old_bytes * 3 / 2);
  CHECK(most < (new_bytes + old_bytes) * 4 / 5);
}

TEST_CASE("A map of 16-byte keys and 8-byte values takes 46 to 75 bytes an entry at any size") {
  Runtime runtime(map_config());
  Attach here(runtime);
  const auto map = midden::make_map<std::string_view, std::int64_t>({.backend = "hash"});
  double least = 1000;
  double most = 0;
  // Past two doublings: at 53,248 and at 106,496 entries.
  for (int i = 0; i < 130000; ++i) {
    std::string digits = std::to_string(i);
    map->insert_or_assign("key:" + std::string(12 - digits.size(), '0') + digits, i);
    if (i < 40000 || i % 64 != 0) continue;
    const double bytes = static_cast<double>(map->stats().bytes) / (i + 1);
    least = std::min(least, bytes);
    most = std::max(most, bytes);
  }
  CHECK(least > 46);
  CHECK(least < 57);
  CHECK(most < 75);
}

TEST_CASE("A table from which nearly all is erased shrinks, and all is found at each step") {
  for_words_and_texts([](Attach& here, HashState& state) {
    for (std::uint64_t n = 0; n < 3000; ++n) put(here, state, n, n);
    const std::size_t full = state.now.bytes();
    for (std::uint64_t n = 0; n < 2990; ++n) {
      REQUIRE(take_out(here, state, n));
      if (n % 7 == 0 || state.resizing()) REQUIRE(Validator(state).fault() == "");
    }
    CHECK(state.now.bytes() + state.old.bytes() < full / 16);
    for (std::uint64_t n = 2990; n < 3000; ++n) CHECK(has(state, n, n));
    for (std::uint64_t n = 0; n < 3000; ++n) put(here, state, n, n + 1);
    REQUIRE(Validator(state).fault() == "");
    for (std::uint64_t n = 0; n < 3000; ++n) REQUIRE(has(state, n, n + 1));
  });
}

TEST_CASE("Inserting while the table shrinks, and erasing while it grows, loses nothing") {
  for_words_and_texts([](Attach& here, HashState& state) {
    for (std::uint64_t n = 0; n < 900; ++n) put(here, state, n, n);
    std::uint64_t n = 0;
    while (!state.resizing() || state.now.log2() > state.old.log2()) take_out(here, state, n++);
    for (std::uint64_t more = 1000; more < 2000; ++more) {
      put(here, state, more, more);
      REQUIRE(Validator(state).fault() == "");
    }
    while (!state.resizing()) {
      put(here, state, n + 3000, 0);
      ++n;
    }
    for (std::uint64_t gone = 1000; gone < 2000; ++gone) {
      REQUIRE(take_out(here, state, gone));
      REQUIRE(Validator(state).fault() == "");
    }
  });
}

TEST_CASE("A collection at every step of a resize loses nothing") {
  midden::Config config = map_config();
  config.check = true;
  Runtime runtime(config);
  Attach here(runtime);
  const Root<HashState> state = make_texts(here);
  std::uint64_t n = 0;
  for (; n < most_entries(4); ++n) put(here, *state, n, n);
  REQUIRE_FALSE(state->resizing());
  do {
    put(here, *state, n, n);
    ++n;
    runtime.collect();
    REQUIRE(Validator(*state).fault() == "");
  } while (state->resizing());
  for (std::uint64_t i = 0; i < n; ++i) CHECK(has(*state, i, i));
}

TEST_CASE("Where a collection is deferred an erase leaves the shrinking to later ones, and an insert changes nothing") {
  for_words_and_texts([](Attach& here, HashState& state) {
    std::uint64_t entries = 0;
    while (state.now.log2() < 8 || state.resizing()) {
      put(here, state, entries, entries);
      ++entries;
    }
    const auto refused = [&](auto&& f) {
      try {
        f();
        return false;
      } catch (const midden::SafepointDeferred&) {
        return true;
      }
    };
    std::uint64_t left = entries;
    {
      const midden::DeferSafepoints deferred(here);
      while (!refused([&] { midden::make_array<std::byte>(here, 1000); })) continue;
      while (left > 20) take_out(here, state, --left);
      REQUIRE(Validator(state).fault() == "");
      // Inserts go on as long as what they need is at hand.
      while (!refused([&] { put(here, state, left, left); })) ++left;
      REQUIRE(Validator(state).fault() == "");
      CHECK(state.entries == left);
    }
    here.runtime().collect();
    while (left > 4) take_out(here, state, --left);
    for (int i = 0; i < 2000; ++i) {
      put(here, state, 4, 4);
      take_out(here, state, 4);
    }
    CHECK(state.now.log2() < 6);
    REQUIRE(Validator(state).fault() == "");
  });
}
