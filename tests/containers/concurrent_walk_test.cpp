// Cursors of concurrent maps on every backend: alone, where they show what Map's do, and beside writers.

#include <atomic>
#include <thread>
#include <vector>

#include "tests/containers/map_suite.hpp"
#include "tests/containers/map_walk.hpp"
#include "tests/support/sanitized.hpp"

using midden::Attach;
using midden::ConcurrentMap;
using midden::Ref;
using midden::Root;
using midden::Runtime;

namespace {

template <class K, class V>
using SharedBench = Bench<K, V, ConcurrentMap<K, V>>;

}  // namespace

TEMPLATE_TEST_CASE("A concurrent walk shows each lasting entry once while its thread writes at random", "",
                   std::int64_t, std::string_view) {
  for_each_concurrent_backend([](const std::string& backend) {
    std::uint64_t stream = 1000;
    for_each_value([&]<class V>() {
      std::mt19937_64 random = test_generator(++stream);
      CAPTURE(stream);
      Runtime runtime(map_config());
      Attach here(runtime);
      SharedBench<TestType, V> bench(runtime, backend);
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

TEST_CASE("A concurrent walk shows what was there at its begin while the map grows and shrinks much") {
  for_each_concurrent_backend([](const std::string& backend) {
    Runtime runtime(map_config());
    Attach here(runtime);
    SharedBench<std::string_view, std::int64_t> bench(runtime, backend);
    for (std::uint64_t n = 0; n < 50; ++n) bench.assign(n, n);
    std::uint64_t next = 50;
    const std::uint64_t most = backend == "sorted-array" ? 500 : 2000;
    walk_while(bench, 97, [&] {
      if (next < most) bench.assign(next, next);
      ++next;
    });
    bench.compare();
    next = 50;
    walk_while(bench, 97, [&] {
      if (next < most) bench.erase(next);
      ++next;
    });
    bench.compare();
  });
}

TEST_CASE("All entries of a concurrent map can be erased by one walk") {
  for_each_concurrent_backend([](const std::string& backend) {
    Runtime runtime(map_config());
    Attach here(runtime);
    SharedBench<std::string_view, Ref<Node>> bench(runtime, backend);
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

TEST_CASE("A clear ends the walks over a concurrent map, also where it is filled again") {
  for_each_concurrent_backend([](const std::string& backend) {
    Runtime runtime(map_config());
    Attach here(runtime);
    SharedBench<std::string_view, std::int64_t> bench(runtime, backend);
    for (std::uint64_t n = 0; n < 5; ++n) bench.assign(n, n);
    auto cursor = bench.map().begin();
    REQUIRE(cursor);
    bench.clear();
    for (std::uint64_t n = 0; n < 50; ++n) bench.assign(n, n);
    CHECK_FALSE(++cursor);
    bench.compare();
  });
}

TEMPLATE_TEST_CASE("What cursors and find show of a concurrent map outlives its entry", "", std::int64_t,
                   std::string_view, Key100) {
  for_each_concurrent_backend([](const std::string& backend) {
    for_each_value([&]<class V>() {
      midden::Config config = map_config();
      config.check = true;
      Runtime runtime(config);
      Attach here(runtime);
      SharedBench<TestType, V> bench(runtime, backend);
      for (std::uint64_t n = 0; n < 30; ++n) bench.assign(n, 2 * n + 1);
      const auto key = Kind<TestType>::make(9);
      const auto& found = bench.map().find(key);
      const auto cursor = bench.map().begin();
      const std::string bytes = in_order<TestType>(typename Kind<TestType>::Own(cursor.key()));
      const auto [n, value] = bench.model().at(bytes);
      const auto hold = [&, shown = value] {
        must(static_cast<bool>(found) && is_value(*found, 19), "what find shows holds");
        must(in_order<TestType>(typename Kind<TestType>::Own(cursor.key())) == bytes, "the key holds");
        must(is_value(cursor.value(), shown), "the value holds");
      };
      bench.assign(n, value + 2);
      bench.assign(9, 5);
      runtime.collect();
      hold();
      bench.erase(n);
      bench.erase(9);
      for (std::uint64_t other = 30; other < 200; ++other) bench.assign(other, other);
      runtime.collect();
      hold();
      bench.clear();
      runtime.collect();
      hold();
    });
  });
}

TEMPLATE_TEST_CASE("Walks beside writers show lasting entries once, and values that were there", "", std::int64_t,
                   std::string_view, Ref<Node>) {
  // Even keys last, with values that change; odd ones come and go.
  for_each_concurrent_backend([](const std::string& backend) {
    midden::Config config = shared_config();
    config.gc_floor = std::size_t{1} << 20;
    Runtime runtime(config);
    Attach here(runtime);
    const auto map = midden::make_concurrent_map<std::string_view, TestType>({.backend = backend});
    const std::uint64_t keys = backend == "sorted-array" ? 100 : 600;
    const auto key = [](std::uint64_t n) { return "a key of its own " + std::to_string(n); };
    const auto value_of = [](std::uint64_t n, std::uint64_t turn) { return Kind<TestType>::make(n * 1001 + turn); };
    for (std::uint64_t n = 0; n < keys; n += 2) map->insert_or_assign(key(n), value_of(n, 0));
    std::atomic<bool> over{false};
    std::atomic<int> wrong{0};
    std::vector<std::thread> threads;
    for (std::uint64_t t = 0; t < 2; ++t) {
      threads.emplace_back([&, t] {
        std::mt19937_64 random = test_generator(1020 + t);
        Attach writer(runtime);
        const Root<ConcurrentMap<std::string_view, TestType>> own(map.get());
        while (!over) {
          const std::uint64_t n = random() % keys;
          if (n % 2 == 0) {
            own->insert_or_assign(writer, key(n), value_of(n, random() % 1000));
          } else if (random() % 2 == 0) {
            own->insert_or_assign(writer, key(n), value_of(n, 0));
          } else {
            own->erase(writer, key(n));
          }
        }
      });
    }
    const auto walk = [&](const ConcurrentMap<std::string_view, TestType>& own) {
      std::set<std::string> shown;
      std::uint64_t lasting = 0;
      for (auto cursor = own.begin(); cursor; ++cursor) {
        const std::string text(cursor.key());
        if (!shown.insert(text).second) ++wrong;
        const std::uint64_t n = std::stoull(text.substr(17));
        lasting += n % 2 == 0 ? 1 : 0;
        bool known = false;
        if constexpr (std::is_same_v<TestType, std::int64_t>) {
          for (std::uint64_t turn = 0; turn < 1000 && !known; ++turn) known = cursor.value() == value_of(n, turn);
        } else if constexpr (std::is_same_v<TestType, std::string_view>) {
          const std::string value(cursor.value());
          for (std::uint64_t turn = 0; turn < 1000 && !known; ++turn) known = value == value_of(n, turn);
        } else {
          const auto node = cursor.value();
          known = node == nullptr || node->number / 1001 == n;
        }
        if (!known) ++wrong;
      }
      if (lasting != keys / 2) ++wrong;
    };
    const int walks = sanitized ? 3 : 12;
    threads.emplace_back([&] {
      Attach walker(runtime);
      const Root<ConcurrentMap<std::string_view, TestType>> own(map.get());
      for (int i = 0; i < walks; ++i) walk(*own);
    });
    for (int i = 0; i < walks; ++i) {
      walk(*map);
      runtime.collect();
    }
    over = true;
    {
      const midden::Blocked blocked;
      for (std::thread& thread : threads) thread.join();
    }
    CHECK(wrong == 0);
    walk(*map);
    CHECK(wrong == 0);
  });
}
