// Figures of maps: what holds on every backend, and how they read.

#include <midden/map_fmt.hpp>

#include <numeric>
#include <thread>
#include <vector>

#include "tests/containers/map_suite.hpp"

using midden::Attach;
using midden::MapStats;
using midden::Runtime;

namespace {

template <class Counts>
std::size_t total(const Counts& counts) {
  return std::accumulate(counts.begin(), counts.end(), std::size_t{0});
}

// A map with the keys 0 ... entries-1.
auto numbers(const std::string& backend, std::int64_t entries) {
  auto map = midden::make_map<std::int64_t, std::int64_t>({.backend = backend});
  for (std::int64_t n = 0; n < entries; ++n) map->insert_or_assign(n, n);
  return map;
}

}  // namespace

TEST_CASE("Figures of a small map are exact") {
  for_each_backend([](const std::string& backend) {
    Runtime runtime(map_config());
    Attach here(runtime);
    const auto map = numbers(backend, 0);
    for (std::int64_t n = 0; n < 700; ++n) {
      const MapStats stats = map->stats();
      must(stats.entries == static_cast<std::size_t>(n), "entries are counted");
      map->insert_or_assign(n, n);
      if (stats.rebuilding) continue;  // two maps in one
      must(total(stats.chains) == stats.buckets, "each bucket has one chain");
      must(stats.buckets == 0 || total(stats.probes) == stats.entries, "each entry is found");
      must(stats.buckets + stats.levels == 0 || n == 0 || stats.load > 0, "a map with entries has a load");
      must(stats.levels == 0 || stats.nodes[stats.levels - 1] == 1, "there is one node on top");
    }
  });
}

TEST_CASE("Figures of a large map come from a sample and are near what is there") {
  Runtime runtime(map_config());
  Attach here(runtime);
  const std::int64_t entries = 200'000;
  const MapStats hash = numbers("hash", entries)->stats();
  CHECK(hash.buckets >= 1 << 15);
  CHECK(total(hash.chains) == 1024);
  const double share = static_cast<double>(total(hash.probes)) / static_cast<double>(entries);
  CHECK(share * static_cast<double>(hash.buckets) > 0.9 * 1024);
  CHECK(share * static_cast<double>(hash.buckets) < 1.1 * 1024);

  const auto ordered = midden::make_map<std::int64_t, std::int64_t>({.backend = "skiplist"});
  for (std::int64_t n = 0; n < entries; ++n)
    ordered->insert_or_assign(Kind<std::int64_t>::make(static_cast<std::uint64_t>(n)), n);
  const MapStats list = ordered->stats();
  CHECK(list.nodes[0] > 1024);
  CHECK(list.load > 0.6);
  CHECK(list.load < 0.8);
}

TEST_CASE("An empty map has no load, no buckets and no levels") {
  for_each_backend([](const std::string& backend) {
    Runtime runtime(map_config());
    Attach here(runtime);
    const auto map = numbers(backend, 100);
    map->clear();
    const MapStats stats = map->stats();
    CHECK(stats.load == 0);
    CHECK(stats.buckets == 0);
    CHECK(total(stats.chains) == 0);
    CHECK(stats.levels == 0);
    CHECK(stats.free_bytes == 0);
    CHECK(stats.retired_bytes == 0);
  });
}

TEST_CASE("Many threads may ask for figures while they look keys up") {
  for_each_backend([](const std::string& backend) {
    Runtime runtime(map_config());
    Attach here(runtime);
    const auto map = numbers(backend, 300);
    std::vector<std::thread> readers;
    for (int t = 0; t < 3; ++t) {
      readers.emplace_back([&] {
        Attach reader(runtime);
        const midden::Root<midden::Map<std::int64_t, std::int64_t>> own(map.get());
        for (std::int64_t i = 0; i < 6000; ++i) {
          must(own->get(i % 300) == i % 300, "all is found");
          if (i % 1000 == 0) must(own->stats().entries == 300, "figures are right");
        }
      });
    }
    {
      const midden::Blocked blocked;
      for (std::thread& reader : readers) reader.join();
    }
    CHECK(map->stats().entries == 300);
  });
}

TEST_CASE("Figures read as lines, of what applies") {
  MapStats stats{.entries = 1, .bytes = 2048, .references = 3};
  CHECK(fmt::format("{}", stats) == "1 entry in 2.00 KiB, 3 references to scan");

  SECTION("of a hash table") {
    stats.load = 0.625;
    stats.buckets = 16;
    stats.overflow = 2;
    stats.chains = {14, 1, 0, 0, 0, 0, 0, 1};
    stats.probes = {70, 4};
    stats.hash = "XXH3";
    stats.rebuilds = 1;
    CHECK(fmt::format("{}", stats) ==
          "1 entry in 2.00 KiB, 3 references to scan\n"
          "load 0.62, 16 buckets and 2 in overflow\n"
          "buckets in a chain      1: 14  2: 1  8+: 1\n"
          "keys compared by a hit  1: 70  2: 4\n"
          "hash XXH3, 1 rebuild");
    stats.resizing = true;
    stats.evacuated = 0.25;
    stats.sampled = 6400;
    stats.hottest[0] = {.bucket = 7, .look_ups = 4800, .chain = 2};
    stats.hottest[1] = {.bucket = 3, .look_ups = 64, .chain = 1};
    const std::string text = fmt::format("{}", stats);
    CHECK(
        text.ends_with("\nresizing, 25.0 % evacuated\n"
                       "about 6400 look-ups, most in bucket 7 (75.0 %, chain of 2), 3 (1.0 %, chain of 1)"));
  }
  SECTION("of an ordered map") {
    stats.load = 0.5;
    stats.levels = 2;
    stats.nodes = {5, 1};
    stats.free_bytes = 100;
    stats.retired_bytes = 24;
    CHECK(fmt::format("{}", stats) ==
          "1 entry in 2.00 KiB, 3 references to scan\n"
          "load 0.50, 2 levels, nodes from the leaves up: 5, 1\n"
          "arena: 100 B free, 24 B retired");
  }
  SECTION("of a map with snapshots") {
    stats.snapshots = 2;
    stats.oldest_snapshot = std::chrono::milliseconds(1210);
    stats.held_bytes = 2048;
    CHECK(fmt::format("{}", stats) ==
          "1 entry in 2.00 KiB, 3 references to scan\n"
          "2 snapshots open, the oldest for 1210 ms, 2.00 KiB held back");
  }
  SECTION("of a map that was emptied, where some is held back still") {
    stats.free_bytes = 4096;
    stats.retired_bytes = 24;
    stats.held_bytes = 2048;
    CHECK(fmt::format("{}", stats) ==
          "1 entry in 2.00 KiB, 3 references to scan\n"
          "arena: 4.00 KiB free, 24 B retired\n"
          "no snapshot open, 2.00 KiB held back");
  }
  SECTION("of a map that is being rebuilt") {
    stats.rebuilding = true;
    stats.moved = 0.75;
    CHECK(fmt::format("{}", stats) ==
          "1 entry in 2.00 KiB, 3 references to scan\n"
          "being rebuilt, 75.0 % moved");
  }
}
