// Maps that move to fresh memory of the backend that they have.

#include <stdexcept>

#include "tests/containers/map_suite.hpp"

using midden::Attach;
using midden::Runtime;

namespace {

template <class K, class V>
void fill_and_thin_out(Bench<K, V>& bench, std::uint64_t keys, std::uint64_t kept_of) {
  for (std::uint64_t i = 0; i < keys; ++i) bench.assign(i, i);
  for (std::uint64_t i = 0; i < keys; ++i) {
    if (i % kept_of != 0) bench.erase(i);
  }
}

}  // namespace

TEST_CASE("A map that has shrunk gives its memory back when it is compacted, a little with each write") {
  for (const std::string backend : {"hash", "skiplist"}) {
    INFO("backend " << backend);
    Runtime runtime(map_config());
    Attach here(runtime);
    Bench<std::string_view, std::int64_t> bench(runtime, backend);
    fill_and_thin_out(bench, 40'000, 20);
    const std::size_t before = bench.map().stats().bytes;
    bench.map().compact();
    CHECK(bench.map().stats().rebuilding);
    bench.map().compact();  // it does already
    bench.compare();
    std::size_t writes = 0;
    for (; bench.map().stats().rebuilding; ++writes) bench.erase(1'000'000);
    CHECK(writes >= 2000 / 16);
    CHECK(writes <= 2000 / 4);
    CHECK(bench.map().backend_name() == backend);
    bench.compare();
    const std::size_t after = bench.map().stats().bytes;
    CHECK(after <= before);
    if (backend == "skiplist") CHECK(after < before / 8);
  }
}

TEST_CASE("An ordered map keeps its order while it is compacted, and an empty one can be") {
  Runtime runtime(map_config());
  Attach here(runtime);
  const auto map = midden::make_ordered_map<std::int64_t, std::string_view>({.backend = "skiplist"});
  map->compact();
  map->finish_rebuild();
  for (std::int64_t i = 0; i < 3000; ++i) map->insert_or_assign(i * 7919 % 3001, "value");
  for (std::int64_t i = 0; i < 3001; i += 2) map->erase(i);
  const std::size_t entries = map->size();
  map->compact();
  map->insert_or_assign(1, "another");
  std::int64_t previous = -1;
  std::size_t shown = 0;
  for (const auto entry : *map) {
    must(entry.key > previous, "keys ascend");
    previous = entry.key;
    ++shown;
  }
  CHECK(shown == entries);
  map->finish_rebuild();
  CHECK(map->size() == entries);
  CHECK(*map->get(1) == "another");
}

TEST_CASE("A map under a cursor is not compacted, and one of auto is looked after as before") {
  midden::Config config = map_config();
  config.map = "auto";
  config.map_auto_references = 400;
  Runtime runtime(config);
  Attach here(runtime);
  const auto map = midden::make_map<std::string_view, std::int64_t>();
  for (int i = 0; i < 300; ++i) map->insert_or_assign(std::to_string(i), i);
  {
    auto walk = map->begin();
    CHECK_THROWS_AS(map->compact(), std::logic_error);
    CHECK_FALSE(map->stats().rebuilding);
  }
  map->compact();
  map->finish_rebuild();
  CHECK(map->backend_name() == "hash");
  for (int i = 300; i < 1000; ++i) map->insert_or_assign(std::to_string(i), i);
  CHECK(map->backend_name() == "skiplist");
}

TEST_CASE("A map is compacted under collections at every few allocations") {
  midden::Config config = map_config();
  config.stress.alloc = 3;
  config.check = true;
  Runtime runtime(config);
  Attach here(runtime);
  Bench<std::string_view, std::string_view> bench(runtime, "skiplist");
  fill_and_thin_out(bench, 400, 3);
  bench.map().compact();
  for (std::uint64_t i = 0; i < 200; ++i) bench.assign(i, i + 1);
  bench.compare();
  bench.map().finish_rebuild();
  bench.compare();
}
