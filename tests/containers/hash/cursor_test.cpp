// The walk in hash order: from anywhere, through tables in every state of a resize.

#include "containers/hash/cursor.hpp"

#include <set>
#include <vector>

#include "tests/containers/hash/make_state.hpp"
#include "tests/support/catch.hpp"

using midden::Attach;
using midden::MapCursor;
using midden::Root;
using midden::Runtime;
using namespace midden::containers::hash;

namespace {

std::vector<std::uint64_t> walk(Attach& here, HashState& state) {
  std::vector<std::uint64_t> keys;
  MapCursor cursor;
  for (bool on = first_entry(here, state, cursor); on; on = next_entry(here, state, cursor))
    keys.push_back(cursor.key.word);
  close_cursor(cursor);
  return keys;
}

}  // namespace

TEST_CASE("A walk is complete at every moment of growing and shrinking") {
  Runtime runtime(map_config());
  Attach here(runtime);
  const Root<HashState> state = make_words(here);
  std::set<std::uint64_t> model;
  const auto compare = [&] {
    const std::vector<std::uint64_t> keys = walk(here, *state);
    REQUIRE(keys.size() == model.size());
    REQUIRE(std::set<std::uint64_t>(keys.begin(), keys.end()) == model);
  };
  for (std::uint64_t n = 0; n < 450; ++n) {
    put(here, *state, n, n);
    model.insert(n);
    compare();
  }
  for (std::uint64_t n = 0; n < 445; ++n) {
    take_out(here, *state, n);
    model.erase(n);
    compare();
  }
}

TEST_CASE("Walks begin anywhere, so that their order is no promise") {
  Runtime runtime(map_config());
  Attach here(runtime);
  const Root<HashState> state = make_words(here);
  for (std::uint64_t n = 0; n < 500; ++n) put(here, *state, n, n);
  std::set<std::uint64_t> firsts;
  for (int i = 0; i < 40; ++i) firsts.insert(walk(here, *state).front());
  CHECK(firsts.size() > 10);
}

TEST_CASE("A walk shows hashes in one round of ascending order") {
  Runtime runtime(map_config());
  Attach here(runtime);
  const Root<HashState> state = make_words(here);
  for (std::uint64_t n = 0; n < 3000; ++n) put(here, *state, n, n);
  // By buckets: within one the order is that of its slots.
  std::vector<BucketNumber> buckets;
  for (const std::uint64_t key : walk(here, *state)) buckets.push_back(state->now.main_of(state->hasher.word(key)));
  std::size_t descents = 0;
  for (std::size_t i = 1; i < buckets.size(); ++i) descents += buckets[i] < buckets[i - 1] ? 1 : 0;
  CHECK(descents <= 1);
}

TEST_CASE("A walk that resizes overtake in both directions shows all that lasts") {
  for (int round = 0; round < 30; ++round) {
    Runtime runtime(map_config());
    Attach here(runtime);
    const Root<HashState> state = make_texts(here);
    std::mt19937_64 random = test_generator(static_cast<std::uint64_t>(round));
    CAPTURE(round);
    const std::uint64_t lasting = 5 + random() % 60;
    for (std::uint64_t n = 0; n < lasting; ++n) put(here, *state, n, n);
    std::multiset<std::string> shown;
    MapCursor cursor;
    bool many = false;
    for (bool on = first_entry(here, *state, cursor); on; on = next_entry(here, *state, cursor)) {
      shown.emplace(reinterpret_cast<const char*>(cursor.key.data), cursor.key.word);
      // Between two entries the table becomes 40 times larger, or that much smaller.
      if (random() % 4 != 0) continue;
      many = !many;
      for (std::uint64_t n = 1000; n < 3000; ++n) many ? put(here, *state, n, n) : take_out(here, *state, n);
    }
    close_cursor(cursor);
    for (std::uint64_t n = 0; n < lasting; ++n) CHECK(shown.count("key " + std::to_string(n)) == 1);
    std::size_t twice = 0;
    for (const std::string& key : shown) twice += shown.count(key) > 1 && key.size() < 7 ? 1 : 0;
    CHECK(twice == 0);
  }
}

TEST_CASE("Closing twice, and closing what was never opened, does nothing") {
  Runtime runtime(map_config());
  Attach here(runtime);
  const Root<HashState> state = make_words(here);
  MapCursor unused;
  close_cursor(unused);
  close_cursor(unused);
  put(here, *state, 1, 1);
  MapCursor cursor;
  CHECK(first_entry(here, *state, cursor));
  close_cursor(cursor);
  close_cursor(cursor);
  CHECK(first_entry(here, *state, cursor));
  CHECK_FALSE(next_entry(here, *state, cursor));
  CHECK_FALSE(next_entry(here, *state, cursor));
  close_cursor(cursor);
}
