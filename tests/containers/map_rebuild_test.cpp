// Maps that move to another backend while they are used: from each to each, in one thread and with many readers.

#include <atomic>
#include <iterator>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

#include "tests/containers/rebuild/pairs.hpp"

using midden::Attach;
using midden::ConfigError;
using midden::Ref;
using midden::Root;
using midden::Runtime;

namespace {

// Writes that change nothing, until all has moved.
template <class K, class V>
void write_until_moved(Bench<K, V>& bench) {
  double moved = 0;
  while (bench.map().stats().rebuilding) {
    bench.erase(1'000'000);
    const midden::MapStats stats = bench.map().stats();
    must(!stats.rebuilding || stats.moved > moved, "each write moves something");
    moved = stats.moved;
  }
}

template <class E, class F>
std::string message_of(F&& f) {
  try {
    f();
  } catch (const E& error) {
    return error.what();
  }
  return "nothing was thrown";
}

bool contains(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

// Ascending pairs, which send the map to another backend on the way: there and back again.
struct RebuildingRange {
  using Map = midden::Map<std::int64_t, std::int64_t>;
  static constexpr std::int64_t count = 900;

  struct Iterator {
    using value_type = std::pair<std::int64_t, std::int64_t>;
    using difference_type = std::ptrdiff_t;

    value_type operator*() const {
      if (n % 100 == 50) map->rebuild(n % 200 == 50 ? "skiplist-again" : "skiplist");
      if (n % 100 == 60) map->finish_rebuild();
      return {n, n};
    }
    Iterator& operator++() {
      ++n;
      return *this;
    }
    void operator++(int) { ++n; }
    bool operator==(std::default_sentinel_t) const { return n == count; }

    Map* map;
    std::int64_t n;
  };
  Iterator begin() const { return {map, 0}; }
  std::default_sentinel_t end() const { return {}; }

  Map* map;
};

}  // namespace

TEMPLATE_TEST_CASE("A map agrees with std::map while it moves from any backend to any other", "", std::int64_t,
                   std::string_view, Key40) {
  std::uint64_t stream = 1200;
  for_each_pair([&](const std::string& from, const std::string& to) {
    for_each_value([&]<class V>() {
      std::mt19937_64 random = test_generator(++stream);
      CAPTURE(stream);
      midden::Config config = map_config();
      config.check = true;
      Runtime runtime(config);
      Attach here(runtime);
      Bench<TestType, V> bench(runtime, from);
      fill(bench, 300);
      for (const std::string& next : {to, from}) {
        bench.map().rebuild(next);
        CHECK(bench.map().backend_name() == next);
        int writes = 0;
        while (bench.map().stats().rebuilding) {
          bench.step(random, 400, 5);
          if (++writes % 5 == 0) bench.compare();
          if (writes % 11 == 0) runtime.collect();
        }
        CHECK(writes > 5);
        bench.compare();
      }
    });
  });
}

TEST_CASE("A rebuild begins at once, and each write moves a few entries until all have moved") {
  for_each_pair([](const std::string& from, const std::string& to) {
    Runtime runtime(map_config());
    Attach here(runtime);
    Bench<std::string_view, std::int64_t> bench(runtime, from);
    fill(bench, 500);
    CHECK_FALSE(bench.map().stats().rebuilding);
    bench.map().rebuild(to);
    CHECK(bench.map().stats().rebuilding);
    CHECK(bench.map().stats().moved == 0);
    bench.assign(3, 4);
    const double moved = bench.map().stats().moved;
    CHECK(moved > 10.0 / 500);
    CHECK(moved < 40.0 / 500);
    bench.compare();
    write_until_moved(bench);
    CHECK(bench.map().stats().moved == 0);
    CHECK(bench.map().backend_name() == to);
    bench.compare();
  });
}

TEST_CASE("finish_rebuild moves all that is left, and without a rebuild does nothing") {
  for_each_pair([](const std::string& from, const std::string& to) {
    Runtime runtime(map_config());
    Attach here(runtime);
    Bench<std::int64_t, Ref<Node>> bench(runtime, from);
    bench.map().finish_rebuild();
    fill(bench, 700);
    bench.map().rebuild(to);
    bench.assign(2, 9);
    bench.map().finish_rebuild();
    CHECK_FALSE(bench.map().stats().rebuilding);
    bench.map().finish_rebuild();
    runtime.collect();
    bench.compare();
    CHECK(bench.map().backend_name() == to);
  });
}

TEST_CASE("A map that was rebuilt is as one that was made so") {
  for_each_pair([](const std::string& from, const std::string& to) {
    Runtime runtime(map_config());
    Attach here(runtime);
    const auto moved = midden::make_map<std::string_view, std::string_view>({.backend = from});
    const auto made = midden::make_map<std::string_view, std::string_view>({.backend = to});
    moved->rebuild(to);
    moved->finish_rebuild();
    for (int i = 0; i < 100; ++i) {
      moved->insert_or_assign(std::to_string(i), "value");
      made->insert_or_assign(std::to_string(i), "value");
    }
    CHECK(moved->stats().buckets == made->stats().buckets);
    CHECK(moved->stats().levels == made->stats().levels);
  });
}

TEST_CASE("A rebuild to the backend that a map has does nothing, and one to a third finishes the second first") {
  Runtime runtime(map_config());
  Attach here(runtime);
  Bench<std::string_view, std::int64_t> bench(runtime, "hash");
  fill(bench, 300);
  bench.map().rebuild("hash");
  CHECK_FALSE(bench.map().stats().rebuilding);
  bench.map().rebuild("skiplist");
  bench.assign(1, 2);
  const double moved = bench.map().stats().moved;
  bench.map().rebuild("skiplist");
  CHECK(bench.map().stats().moved == moved);
  bench.map().rebuild("sorted-array");
  CHECK(bench.map().stats().rebuilding);
  CHECK(bench.map().stats().moved == 0);
  bench.compare();
  bench.map().rebuild("skiplist");
  write_until_moved(bench);
  bench.compare();
}

TEST_CASE("A backend that cannot serve the map is an error, and the map stays where it is") {
  Runtime runtime(map_config());
  Attach here(runtime);
  const auto map = midden::make_map<std::int64_t, std::int64_t>({.backend = "skiplist"});
  const auto ordered = midden::make_ordered_map<std::int64_t, std::int64_t>();
  map->insert_or_assign(1, 2);
  ordered->insert_or_assign(1, 2);
  const std::string unknown = message_of<ConfigError>([&] { map->rebuild("tree"); });
  CHECK(contains(unknown, "'tree'"));
  CHECK(contains(unknown, "hash"));
  CHECK(contains(unknown, "auto"));
  CHECK_THROWS_AS(map->rebuild("auto"), ConfigError);
  CHECK(contains(message_of<ConfigError>([&] { ordered->rebuild("hash"); }), "does not keep keys in order"));
  // Also where the map is known by its base only.
  const Root<midden::Map<std::int64_t, std::int64_t>> base(ordered);
  CHECK_THROWS_AS(base->rebuild("hash"), ConfigError);
  CHECK(map->backend_name() == "skiplist");
  CHECK(ordered->backend_name() == "skiplist");
  CHECK(map->at(1) == 2);
  CHECK(ordered->at(1) == 2);
}

TEST_CASE("While a cursor walks over a map no rebuild begins or ends, and hits do not count") {
  for_each_pair([](const std::string& from, const std::string& to) {
    Runtime runtime(map_config());
    Attach here(runtime);
    Bench<std::string_view, std::string_view> bench(runtime, from);
    fill(bench, 200);
    {
      const auto cursor = bench.map().begin();
      CHECK_THROWS_AS(bench.map().rebuild(to), std::logic_error);
      CHECK(bench.map().backend_name() == from);
      CHECK_NOTHROW(bench.map().rebuild(from));
    }
    const auto before = bench.map().find(Kind<std::string_view>::make(7));
    bench.map().rebuild(to);
    bench.assign(2, 3);
    const double moved = bench.map().stats().moved;
    {
      const auto cursor = bench.map().begin();
      CHECK_THROWS_AS(bench.map().finish_rebuild(), std::logic_error);
      CHECK_THROWS_AS(bench.map().rebuild("skiplist-again"), std::logic_error);
      for (std::uint64_t n = 0; n < 100; ++n) bench.assign(n, n);
      CHECK(bench.map().stats().moved == moved);
    }
    const auto between = bench.map().find(Kind<std::string_view>::make(7));
    bench.erase(7);
    bench.map().finish_rebuild();
    runtime.collect();
    CHECK(is_value(before.value(), 7));
    CHECK(is_value(between.value(), 7));
    bench.compare();
  });
}

TEST_CASE("Many threads may read a map that is half way to another backend") {
  for_each_pair([](const std::string& from, const std::string& to) {
    Runtime runtime(map_config());
    Attach here(runtime);
    const auto map = midden::make_map<std::int64_t, std::string_view>({.backend = from});
    for (int i = 0; i < 300; ++i) map->insert_or_assign(i, std::to_string(i));
    map->rebuild(to);
    for (int i = 0; i < 8; ++i) map->insert_or_assign(i, std::to_string(i));
    REQUIRE(map->stats().rebuilding);
    std::atomic<int> right{0};
    std::vector<std::thread> readers;
    for (int t = 0; t < 3; ++t) {
      readers.emplace_back([&] {
        Attach reader(runtime);
        const Root<midden::Map<std::int64_t, std::string_view>> own(map.get());
        int found = 0;
        for (int i = 0; i < 300; ++i) found += *own->find(i) == std::to_string(i) && own->contains(i) ? 1 : 0;
        int shown = 0;
        for (const auto entry : *own) shown += entry.value == std::to_string(entry.key) ? 1 : 0;
        runtime.collect();
        right += found == 300 && shown == 300 && own->stats().entries == 300 ? 1 : 0;
      });
    }
    {
      const midden::Blocked blocked;
      for (std::thread& reader : readers) reader.join();
    }
    CHECK(right == 3);
    map->finish_rebuild();
    CHECK(map->backend_name() == to);
  });
}

TEST_CASE("A thread that is not attached cannot rebuild a map") {
  Runtime runtime(map_config());
  Attach here(runtime);
  const auto map = midden::make_map<std::int64_t, std::int64_t>();
  auto* const raw = map.get();
  bool refused = false;
  std::thread other([&] {
    refused = contains(message_of<midden::NotAttached>([&] { raw->rebuild("skiplist"); }), "attached") &&
              contains(message_of<midden::NotAttached>([&] { raw->finish_rebuild(); }), "attached");
  });
  {
    const midden::Blocked blocked;
    other.join();
  }
  CHECK(refused);
}

TEST_CASE("A range that rebuilds the map it is inserted into does no harm") {
  Runtime runtime(map_config());
  Attach here(runtime);
  const auto map = midden::make_map<std::int64_t, std::int64_t>({.backend = "skiplist"});
  CHECK(map->insert_all(RebuildingRange{map.get()}) == RebuildingRange::count);
  CHECK(map->size() == RebuildingRange::count);
  for (std::int64_t n = 0; n < RebuildingRange::count; ++n) CHECK(map->get(n) == n);
}
