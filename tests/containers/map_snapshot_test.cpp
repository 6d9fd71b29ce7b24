// Snapshots of every kind of map on every backend: what they show, for how long, and what closing ends.

#include <atomic>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <midden/map_snapshot.hpp>

#include "tests/containers/map_suite.hpp"

using midden::Attach;
using midden::ConcurrentMap;
using midden::Map;
using midden::Ref;
using midden::Root;
using midden::Runtime;

namespace {

// A snapshot, and what must be in it.
template <class B>
struct Taken {
  explicit Taken(B& bench) : snapshot(bench.map().snapshot()), model(bench.model()) {}

  decltype(std::declval<B&>().map().snapshot()) snapshot;
  typename B::Model model;
};

template <class K, class V, class M>
void must_show(const Taken<Bench<K, V, M>>& taken, std::uint64_t keys) {
  const auto& frozen = *taken.snapshot;
  must(frozen.size() == taken.model.size(), "the size of a snapshot is that of its moment");
  must(frozen.empty() == taken.model.empty(), "so is whether it is empty");
  must(frozen.stats().entries == taken.model.size(), "so are its figures");
  using B = Bench<K, V, M>;
  for (std::uint64_t n = 0; n < keys; ++n) {
    const auto known = taken.model.find(B::place(n));
    const bool there = known != taken.model.end();
    must(frozen.contains(B::key(n)) == there, "a snapshot contains the keys of its moment");
    const auto& found = frozen.find(B::key(n));
    must(static_cast<bool>(found) == there, "find agrees");
    if (!there) continue;
    must(is_value(*found, known->second.second), "find shows the value of then");
    must(is_value(*frozen.get(B::key(n)), known->second.second), "get returns the value of then");
    must(is_value(frozen.at(B::key(n)), known->second.second), "at returns the value of then");
  }
  std::set<std::string> shown;
  for (const auto entry : frozen) {
    const std::string bytes = in_order<K>(typename Kind<K>::Own(entry.key));
    must(shown.insert(bytes).second, "a walk shows no key twice");
    const auto known = taken.model.find(bytes);
    must(known != taken.model.end(), "a walk shows the keys of then");
    must(is_value(entry.value, known->second.second), "a walk shows the values of then");
  }
  must(shown.size() == taken.model.size(), "a walk shows every key of then");
}

template <class K, class V, class M>
void change_under_snapshots(const std::string& backend, const midden::Config& config, std::uint64_t keys, int steps) {
  Runtime runtime(config);
  Attach here(runtime);
  Bench<K, V, M> bench(runtime, backend);
  auto random = test_generator(880);
  std::vector<Taken<Bench<K, V, M>>> open;
  open.emplace_back(bench);  // of an empty map
  for (int i = 0; i < steps; ++i) {
    bench.step(random, keys, i / 300 % 2 == 0 ? 7 : 3);
    if (i % 97 == 0) open.emplace_back(bench);
    if (i % 131 == 0) runtime.collect();
    if (open.size() > 4) {
      const auto chosen = open.begin() + static_cast<std::ptrdiff_t>(random() % open.size());
      must_show(*chosen, keys);
      open.erase(chosen);
    }
  }
  bench.clear();
  bench.assign(1, 2);
  for (const auto& taken : open) must_show(taken, keys);
  open.clear();
  bench.compare();
}

template <class V>
struct Both {
  template <class F>
  static void each(const std::string& backend, F&& f) {
    f.template operator()<std::int64_t, V, Map<std::int64_t, V>>();
    f.template operator()<std::string_view, V, Map<std::string_view, V>>();
    if (is_always_rebuilt(backend)) return;
    f.template operator()<std::int64_t, V, ConcurrentMap<std::int64_t, V>>();
    f.template operator()<std::string_view, V, ConcurrentMap<std::string_view, V>>();
    f.template operator()<Key16, V, ConcurrentMap<Key16, V>>();
  }
};

}  // namespace

TEMPLATE_TEST_CASE("Snapshots show their moment while keys are overwritten, erased and inserted again", "",
                   std::int64_t, std::string_view, Nothing, Ref<Node>) {
  for_each_backend([](const std::string& backend) {
    Both<TestType>::each(backend, [&]<class K, class V, class M>() {
      change_under_snapshots<K, V, M>(backend, map_config(), 40, 900);
      change_under_snapshots<K, V, M>(backend, map_config(), 400, 1500);
    });
  });
}

TEST_CASE("Snapshots hold under a collection at every few allocations") {
  for_each_backend([](const std::string& backend) {
    Both<Ref<Node>>::each(backend, [&]<class K, class V, class M>() {
      change_under_snapshots<K, V, M>(backend, stressed_config(37), 30, 300);
    });
  });
}

TEST_CASE("An ordered snapshot has ranges, prefixes, pieces, and goes back") {
  for_each_ordered_backend<std::string_view, std::int64_t>([](const std::string& backend) {
    const auto check = [](auto& map) {
      for (int i = 0; i < 500; ++i) map.insert_or_assign("key:" + std::to_string(1000 + i), i);
      const auto then = map.snapshot();
      map.clear();
      map.insert_or_assign("key:1001", -1);
      const auto numbers = [](auto&& range) {
        std::vector<std::int64_t> found;
        for (const auto entry : range) found.push_back(entry.value);
        return found;
      };
      CHECK(numbers(then->range("key:1010", "key:1013")) == std::vector<std::int64_t>{10, 11, 12});
      CHECK(numbers(then->range_from("key:1498")) == std::vector<std::int64_t>{498, 499});
      CHECK(numbers(then->prefix("key:112")).size() == 10);
      CHECK((*then->lower_bound("key:12")).value == 200);
      std::int64_t last = 500;
      auto cursor = then->last();
      for (; cursor; --cursor) REQUIRE(cursor.value() == --last);
      CHECK(last == 0);
      std::size_t seen = 0;
      for (const auto& piece : then->split(4)) seen += numbers(piece).size();
      CHECK(seen == 500);
    };
    Runtime runtime(map_config());
    Attach here(runtime);
    check(*midden::make_ordered_map<std::string_view, std::int64_t>(here, {.backend = backend}));
    if (is_always_rebuilt(backend)) return;
    check(*midden::make_concurrent_ordered_map<std::string_view, std::int64_t>(here, {.backend = backend}));
  });
}

TEST_CASE("Objects that a map has let go live as long as a snapshot shows them") {
  for_each_concurrent_backend([](const std::string& backend) {
    Runtime runtime(map_config());
    Attach here(runtime);
    const auto map = midden::make_concurrent_map<std::int64_t, Ref<Node>>(here, {.backend = backend});
    map->insert_or_assign(1, midden::make<Node>());
    auto then = map->snapshot();
    const auto weak = midden::make_weak(*map->get(1));
    map->erase(1);
    runtime.collect();
    CHECK(weak->get() != nullptr);
    CHECK(then->at(1) == weak->get());
    then.close();
    runtime.collect();
    CHECK(weak->get() == nullptr);
  });
}

TEST_CASE("A frozen map is read by several threads while its map is written") {
  for_each_concurrent_backend([](const std::string& backend) {
    using Frozen = midden::FrozenMap<std::string_view, std::int64_t>;
    Runtime runtime(shared_config());
    Attach here(runtime);
    const auto map = midden::make_concurrent_map<std::string_view, std::int64_t>(here, {.backend = backend});
    constexpr std::int64_t keys = 400;
    const auto key = [](std::int64_t n) { return "key:" + std::to_string(n); };
    for (std::int64_t n = 0; n < keys; ++n) map->insert_or_assign(key(n), n);
    auto then = map->snapshot();
    const midden::GlobalRoot<Frozen> shared(then);
    std::atomic<int> wrong{0};
    std::atomic<int> reading{2};
    std::vector<std::thread> readers;
    for (int t = 0; t < 2; ++t) {
      readers.emplace_back([&] {
        {
          Attach own(runtime);
          const Root<Frozen> frozen(shared);
          for (int round = 0; round < 20; ++round) {
            std::int64_t seen = 0;
            for (const auto entry : *frozen) seen += entry.value + 1;
            if (seen != keys * (keys + 1) / 2) ++wrong;
            for (std::int64_t n = 0; n < keys; n += 7) {
              const auto value = frozen->get(key(n));
              if (!value || *value != n) ++wrong;
            }
            if (static_cast<std::int64_t>(frozen->size()) != keys) ++wrong;
          }
        }
        --reading;
      });
    }
    for (std::int64_t n = 0; reading != 0; n = (n + 1) % keys) {
      map->erase(here, key(n));
      map->insert_or_assign(here, key(n), -n);
    }
    {
      const midden::Blocked blocked;
      for (std::thread& reader : readers) reader.join();
    }
    CHECK(wrong == 0);
  });
}

TEST_CASE("A snapshot that was closed cannot be read") {
  for_each_backend([](const std::string& backend) {
    const auto check = [](auto& map) {
      for (int i = 0; i < 100; ++i) map.insert_or_assign(i, i);
      auto then = map.snapshot();
      CHECK(then);
      auto cursor = then->begin();
      REQUIRE(cursor);
      then.close();
      then.close();
      CHECK_FALSE(then);
      CHECK_THROWS_AS(++cursor, std::logic_error);
      CHECK_FALSE(cursor);
      CHECK_THROWS_AS(then->get(1), std::logic_error);
      CHECK_THROWS_AS(then->find(1), std::logic_error);
      CHECK_THROWS_AS(then->contains(1), std::logic_error);
      CHECK_THROWS_AS(then->size(), std::logic_error);
      CHECK_THROWS_AS(then->begin(), std::logic_error);
      CHECK_THROWS_AS(then->stats(), std::logic_error);
      CHECK(map.size() == 100);
    };
    Runtime runtime(map_config());
    Attach here(runtime);
    check(*midden::make_map<std::int64_t, std::int64_t>(here, {.backend = backend}));
    if (is_always_rebuilt(backend)) return;
    check(*midden::make_concurrent_map<std::int64_t, std::int64_t>(here, {.backend = backend}));
  });
}

TEST_CASE("A snapshot can be moved, and closes at its end") {
  Runtime runtime(map_config());
  Attach here(runtime);
  const auto map = midden::make_concurrent_map<std::int64_t, std::int64_t>(here, {.backend = "skiplist"});
  map->insert_or_assign(1, 1);
  {
    auto first = map->snapshot();
    map->insert_or_assign(1, 2);
    auto second = std::move(first);
    CHECK_FALSE(first);
    CHECK(second->at(1) == 1);
    CHECK(map->stats().snapshots == 1);
    second = map->snapshot();
    CHECK(second->at(1) == 2);
    CHECK(map->stats().snapshots == 1);
    decltype(second) none;
    CHECK_FALSE(none);
    none.close();
    std::swap(none, second);
    CHECK(none->at(1) == 2);
  }
  CHECK(map->stats().snapshots == 0);
}

TEST_CASE("What an old snapshot holds back is told, with its age") {
  Runtime runtime(map_config());
  Attach here(runtime);
  const auto map = midden::make_concurrent_map<std::int64_t, std::int64_t>(here, {.backend = "skiplist"});
  for (int i = 0; i < 2000; ++i) map->insert_or_assign(i, i);
  CHECK(map->stats().snapshots == 0);
  CHECK(map->stats().oldest_snapshot.count() == 0);
  auto then = map->snapshot();
  auto later = map->snapshot();
  for (int i = 0; i < 2000; ++i) map->insert_or_assign(i, -i);
  const midden::MapStats stats = map->stats();
  CHECK(stats.snapshots == 2);
  CHECK(stats.held_bytes > 2000 * 16);
  CHECK(stats.oldest_snapshot.count() > 0);
  CHECK(then.age() >= stats.oldest_snapshot);
  later.close();
  CHECK(map->stats().snapshots == 1);
  then.close();
  for (int round = 0; round < 4; ++round) {
    for (int i = 0; i < 2000; ++i) map->insert_or_assign(i, round);
  }
  CHECK(map->stats().held_bytes == 0);
}

TEST_CASE("A snapshot shows the map of before a clear, which then fills anew") {
  for_each_concurrent_backend([](const std::string& backend) {
    Runtime runtime(map_config());
    Attach here(runtime);
    Bench<std::int64_t, std::string_view, ConcurrentMap<std::int64_t, std::string_view>> bench(runtime, backend);
    for (std::uint64_t n = 0; n < 300; ++n) bench.assign(n, n);
    const Taken taken(bench);
    bench.clear();
    for (int round = 0; round < 5; ++round) {
      for (std::uint64_t n = 0; n < 300; ++n) bench.assign(n, n + 1);
      bench.clear();
      runtime.collect();
    }
    must_show(taken, 310);
  });
}
