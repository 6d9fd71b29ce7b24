// Locks around a backend's maps: what they cost, what fails without a trace, and whose table is taken.

#include "containers/locked/backend.hpp"

#include <vector>

#include "containers/locked/state.hpp"
#include "tests/containers/map_suite.hpp"

using midden::Attach;
using midden::MapOps;
using midden::MapShape;
using midden::OutOfMemory;
using midden::Ref;
using midden::Root;
using midden::Runtime;

namespace {

// Backends of this test stand in the registry for the whole run: tables made of another's.
const MapOps& table_of(const char* backend) {
  return *midden::find_map_backend(backend)->ops(midden::Map<std::int64_t, std::int64_t>::shape);
}
const MapOps& incomplete_table() {
  static const MapOps concurrent = [] {
    MapOps table = midden::containers::locked::ops(true);
    table.create = table_of("skiplist").create;
    table.replace = nullptr;
    return table;
  }();
  static const MapOps table = [] {
    MapOps made = table_of("skiplist");
    made.concurrent = &concurrent;
    return made;
  }();
  return table;
}
Root<midden::MapState> create_over_hash(Attach& here, const MapShape& shape, std::uint64_t seed) {
  return midden::containers::locked::create(here, table_of("hash"), shape, seed);
}
const MapOps& own_table() {
  static const MapOps concurrent = [] {
    MapOps table = midden::containers::locked::ops(false);
    table.create = create_over_hash;
    return table;
  }();
  static const MapOps table = [] {
    MapOps made = table_of("hash");
    made.concurrent = &concurrent;
    return made;
  }();
  return table;
}

void known(const char* name, const MapOps* (*ops)(const MapShape&)) {
  if (midden::find_map_backend(name) == nullptr) midden::register_map_backend({name, ops});
}

}  // namespace

TEST_CASE("An empty concurrent map takes 256 bytes of the heap at most") {
  for_each_concurrent_backend([](const std::string& backend) {
    using Map = midden::ConcurrentMap<std::string_view, std::int64_t>;
    constexpr std::size_t count = 100'000;
    Runtime runtime(map_config());
    Attach here(runtime);
    const auto maps = midden::make_array<Ref<Map>>(count);
    const auto live = [&] {
      runtime.collect();
      return runtime.last_cycle().live_bytes;
    };
    const std::uint64_t before = live();
    for (Ref<Map>& map : *maps) {
      map = midden::make_concurrent_map<std::string_view, std::int64_t>({.backend = backend});
    }
    CHECK((live() - before) / count <= 256);
  });
}

TEST_CASE("Reading, erasing and clearing an empty concurrent map makes no shards") {
  for_each_concurrent_backend([](const std::string& backend) {
    Runtime runtime(map_config());
    Attach here(runtime);
    const auto map = midden::make_concurrent_map<std::int64_t, std::int64_t>({.backend = backend});
    const std::size_t bytes = map->stats().bytes;
    CHECK_FALSE(map->contains(1));
    CHECK_FALSE(map->find(1));
    CHECK_FALSE(map->erase(1));
    CHECK_FALSE(map->erase_if(1, [](std::int64_t) { return true; }));
    CHECK_FALSE(map->begin());
    map->clear();
    CHECK(map->empty());
    CHECK(map->stats().bytes == bytes);
    CHECK(bytes <= 256);
    map->insert_or_assign(1, 1);
    CHECK(map->stats().bytes > bytes);
  });
}

TEST_CASE("Entries are spread over shards, and figures are of all of them") {
  Runtime runtime(map_config());
  Attach here(runtime);
  const auto map = midden::make_concurrent_map<std::int64_t, std::int64_t>({.backend = "hash"});
  for (std::int64_t i = 0; i < 64'000; ++i) map->insert_or_assign(i, i);
  const midden::MapStats stats = map->stats();
  CHECK(stats.entries == 64'000);
  CHECK(stats.buckets > 64'000 / 8);
  CHECK(stats.load > 0.3);
  CHECK(stats.load < 0.9);
  CHECK(stats.hash == "keyed multiplication");
  // Of a state in the test's own hands.
  const Root<midden::MapState> state = create_over_hash(here, midden::Map<std::int64_t, std::int64_t>::shape, 7);
  auto& locked = midden::containers::locked::state_of(*state);
  std::vector<int> counts(64);
  for (std::uint64_t key = 0; key < 64'000; ++key) ++counts.at(locked.shard_of({key, nullptr}));
  for (const int count : counts) CHECK((count > 800 && count < 1200));
}

TEMPLATE_TEST_CASE("A concurrent map that cannot grow stays as it was and goes on when there is room again", "",
                   std::int64_t, std::string_view, Ref<Node>) {
  for_each_concurrent_backend([](const std::string& backend) {
    midden::Config config = map_config();
    config.heap_max = std::size_t{8} << 20;
    Runtime runtime(config);
    Attach here(runtime);
    Bench<std::string_view, TestType, midden::ConcurrentMap<std::string_view, TestType>> bench(runtime, backend);
    for (std::uint64_t n = 0; n < 300; ++n) bench.assign(n, n);
    std::vector<Root<midden::Array<std::byte>>> ballast;
    for (const std::size_t bytes : {std::size_t{60'000}, std::size_t{1000}, std::size_t{16}}) {
      try {
        while (true) ballast.push_back(midden::make_array<std::byte>(bytes));
      } catch (const OutOfMemory&) {
      }
    }
    std::mt19937_64 random = test_generator(1060);
    int refused = 0;
    // Some commit memory in steps, and go on for a while.
    for (int i = 0; (i < 1500 || (refused < 3 && i < 20'000)) && !ballast.empty(); ++i) {
      const std::uint64_t n = random() % (i < 1500 ? 3000 : 30'000);
      try {
        random() % 8 == 0 ? bench.erase(n) : bench.assign(n, n + 1);
      } catch (const OutOfMemory&) {
        bench.compare_sizes();
        // Block by block, so that the next write gets a little further.
        if (++refused % 3 == 0) ballast.erase(ballast.begin());
      }
    }
    CHECK(refused > 2);
    ballast.clear();
    bench.compare();
    for (std::uint64_t more = 5000; more < 5200; ++more) bench.assign(more, more);
    bench.compare();
  });
}

TEST_CASE("A backend's own concurrent table is taken") {
  known("own-concurrent", [](const MapShape&) { return &own_table(); });
  Runtime runtime(map_config());
  Attach here(runtime);
  const auto map = midden::make_concurrent_map<std::int64_t, std::int64_t>({.backend = "own-concurrent"});
  CHECK(map->insert_or_assign(1, 2));
  CHECK(map->at(1) == 2);
  CHECK(map->backend_name() == "own-concurrent");
}

TEST_CASE("A concurrent table that lacks an operation is refused by name") {
  known("incomplete-concurrent", [](const MapShape&) { return &incomplete_table(); });
  Runtime runtime(map_config());
  Attach here(runtime);
  try {
    midden::make_concurrent_map<std::int64_t, std::int64_t>({.backend = "incomplete-concurrent"});
    FAIL("it was made");
  } catch (const midden::ConfigError& error) {
    CHECK(std::string(error.what()).find("'replace'") != std::string::npos);
    CHECK(std::string(error.what()).find("incomplete-concurrent") != std::string::npos);
  }
}
