// What MIDDEN_STRESS does with maps and slices: collections in the midst of a resize, and maps that always move.

#include <string>

#include <midden/slice.hpp>

#include "tests/containers/map_suite.hpp"

using midden::Attach;
using midden::Root;
using midden::Runtime;

namespace {

std::uint64_t cycles(const Runtime& runtime) { return runtime.pauses().cycles; }

midden::Config stressed(midden::Stress stress) {
  midden::Config config = map_config();
  config.check = true;
  config.stress = stress;
  return config;
}

}  // namespace

TEST_CASE("Stress by resize collects while tables, arenas and slices take another size, and only then") {
  Runtime runtime(stressed({.resize = 1}));
  Attach here(runtime);
  SECTION("a hash map") {
    const auto map = midden::make_map<std::int64_t, std::string_view>({.backend = "hash"});
    for (std::int64_t i = 0; i < 2000; ++i) map->insert_or_assign(i, std::to_string(i));
    CHECK(cycles(runtime) >= 8);  // from 8 slots to 2048
    CHECK(cycles(runtime) <= 20);
    const std::uint64_t before = cycles(runtime);
    for (std::int64_t i = 0; i < 2000; ++i) map->insert_or_assign(i, "again");
    CHECK(cycles(runtime) == before);
    for (std::int64_t i = 0; i < 2000; ++i) CHECK(map->at(i) == "again");
  }
  SECTION("a skip list, and the column of its references") {
    const auto map = midden::make_map<std::int64_t, midden::Ref<Node>>({.backend = "skiplist"});
    for (std::int64_t i = 0; i < 5000; ++i) {
      map->insert_or_assign(i, Kind<midden::Ref<Node>>::make(static_cast<std::uint64_t>(i)));
    }
    CHECK(cycles(runtime) >= 8);
    CHECK(cycles(runtime) <= 60);
    for (std::int64_t i = 0; i < 5000; ++i) CHECK(is_value(map->at(i), static_cast<std::uint64_t>(i)));
  }
  SECTION("a concurrent skip list") {
    const auto map = midden::make_concurrent_map<std::int64_t, std::int64_t>({.backend = "skiplist"});
    for (std::int64_t i = 0; i < 5000; ++i) map->insert_or_assign(i, i);
    CHECK(cycles(runtime) >= 3);
    CHECK(map->size() == 5000);
  }
  SECTION("a slice") {
    const auto slice = midden::make_slice<midden::Ref<Node>>();
    for (std::uint64_t i = 1; i <= 1000; ++i) slice->append(Kind<midden::Ref<Node>>::make(i));
    CHECK(cycles(runtime) >= 6);
    CHECK(cycles(runtime) <= 20);
    for (std::uint64_t i = 1; i <= 1000; ++i) CHECK(is_value(Root<Node>((*slice)[i - 1]), i));
  }
}

TEST_CASE("Stress by rebuild moves a map to fresh memory at every n-th write, and nothing is lost") {
  for_each_backend([](const std::string& backend) {
    if (is_always_rebuilt(backend)) return;
    Runtime runtime(stressed({.rebuild = 50}));
    Attach here(runtime);
    const auto map = midden::make_map<std::string_view, std::int64_t>({.backend = backend});
    std::map<std::string, std::int64_t> model;
    std::mt19937_64 random = test_generator(900);
    unsigned moving = 0;
    for (std::int64_t i = 0; i < 1500; ++i) {
      const std::string key = "key " + std::to_string(random() % 300);
      if (random() % 3 == 0) {
        CHECK(map->erase(key) == (model.erase(key) != 0));
      } else {
        map->insert_or_assign(key, i);
        model[key] = i;
      }
      moving += map->stats().rebuilding ? 1 : 0;
    }
    CHECK(moving > 100);
    CHECK(map->size() == model.size());
    for (const auto& [key, value] : model) CHECK(map->at(key) == value);
    // It goes on where the host has it moved elsewhere.
    map->rebuild("hash");
    map->finish_rebuild();
    CHECK_FALSE(map->stats().rebuilding);
    moving = 0;
    for (std::int64_t i = 0; i < 200; ++i) {
      map->insert_or_assign("key", i);
      moving += map->stats().rebuilding ? 1 : 0;
    }
    CHECK(moving > 3);
    CHECK(map->backend_name() == "hash");
    CHECK(map->size() == model.size() + 1);
  });
}

TEST_CASE("With every kind of stress at once a map does what std::map does") {
  for_each_backend([](const std::string& backend) {
    Runtime runtime(
        stressed({.alloc = 3, .safepoint = 5, .root = 4, .resize = 1, .grace = 1, .rebuild = 7, .refuse = 11}));
    Attach here(runtime);
    std::map<std::int64_t, std::int64_t> model;
    Root<midden::Map<std::int64_t, std::int64_t>> map;
    while (map == nullptr) {
      try {
        map = midden::make_map<std::int64_t, std::int64_t>({.backend = backend});
      } catch (const midden::OutOfMemory&) {
      }
    }
    std::mt19937_64 random = test_generator(901);
    unsigned refused = 0;
    for (std::int64_t i = 0; i < 400; ++i) {
      const auto key = static_cast<std::int64_t>(random() % 60);
      try {
        if (random() % 3 == 0) {
          const bool erased = map->erase(key);
          CHECK(erased == (model.erase(key) != 0));
        } else {
          map->insert_or_assign(key, i);
          model[key] = i;
        }
      } catch (const midden::OutOfMemory&) {
        ++refused;
        // As it was, which is what the model has.
      }
    }
    CHECK(map->size() == model.size());
    for (const auto& [key, value] : model) CHECK(map->at(key) == value);
    INFO(refused);
  });
}
