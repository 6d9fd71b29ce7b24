// Figures of a hash map: chains, what a hit compares, and how far a resize has got.

#include "containers/hash/stats.hpp"

#include <numeric>

#include "tests/containers/hash/make_state.hpp"
#include "tests/containers/hash/validate.hpp"
#include "tests/support/catch.hpp"

using midden::Attach;
using midden::MapStats;
using midden::Root;
using midden::Runtime;
using namespace midden::containers::hash;

namespace {

template <class Counts>
std::size_t total(const Counts& counts) {
  return std::accumulate(counts.begin(), counts.end(), std::size_t{0});
}

// Moments of a resize that begins at that many entries and ends after `writes` more.
void check_resize(Attach& here, HashState& state, std::uint64_t n) {
  double before = -1;
  while (state.resizing()) {
    const MapStats stats = stats_of(state);
    CHECK(stats.resizing);
    CHECK(stats.evacuated > before);
    CHECK(stats.evacuated < 1);
    before = stats.evacuated;
    CHECK(total(stats.chains) == stats.buckets);
    CHECK(total(stats.probes) == stats.entries);
    put(here, state, n, n);
    ++n;
  }
  CHECK(before > 0.9);
  CHECK_FALSE(stats_of(state).resizing);
  CHECK(stats_of(state).evacuated == 1);
}

}  // namespace

TEST_CASE("Evacuation goes from 0 to 1 while a table grows, and every entry is counted on the way") {
  Runtime runtime(map_config());
  Attach here(runtime);
  const Root<HashState> state = make_texts(here);
  std::uint64_t n = 0;
  for (; n < most_entries(7); ++n) put(here, *state, n, n);
  const MapStats full = stats_of(*state);
  CHECK(full.buckets == 128);
  CHECK(full.load == Approx(6.5 / 8));
  CHECK(full.overflow == state->now.overflow_in_use());
  CHECK(full.evacuated == 1);
  put(here, *state, n, n);
  CHECK(stats_of(*state).evacuated < 0.05);
  check_resize(here, *state, n + 1);
  CHECK(stats_of(*state).buckets == 256);
}

TEST_CASE("Evacuation goes from 0 to 1 while a table shrinks") {
  Runtime runtime(map_config());
  Attach here(runtime);
  const Root<HashState> state = make_words(here);
  for (std::uint64_t n = 0; n < 3000; ++n) put(here, *state, n, n);
  std::uint64_t n = 0;
  while (!state->resizing() || state->now.log2() > state->old.log2()) take_out(here, *state, n++);
  check_resize(here, *state, 10'000);
}

TEST_CASE("A table of one bucket shows the chain and the comparisons that its slot bytes make") {
  Runtime runtime(map_config());
  Attach here(runtime);
  const Root<HashState> state = make_words(here);
  for (std::uint64_t n = 0; n < 8; ++n) put(here, *state, n, n);
  MapStats stats = stats_of(*state);
  CHECK(stats.buckets == 1);
  CHECK(stats.chains[0] == 1);
  CHECK(stats.load == 1);
  CHECK(stats.overflow == 0);
  // As if all keys had the same slot byte: the n-th is found after n comparisons.
  head(state->now.at(0, state->layout)).control = 0x0707070707070707;
  stats = stats_of(*state);
  CHECK(stats.probes == std::array<std::size_t, MapStats::lengths>{1, 1, 1, 1, 1, 1, 1, 1});
}

TEST_CASE("The figures name the function that hashes") {
  Runtime runtime(map_config());
  Attach here(runtime);
  CHECK(stats_of(*make_words(here)).hash == "keyed multiplication");
  CHECK(stats_of(*make_texts(here)).hash == "XXH3");
  const Root<HashState> attacked = make_texts(here);
  for (std::uint64_t n = 0; n < 100; ++n) put(here, *attacked, n, n);
  CHECK(reseed(here, *attacked));
  CHECK(stats_of(*attacked).rebuilds == 1);
  CHECK(stats_of(*attacked).hash == "XXH3");
  CHECK(reseed(here, *attacked));
  CHECK(stats_of(*attacked).rebuilds == 2);
  CHECK(stats_of(*attacked).hash == "SipHash-1-3");
}
