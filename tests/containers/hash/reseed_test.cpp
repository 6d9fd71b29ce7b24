// The watchdog: keys made to collide get the map other hashes, and nothing is lost on the way.

#include "containers/hash/reseed.hpp"

#include <algorithm>
#include <chrono>
#include <functional>
#include <numeric>
#include <set>
#include <string>
#include <vector>

#include <midden/array.hpp>

#include "containers/hash/cursor.hpp"
#include "tests/containers/hash/make_state.hpp"
#include "tests/containers/hash/validate.hpp"
#include "tests/support/catch.hpp"

using midden::Attach;
using midden::MapCursor;
using midden::Root;
using midden::Runtime;
using namespace midden::containers::hash;

namespace {

// An attacker who knows how keys are hashed: the next number from `n` on whose key's hash begins with
// zeros.
std::uint64_t colliding(const HashState& state, const Hasher& hasher, std::uint64_t n) {
  while (true) {
    const std::string text = "key " + std::to_string(n);
    const midden::MapKey key = state.layout.word_keys() ? midden::MapKey{n, nullptr} : text_key(text);
    const std::uint32_t hash = with_key(state.layout, key, [&](const auto& form) { return form.hash_under(hasher); });
    if (hash >> 24 == 0) return n;
    ++n;
  }
}

std::size_t longest(const HashState& state) {
  std::size_t most = 0;
  for (BucketNumber main = 0; main < state.now.main_buckets(); ++main) {
    std::size_t length = 0;
    for (std::byte* bucket = state.now.at(main, state.layout); bucket != nullptr;
         bucket = state.now.after(bucket, state.layout)) {
      ++length;
    }
    most = std::max(most, length);
  }
  return most;
}

std::string shown_key(const MapCursor& cursor) {
  if (cursor.key.data == nullptr) return "key " + std::to_string(cursor.key.word);
  return std::string(reinterpret_cast<const char*>(cursor.key.data), cursor.key.word);
}

template <class F>
void for_words_and_texts(F&& f) {
  midden::Config config = map_config();
  config.check = true;
  Runtime runtime(config);
  Attach here(runtime);
  f(runtime, here, *make_words(here));
  f(runtime, here, *make_texts(here));
}

}  // namespace

TEST_CASE("Keys that collide under one seed do not under the next") {
  for_words_and_texts([](Runtime& runtime, Attach& here, HashState& state) {
    std::vector<std::uint64_t> keys;
    for (std::uint64_t n = 0; keys.size() < 64; ++n) {
      // As a host that is attacked by keys made beforehand: the seed is that of the begin.
      if (state.reseeds == 0) n = colliding(state, state.hasher, n);
      put(here, state, n, n + 1);
      keys.push_back(n);
      REQUIRE(Validator(state).fault() == "");
      if (keys.size() % 16 == 0) runtime.collect();
    }
    CHECK(state.reseeds == 1);
    while (state.resizing()) put(here, state, keys[0], keys[0] + 1);
    CHECK(longest(state) < longest_chain);
    for (const std::uint64_t n : keys) CHECK(has(state, n, n + 1));
  });
}

TEST_CASE("Against someone who learns every seed the map changes to SipHash, and chains are short again") {
  for_words_and_texts([](Runtime&, Attach& here, HashState& state) {
    std::vector<std::uint64_t> keys;
    std::vector<std::size_t> reseeded_at;
    for (std::uint64_t n = 0; keys.size() < 300; ++n) {
      n = colliding(state, Hasher(*state.secret, state.seed), n);
      const std::uint32_t before = state.reseeds;
      put(here, state, n, n);
      keys.push_back(n);
      if (state.reseeds != before) reseeded_at.push_back(keys.size());
    }
    REQUIRE(reseeded_at.size() == 2);
    CHECK(reseeded_at[0] < 64);
    CHECK(reseeded_at[1] < 128);
    CHECK(state.hasher.name(true) == "SipHash-1-3");
    CHECK(state.reseeds == 2);
    CHECK(longest(state) < longest_chain);
    CHECK(Validator(state).fault() == "");
    for (const std::uint64_t n : keys) CHECK(has(state, n, n));
  });
}

TEST_CASE("Against someone who learns every key as well the map stops changing and stays right") {
  for_words_and_texts([](Runtime&, Attach& here, HashState& state) {
    std::vector<std::uint64_t> keys;
    for (std::uint64_t n = 0; keys.size() < 400; ++n) {
      n = colliding(state, state.hasher, n);
      put(here, state, n, n);
      keys.push_back(n);
    }
    CHECK(state.reseeds == most_reseeds);
    CHECK(longest(state) > 2 * longest_chain);
    CHECK(Validator(state).fault() == "");
    for (const std::uint64_t n : keys) CHECK(has(state, n, n));
    CHECK_FALSE(reseed(here, state));
    CHECK(state.reseeds == most_reseeds);
  });
}

TEST_CASE("A million entries take another seed, in a time that is printed, and all are found", "[.large]") {
  midden::Config config = map_config();
  config.check = false;
  Runtime runtime(config);
  Attach here(runtime);
  const Root<HashState> words = make_words(here);
  const Root<HashState> texts = make_texts(here);
  for (HashState* const state : {words.get(), texts.get()}) {
    for (std::uint64_t n = 0; n < 1'000'000; ++n) put(here, *state, n, n);
    for (int i = 0; i < 2; ++i) {
      const auto begin = std::chrono::steady_clock::now();
      REQUIRE(reseed(here, *state));
      const auto took = std::chrono::steady_clock::now() - begin;
      WARN("to " << state->hasher.name(state == words.get()) << " in "
                 << std::chrono::duration_cast<std::chrono::milliseconds>(took).count() << " ms");
    }
    for (std::uint64_t n = 0; n < 1'000'000; ++n) REQUIRE(has(*state, n, n));
  }
}

TEST_CASE("A map that becomes empty takes another seed and the fast hash, and is watched again") {
  for_words_and_texts([](Runtime&, Attach& here, HashState& state) {
    for (std::uint64_t n = 0; n < 100; ++n) put(here, state, n, n);
    CHECK(reseed(here, state));
    CHECK(reseed(here, state));
    CHECK(state.hasher.name(false) == "SipHash-1-3");
    const std::uint64_t seed = state.seed;
    for (std::uint64_t n = 0; n < 100; ++n) {
      CHECK(state.seed == seed);
      CHECK(take_out(here, state, n));
    }
    CHECK(state.seed != seed);
    CHECK(state.hasher.name(false) == "XXH3");
    CHECK(state.reseeds == 0);
    for (std::uint64_t n = 0; n < 100; ++n) put(here, state, n, n + 1);
    CHECK(Validator(state).fault() == "");
    for (std::uint64_t n = 0; n < 100; ++n) CHECK(has(state, n, n + 1));
    CHECK(reseed(here, state));
  });
}

TEST_CASE("A map may become empty while its table grows or shrinks") {
  for_words_and_texts([](Runtime& runtime, Attach& here, HashState& state) {
    for (const std::uint64_t entries : {53U, 105U, 420U, 1700U}) {
      for (std::uint64_t n = 0; n < entries; ++n) put(here, state, n, n);
      for (std::uint64_t n = 0; n < entries; ++n) REQUIRE(take_out(here, state, n));
      REQUIRE(Validator(state).fault() == "");
      for (std::uint64_t n = 0; n < 30; ++n) put(here, state, n, n);
      REQUIRE(Validator(state).fault() == "");
      runtime.collect();
      for (std::uint64_t n = 0; n < 30; ++n) REQUIRE(has(state, n, n));
    }
  });
}

TEST_CASE("A walk ends when the last entry is erased, whatever comes after") {
  for_words_and_texts([](Runtime&, Attach& here, HashState& state) {
    for (std::uint64_t n = 0; n < 20; ++n) put(here, state, n, n);
    MapCursor cursor;
    CHECK(first_entry(here, state, cursor));
    for (std::uint64_t n = 0; n < 20; ++n) take_out(here, state, n);
    for (std::uint64_t n = 0; n < 20; ++n) put(here, state, n, n);
    CHECK_FALSE(next_entry(here, state, cursor));
    close_cursor(cursor);
  });
}

TEST_CASE("A random map never changes its seed") {
  for_words_and_texts([](Runtime&, Attach& here, HashState& state) {
    for (std::uint64_t n = 0; n < 20000; ++n) put(here, state, n, n);
    CHECK(state.reseeds == 0);
  });
}

TEST_CASE("A walk shows each lasting entry once across changes of the seed") {
  for (int round = 0; round < 25; ++round) {
    std::mt19937_64 random = test_generator(static_cast<std::uint64_t>(round));
    CAPTURE(round);
    for_words_and_texts([&](Runtime& runtime, Attach& here, HashState& state) {
      const std::uint64_t lasting = 1 + random() % 120;
      for (std::uint64_t n = 0; n < lasting; ++n) put(here, state, n, n);
      std::multiset<std::string> shown;
      MapCursor cursor;
      std::uint64_t more = 1000;
      for (bool on = first_entry(here, state, cursor); on; on = next_entry(here, state, cursor)) {
        shown.insert(shown_key(cursor));
        if (random() % 12 == 0) reseed(here, state);
        if (random() % 3 == 0) put(here, state, more++, 0);
        if (random() % 3 == 0) take_out(here, state, 1000 + random() % (more - 999));
        if (random() % 16 == 0) runtime.collect();
      }
      close_cursor(cursor);
      REQUIRE(Validator(state).fault() == "");
      for (std::uint64_t n = 0; n < lasting; ++n) REQUIRE(shown.count("key " + std::to_string(n)) == 1);
      for (const std::string& key : shown) REQUIRE(shown.count(key) == 1);
    });
  }
}

TEST_CASE("Without memory for another table the map keeps its seed and its entries") {
  midden::Config config = map_config();
  config.heap_max = std::size_t{8} << 20;
  Runtime runtime(config);
  Attach here(runtime);
  const Root<HashState> state = make_words(here);
  for (std::uint64_t n = 0; n < 3000; ++n) put(here, *state, n, n);
  std::vector<Root<midden::Array<std::byte>>> ballast;
  for (const std::size_t bytes : {std::size_t{100000}, std::size_t{1000}}) {
    try {
      while (true) ballast.push_back(midden::make_array<std::byte>(bytes));
    } catch (const midden::OutOfMemory&) {
    }
  }
  const std::uint64_t seed = state->seed;
  CHECK_FALSE(reseed(here, *state));
  CHECK(state->seed == seed);
  CHECK(Validator(*state).fault() == "");
  for (std::uint64_t n = 0; n < 3000; ++n) REQUIRE(has(*state, n, n));
}

TEST_CASE("A clear gives the map another seed") {
  Runtime runtime(map_config());
  Attach here(runtime);
  const auto map = midden::make_map<std::int64_t, std::int64_t>({.backend = "hash"});
  // The key that a walk shows after each key.
  const auto fill_and_walk = [&] {
    for (int i = 0; i < 4000; ++i) map->insert_or_assign(i % 1000, i);  // until no resize is under way
    std::vector<std::int64_t> order;
    for (const auto entry : *map) order.push_back(entry.key);
    std::vector<std::int64_t> after(1000);
    for (std::size_t i = 0; i < 1000; ++i) after[static_cast<std::size_t>(order.at(i))] = order[(i + 1) % 1000];
    return after;
  };
  const auto alike = [](const auto& a, const auto& b) {
    return std::inner_product(a.begin(), a.end(), b.begin(), 0, std::plus<>(), std::equal_to<>());
  };
  const auto before = fill_and_walk();
  CHECK(alike(fill_and_walk(), before) > 900);  // a walk may begin inside of a bucket
  map->clear();
  CHECK(alike(fill_and_walk(), before) < 100);
}
