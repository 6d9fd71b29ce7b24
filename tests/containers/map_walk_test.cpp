// Cursors of every backend: what they show holds, and what a walk shows while the map is written.

#include <memory>
#include <vector>

#include "tests/containers/map_suite.hpp"
#include "tests/containers/map_walk.hpp"

using midden::Attach;
using midden::Ref;
using midden::Root;
using midden::Runtime;

TEMPLATE_TEST_CASE("A walk over an empty map ends at once", "", std::int64_t, std::string_view, Key16) {
  for_each_backend([](const std::string& backend) {
    Runtime runtime(map_config());
    Attach here(runtime);
    const auto map = midden::make_map<TestType, std::int64_t>({.backend = backend});
    CHECK_FALSE(map->begin());
    map->insert_or_assign(Kind<TestType>::make(1), 1);
    CHECK(map->begin());
    map->erase(Kind<TestType>::make(1));
    CHECK_FALSE(map->begin());
  });
}

TEMPLATE_TEST_CASE("A walk shows each lasting entry once while the map is written at random", "", std::int64_t,
                   std::string_view, Key40) {
  for_each_backend([](const std::string& backend) {
    std::uint64_t stream = 300;
    for_each_value([&]<class V>() {
      std::mt19937_64 random = test_generator(++stream);
      CAPTURE(stream);
      Runtime runtime(map_config());
      Attach here(runtime);
      Bench<TestType, V> bench(runtime, backend);
      // Mostly growing, level, mostly shrinking, while the walk goes on.
      for (const unsigned growth : {9U, 5U, 1U}) {
        for (int i = 0; i < 100; ++i) bench.assign(random() % 400, random() % 1000);
        int writes = 0;
        walk_while(bench, 3, [&] {
          bench.step(random, 400, growth);
          if (++writes % 64 == 0) runtime.collect();
        });
      }
    });
  });
}

TEST_CASE("A walk shows what was there at its begin while the map grows a hundredfold") {
  for_each_backend([](const std::string& backend) {
    Runtime runtime(map_config());
    Attach here(runtime);
    for (const std::uint64_t before : {1U, 8U, 9U, 13U, 50U, 105U}) {
      Bench<std::string_view, std::int64_t> bench(runtime, backend);
      for (std::uint64_t n = 0; n < before; ++n) bench.assign(n, n);
      std::uint64_t next = before;
      const std::uint64_t most = backend == "sorted-array" ? 1000 : 10000;
      walk_while(bench, 97, [&] {
        if (next < most) bench.assign(next, next);
        ++next;
      });
      bench.compare();
    }
  });
}

TEST_CASE("A walk shows what lasts while nearly everything else is erased") {
  for_each_backend([](const std::string& backend) {
    Runtime runtime(map_config());
    Attach here(runtime);
    Bench<std::int64_t, Large> bench(runtime, backend);
    for (std::uint64_t n = 0; n < 800; ++n) bench.assign(n, n);
    std::uint64_t next = 0;
    walk_while(bench, 40, [&] {
      if (next < 790) bench.erase(next);
      ++next;
    });
    bench.compare();
  });
}

TEST_CASE("All entries can be erased by one walk") {
  for_each_backend([](const std::string& backend) {
    Runtime runtime(map_config());
    Attach here(runtime);
    Bench<std::string_view, Ref<Node>> bench(runtime, backend);
    for (std::uint64_t n = 0; n < 500; ++n) bench.assign(n, n);
    std::size_t shown = 0;
    for (auto cursor = bench.map().begin(); cursor; ++cursor, ++shown) {
      must(bench.map().erase(cursor.key()), "the walk's entry is there");
    }
    CHECK(shown == 500);
    CHECK(bench.map().empty());
    CHECK_FALSE(bench.map().begin());
  });
}

TEST_CASE("A clear ends the walks over the map, also where it is filled again") {
  for_each_backend([](const std::string& backend) {
    Runtime runtime(map_config());
    Attach here(runtime);
    Bench<std::string_view, std::int64_t> bench(runtime, backend);
    for (std::uint64_t n = 0; n < 5; ++n) bench.assign(n, n);
    auto cursor = bench.map().begin();
    REQUIRE(cursor);
    bench.clear();
    for (std::uint64_t n = 0; n < 50; ++n) bench.assign(n, n);
    CHECK_FALSE(++cursor);
    bench.compare();
  });
}

TEST_CASE("A cursor that cannot move stands on no entry") {
  for_each_backend([](const std::string& backend) {
    Runtime runtime(map_config());
    Runtime other(map_config());
    Attach here(runtime);
    const auto map = midden::make_map<std::int64_t, std::int64_t>({.backend = backend});
    map->insert_or_assign(1, 1);
    map->insert_or_assign(2, 2);
    auto cursor = map->begin();
    {
      Attach there(other);
      CHECK_THROWS_AS(++cursor, midden::NotAttached);
      CHECK_FALSE(cursor);
    }
  });
}

TEST_CASE("A walk over a map that is cleared and filled again shows no key twice") {
  for_each_backend([](const std::string& backend) {
    Runtime runtime(map_config());
    Attach here(runtime);
    Bench<std::string_view, std::int64_t> bench(runtime, backend);
    for (std::uint64_t n = 0; n < 100; ++n) bench.assign(n, n);
    std::set<std::string> shown;
    for (auto cursor = bench.map().begin(); cursor; ++cursor) {
      must(shown.emplace(cursor.key()).second, "a walk shows no key twice");
      must(bench.map().at(cursor.key()) == cursor.value(), "a walk shows what is there");
      if (shown.size() != 10) continue;
      bench.clear();
      for (std::uint64_t n = 0; n < 100; ++n) bench.assign(n, n + 1);
    }
    CHECK(shown.size() >= 10);
    bench.compare();
  });
}

TEMPLATE_TEST_CASE("What a cursor shows outlives overwriting, erasing and collecting its entry", "", std::int64_t,
                   std::string_view, Key16, Key100) {
  for_each_backend([](const std::string& backend) {
    for_each_value([&]<class V>() {
      midden::Config config = map_config();
      config.check = true;
      Runtime runtime(config);
      Attach here(runtime);
      Bench<TestType, V> bench(runtime, backend);
      for (std::uint64_t n = 0; n < 30; ++n) bench.assign(n, 2 * n + 1);
      const auto cursor = bench.map().begin();
      const std::string bytes = in_order<TestType>(typename Kind<TestType>::Own(cursor.key()));
      const auto shown = bench.model().at(bytes);
      const auto n = shown.first;
      const auto value = shown.second;
      const auto holds = [&] {
        must(in_order<TestType>(typename Kind<TestType>::Own(cursor.key())) == bytes, "the key holds");
        must(is_value(cursor.value(), value), "the value holds");
      };
      bench.assign(n, value + 2);
      runtime.collect();
      holds();
      bench.erase(n);
      runtime.collect();
      holds();
      for (std::uint64_t other = 30; other < 300; ++other) bench.assign(other, other);
      runtime.collect();
      holds();
      bench.clear();
      runtime.collect();
      holds();
    });
  });
}

TEMPLATE_TEST_CASE("What find shows outlives overwriting, erasing and collecting its entry", "", std::int64_t,
                   std::string_view, Key100) {
  for_each_backend([](const std::string& backend) {
    for_each_value([&]<class V>() {
      midden::Config config = map_config();
      config.check = true;
      Runtime runtime(config);
      Attach here(runtime);
      Bench<TestType, V> bench(runtime, backend);
      for (std::uint64_t n = 0; n < 30; ++n) bench.assign(n, n);
      const auto key = Kind<TestType>::make(9);
      const auto& found = bench.map().find(key);
      bench.assign(9, 11);
      bench.erase(9);
      runtime.collect();
      must(static_cast<bool>(found) && is_value(*found, 9), "the value holds");
      const auto& absent = bench.map().find(key);
      must(!absent, "an absent key is not found");
      bench.clear();
      runtime.collect();
      must(is_value(*found, 9), "the value holds after a clear");
    });
  });
}

TEST_CASE("Many cursors stand in one map at different places") {
  for_each_backend([](const std::string& backend) {
    Runtime runtime(map_config());
    Attach here(runtime);
    Bench<std::string_view, std::string_view> bench(runtime, backend);
    for (std::uint64_t n = 0; n < 60; ++n) bench.assign(n, n);
    using Cursor = decltype(bench.map().begin());
    std::vector<std::unique_ptr<Cursor>> cursors;
    std::vector<std::string> keys;
    for (int i = 0; i < 20; ++i) {
      cursors.emplace_back(new Cursor(bench.map().begin()));
      for (int step = 0; step < i; ++step) ++*cursors.back();
      keys.emplace_back(cursors.back()->key());
      bench.erase(static_cast<std::uint64_t>(i));
      runtime.collect();
    }
    for (std::size_t i = 0; i < cursors.size(); ++i) CHECK(cursors[i]->key() == keys[i]);
  });
}

TEST_CASE("A cursor that is left early lets go of what it showed") {
  for_each_backend([](const std::string& backend) {
    Runtime runtime(map_config());
    Attach here(runtime);
    const auto map = midden::make_map<std::int64_t, Ref<Node>>({.backend = backend});
    map->insert_or_assign(1, midden::make<Node>());
    const auto alive = [&] {
      runtime.collect();
      return runtime.last_cycle().objects_marked;
    };
    const std::uint64_t before = alive();
    {
      const auto cursor = map->begin();
      map->insert_or_assign(1, nullptr);
      runtime.collect();
      CHECK(cursor.value() != nullptr);
    }
    // A backend may wait for a write after the cursor's end before it forgets.
    map->insert_or_assign(1, nullptr);
    CHECK(alive() == before - 1);
  });
}
