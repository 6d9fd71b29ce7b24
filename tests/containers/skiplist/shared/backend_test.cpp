// The skip list behind a ConcurrentMap: what cursors hold, what comes back, and a clear beside writers.

#include <atomic>
#include <chrono>
#include <string>
#include <thread>

#include <midden/concurrent_map.hpp>
#include <midden/midden.hpp>

#include "tests/containers/map_suite.hpp"

using midden::Attach;
using midden::Root;
using midden::Runtime;

namespace {

using Map = midden::ConcurrentOrderedMap<std::string_view, std::int64_t>;

std::string key(int number) {
  std::string text = std::to_string(number);
  return "key:" + std::string(8 - text.size(), '0') + text;
}

Root<Map> make_filled(int entries) {
  const Root<Map> map = midden::make_concurrent_ordered_map<std::string_view, std::int64_t>({.backend = "skiplist"});
  for (int i = 0; i < entries; ++i) map->insert_or_assign(key(i), i);
  return map;
}

}  // namespace

TEST_CASE("A walk that erases what it sees lets the memory come back meanwhile") {
  Runtime runtime(map_config());
  Attach here(runtime);
  constexpr int entries = 30'000;
  const Root<Map> map = make_filled(entries);
  std::size_t most_retired = 0;
  int seen = 0;
  for (auto cursor = map->begin(); cursor; ++cursor) {
    REQUIRE(cursor.key() == key(seen));
    REQUIRE(map->erase(cursor.key()));
    if (++seen % 1000 == 0) most_retired = std::max(most_retired, map->stats().retired_bytes);
  }
  CHECK(seen == entries);
  CHECK(map->empty());
  CHECK(most_retired > 0);
  CHECK(most_retired < 400'000);  // a leaf for each would be 11 million
}

TEST_CASE("A cursor that rests keeps what it shows, holds up what has left the map, and is reported") {
  Runtime runtime(map_config());
  Attach here(runtime, "rests");
  const Root<Map> map = make_filled(1000);
  std::atomic<bool> done{false};
  {
    auto cursor = map->lower_bound(key(500));
    std::thread writer([&] {
      Attach there(runtime, "writes");
      for (int round = 0; round < 5; ++round) {
        for (int i = 0; i < 1000; ++i) map->erase(key(i));
        for (int i = 0; i < 1000; ++i) map->insert_or_assign(key(i), i + 1);
      }
      done = true;
    });
    while (!done) midden::safepoint(here);
    {
      const midden::Blocked blocked;
      writer.join();
    }
    CHECK(cursor.key() == key(500));
    CHECK(cursor.value() == 500);
    const std::vector<std::string> waits_for = runtime.grace().waits_for;
    CHECK(std::find(waits_for.begin(), waits_for.end(), "rests") != waits_for.end());
    CHECK(map->stats().retired_bytes > 1'000'000);
    ++cursor;
    CHECK(cursor.key() == key(501));
    CHECK(cursor.value() == 502);
  }
  for (int i = 0; i < 3000; ++i) map->insert_or_assign(key(i % 1000), i);
  // What other threads' stripes hold stays until they write again.
  CHECK(runtime.grace().waits_for.empty());
  CHECK(map->size() == 1000);
}

TEST_CASE("A clear beside writers ends walks, and the map goes on") {
  Runtime runtime(map_config());
  Attach here(runtime);
  const Root<Map> map = make_filled(2000);
  auto cursor = map->begin();
  ++cursor;
  map->clear();
  CHECK(map->empty());
  CHECK(cursor.key() == key(1));
  ++cursor;
  CHECK_FALSE(cursor);
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  std::atomic<int> running{3};
  for (int t = 0; t < 3; ++t) {
    threads.emplace_back([&, t] {
      Attach there(runtime);
      for (int i = 0; i < 3000; ++i) {
        const int number = i % 100 * 3 + t;
        map->insert_or_assign(key(number), number);
        const auto value = map->get(key(number));
        wrong += value.has_value() && *value != number;
      }
      --running;
    });
  }
  for (int i = 0; i < 50 && running != 0; ++i) {
    map->clear();
    const midden::Blocked blocked;
    std::this_thread::sleep_for(std::chrono::microseconds(300));
  }
  {
    const midden::Blocked blocked;
    for (std::thread& thread : threads) thread.join();
  }
  CHECK(wrong == 0);
  map->clear();
  CHECK(map->empty());
  CHECK(map->insert_or_assign("again", 1));
  runtime.collect();
  CHECK(map->at("again") == 1);
}

TEST_CASE("A small concurrent map takes little memory") {
  Runtime runtime(map_config());
  Attach here(runtime);
  const Root<Map> map = make_filled(10);
  CHECK(map->stats().bytes < 20'000);
}
