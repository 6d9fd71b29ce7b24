// Keys that were chosen to collide, or come in an order that makes them: a hash map does no more
// work for them than for random ones. Work is counted in its figures, not measured as time.

#include <cstring>
#include <functional>
#include <numeric>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "tests/containers/map_suite.hpp"

using midden::Attach;
using midden::MapStats;
using midden::Root;
using midden::Runtime;

namespace {

using Words = midden::Map<std::int64_t, std::int64_t>;

constexpr std::uint64_t key_count = 100'000;

// Overflow buckets for each bucket: how far chains are from one bucket each.
double overflow(const MapStats& stats) {
  return static_cast<double>(stats.overflow) / static_cast<double>(stats.buckets);
}

// Keys that a hit compares, on average.
double comparisons(const MapStats& stats) {
  double sum = 0;
  for (std::size_t i = 0; i < stats.probes.size(); ++i) sum += static_cast<double>((i + 1) * stats.probes[i]);
  return sum / static_cast<double>(std::accumulate(stats.probes.begin(), stats.probes.end(), std::size_t{0}));
}

// Random hashes make a chain of 4 buckets out of one bucket in 10^7.
void check_like_random(const MapStats& stats) {
  CHECK(stats.rebuilds == 0);
  CHECK(comparisons(stats) < 1.05);
  for (std::size_t i = 3; i < stats.chains.size(); ++i) CHECK(stats.chains[i] == 0);
}

MapStats stats_of_words(const std::function<std::uint64_t(std::uint64_t)>& key) {
  const auto map = midden::make_map<std::int64_t, std::int64_t>({.backend = "hash"});
  for (std::uint64_t i = 0; i < key_count; ++i) map->insert_or_assign(static_cast<std::int64_t>(key(i)), 0);
  return map->stats();
}

std::uint64_t bits_reversed(std::uint64_t i) {
  std::uint64_t reversed = 0;
  for (int bit = 0; bit < 64; ++bit) reversed |= (i >> bit & 1) << (63 - bit);
  return reversed;
}

template <class Float>
std::uint64_t bits_of(Float number) {
  std::uint64_t bits = 0;
  std::memcpy(&bits, &number, sizeof number);
  return bits;
}

}  // namespace

TEST_CASE("Integers of regular families cost no more than random ones") {
  Runtime runtime(map_config());
  Attach here(runtime);
  std::mt19937_64 random = test_generator(900);
  const MapStats measure = stats_of_words([&](std::uint64_t) { return random(); });
  const std::pair<const char*, std::function<std::uint64_t(std::uint64_t)>> families[] = {
      {"sequential", [](std::uint64_t i) { return i; }},
      {"negative", [](std::uint64_t i) { return ~i; }},
      {"multiples of 2^4", [](std::uint64_t i) { return i << 4; }},
      {"multiples of 2^16", [](std::uint64_t i) { return i << 16; }},
      {"multiples of 2^32", [](std::uint64_t i) { return i << 32; }},
      {"multiples of 2^47", [](std::uint64_t i) { return i << 47; }},
      {"bits reversed", bits_reversed},
      {"a grid of doubles", [](std::uint64_t i) { return bits_of(static_cast<double>(i) * 0.25); }},
      {"a grid of floats", [](std::uint64_t i) { return bits_of(static_cast<float>(i) / 1024); }},
      {"addresses", [](std::uint64_t i) { return 0x7F5A'0000'0000 + i * 48; }},
      {"two halves alike", [](std::uint64_t i) { return i << 32 | i; }},
  };
  for (const auto& [name, key] : families) {
    INFO(name);
    const MapStats stats = stats_of_words(key);
    REQUIRE(stats.entries == key_count);
    check_like_random(stats);
    CHECK(overflow(stats) < 1.3 * overflow(measure));
    CHECK(comparisons(stats) < 1.02 * comparisons(measure));
  }
}

TEST_CASE("Filling one map in the order of a walk over another makes no chains") {
  Runtime runtime(map_config());
  Attach here(runtime);
  const auto from = midden::make_map<std::int64_t, std::int64_t>({.backend = "hash"});
  for (std::uint64_t n = 0; n < key_count; ++n) from->insert_or_assign(static_cast<std::int64_t>(n), 0);
  const auto to = midden::make_map<std::int64_t, std::int64_t>({.backend = "hash"});
  std::uint64_t copied = 0;
  for (const auto entry : *from) {
    to->insert_or_assign(entry.key, entry.value);
    if (++copied % 2000 != 0) continue;
    const MapStats stats = to->stats();
    INFO(copied << " copied");
    check_like_random(stats);
    CHECK(overflow(stats) < 0.35);
  }
  CHECK(to->size() == key_count);
}

TEST_CASE("Keys that all collide under the secret that xxHash publishes do not collide here") {
  // XXH3 multiplies two halves of 16 bytes, each xored with its secret: where one half is the secret, the
  // product is 0 whatever the other is.
  std::vector<std::string> keys;
  for (std::uint64_t i = 0; i < 131'072; ++i) {
    std::string key(32, 'x');
    std::memcpy(key.data(), XXH3_kSecret, 8);
    std::memcpy(key.data() + 8, &i, sizeof i);
    REQUIRE(XXH3_64bits(key.data(), key.size()) == XXH3_64bits((keys.empty() ? key : keys[0]).data(), key.size()));
    keys.push_back(std::move(key));
  }
  Runtime runtime(map_config());
  Attach here(runtime);
  const auto map = midden::make_map<std::string_view, std::int64_t>({.backend = "hash"});
  for (const std::string& key : keys) map->insert_or_assign(key, 0);
  const MapStats stats = map->stats();
  REQUIRE(stats.entries == keys.size());
  check_like_random(stats);
  CHECK(overflow(stats) < 0.35);
}

TEST_CASE("Two maps with the same keys show them in different orders") {
  Runtime runtime(map_config());
  Attach here(runtime);
  const auto make = [] {
    const auto map = midden::make_map<std::string_view, std::int64_t>({.backend = "hash"});
    for (int i = 0; i < 1000; ++i) map->insert_or_assign("key " + std::to_string(i), i);
    // The key that is shown after each, so that where a walk begins does not matter.
    std::vector<std::int64_t> after(1000);
    std::vector<std::int64_t> order;
    for (const auto entry : *map) order.push_back(entry.value);
    for (std::size_t i = 0; i < 1000; ++i) after[static_cast<std::size_t>(order.at(i))] = order[(i + 1) % 1000];
    return after;
  };
  const auto one = make();
  const auto other = make();
  CHECK(std::inner_product(one.begin(), one.end(), other.begin(), 0, std::plus<>(), std::equal_to<>()) < 100);
}
