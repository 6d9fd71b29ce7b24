// Walks over a map that is being rebuilt: what lasts once, and in order where both backends keep it.

#include "tests/containers/map_walk.hpp"
#include "tests/containers/rebuild/pairs.hpp"

using midden::Attach;
using midden::Runtime;

TEMPLATE_TEST_CASE("A walk during a rebuild shows each lasting entry once while the map is written", "", std::int64_t,
                   std::string_view, Key100) {
  std::uint64_t stream = 1300;
  for_each_pair([&](const std::string& from, const std::string& to) {
    for_each_value([&]<class V>() {
      std::mt19937_64 random = test_generator(++stream);
      CAPTURE(stream);
      Runtime runtime(map_config());
      Attach here(runtime);
      Bench<TestType, V> bench(runtime, from);
      fill(bench, 250);
      bench.map().rebuild(to);
      for (const unsigned growth : {5U, 8U, 2U, 5U}) {
        for (int i = 0; i < 3; ++i) bench.step(random, 400, growth);
        int writes = 0;
        walk_while(bench, 3, [&] {
          bench.step(random, 400, growth);
          if (++writes % 64 == 0) runtime.collect();
        });
      }
      bench.map().finish_rebuild();
      bench.compare();
    });
  });
}

TEST_CASE("A clear during a rebuild ends walks, and the next write ends the rebuild") {
  for_each_pair([](const std::string& from, const std::string& to) {
    Runtime runtime(map_config());
    Attach here(runtime);
    Bench<std::string_view, std::int64_t> bench(runtime, from);
    fill(bench, 200);
    bench.map().rebuild(to);
    bench.assign(1, 1);
    {
      auto cursor = bench.map().begin();
      bench.clear();
      fill(bench, 30);
      CHECK_FALSE(++cursor);
      bench.compare();
    }
    bench.clear();
    bench.assign(5, 5);
    CHECK_FALSE(bench.map().stats().rebuilding);
    bench.compare();
  });
}

TEMPLATE_TEST_CASE("An ordered map is in order while it moves, both ways, and where it is entered", "", std::int64_t,
                   std::string_view, Key16) {
  std::uint64_t stream = 1400;
  for (const auto& [from, to] : {std::pair{"skiplist", "sorted-array"}, {"sorted-array", "skiplist"}}) {
    std::mt19937_64 random = test_generator(++stream);
    Runtime runtime(map_config());
    Attach here(runtime);
    const auto map = midden::make_ordered_map<TestType, std::int64_t>({.backend = from});
    std::map<std::string, std::uint64_t> model;
    const auto key = [](std::uint64_t n) { return Kind<TestType>::make(n); };
    const auto shown = [](const auto& cursor) {
      return in_order<TestType>(typename Kind<TestType>::Own(cursor.key()));
    };
    const auto write = [&] {
      const std::uint64_t n = random() % 400;
      if (random() % 2 == 0) {
        map->insert_or_assign(key(n), 0);
        model[in_order<TestType>(key(n))] = n;
      } else {
        map->erase(key(n));
        model.erase(in_order<TestType>(key(n)));
      }
    };
    while (map->size() < 200) write();
    map->rebuild(to);
    int looks = 0;
    for (; map->stats().rebuilding; ++looks) {
      write();
      auto expected = model.begin();
      for (auto cursor = map->begin(); cursor; ++cursor, ++expected)
        must(shown(cursor) == expected->first, "ascending");
      must(expected == model.end(), "all keys come");
      auto back = model.rbegin();
      for (auto cursor = map->last(); cursor; --cursor, ++back) must(shown(cursor) == back->first, "descending");
      must(back == model.rend(), "all keys come on the way back");
      for (int i = 0; i < 20; ++i) {
        const auto own = key(random() % 450);
        auto at = model.lower_bound(in_order<TestType>(own));
        auto cursor = map->lower_bound(own);
        must(static_cast<bool>(cursor) == (at != model.end()), "lower_bound agrees whether there is one");
        if (!cursor) continue;
        must(shown(cursor) == at->first, "lower_bound agrees");
        if (at == model.begin()) continue;
        --cursor;
        must(shown(cursor) == std::prev(at)->first, "and the one before");
      }
    }
    CHECK(looks > 5);
    // Writes while the walk goes on.
    map->rebuild(from);
    for (int i = 0; i < 5; ++i) write();
    for (const bool forward : {true, false}) {
      std::string last;
      int steps = 0;
      auto cursor = forward ? map->begin() : map->last();
      while (cursor) {
        must(steps++ == 0 || (forward ? last < shown(cursor) : shown(cursor) < last), "in order while it is written");
        last = shown(cursor);
        write();
        forward ? ++cursor : --cursor;
      }
      CHECK(steps > 20);
    }
    map->finish_rebuild();
    CHECK(map->size() == model.size());
  }
}
