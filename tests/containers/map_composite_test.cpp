// Maps whose values are structs with several references.

#include <cstdint>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <midden/concurrent_map.hpp>
#include <midden/map_snapshot.hpp>
#include <midden/weak.hpp>

#include "tests/containers/map_suite.hpp"

using midden::Attach;
using midden::ConcurrentMap;
using midden::Map;
using midden::Ref;
using midden::Root;
using midden::Rooted;
using midden::Runtime;

// 40 bytes: references first, in the middle, and two in a row at the end; listed in another order.
struct Visit {
  Ref<Node> from;
  std::uint64_t number = 0;
  std::array<Ref<Node>, 2> by;
  char grade = 0;  // and seven bytes that are no member

  static constexpr auto midden_refs = midden::refs<Visit>(&Visit::by, &Visit::from);
};

// Of number n: every eighth first reference is null.
template <>
struct Kind<Rooted<Visit>> {
  static Rooted<Visit> make(std::uint64_t n) {
    const auto first = Kind<Ref<Node>>::make(n);
    const auto second = Kind<Ref<Node>>::make(n + 1);
    return Rooted<Visit>({first, n, {second, first}, static_cast<char>(n % 100)});
  }
};
template <>
struct Kind<Visit> : Kind<Rooted<Visit>> {
  using Own = Rooted<Visit>;
};

bool operator==(const Rooted<Visit>& a, const Rooted<Visit>& b) {
  const auto same = [](const Ref<Node>& one, const Ref<Node>& other) {
    return one && other ? one->number == other->number : !one && !other;
  };
  return a->number == b->number && a->grade == b->grade && same(a->from, b->from) && same(a->by[0], b->by[0]) &&
         same(a->by[1], b->by[1]);
}

namespace {

template <class F>
void for_each_holder(F&& f) {
  for_each_backend([&](const std::string& name) {
    if (midden::find_map_backend(name)->ops(Map<std::int64_t, Visit>::shape)->composites) f(name);
  });
}

// A visit whose objects nobody else keeps.
Rooted<Visit> lonely() {
  const Root<Node> from = midden::make<Node>();
  const Root<Node> by = midden::make<Node>();
  return Rooted<Visit>({from, 1, {by, nullptr}});
}

}  // namespace

TEMPLATE_TEST_CASE("Values with several references are held as any, under collections", "", std::int64_t,
                   std::string_view) {
  for_each_holder([&](const std::string& backend) {
    const auto check = [&]<class M>() {
      Runtime runtime(stressed_config(40));
      Attach here(runtime);
      Bench<TestType, Visit, M> bench(runtime, backend);
      std::mt19937_64 random(test_seed());
      for (int i = 0; i < 600; ++i) bench.step(random, 120, i < 400 ? 7 : 3);
      bench.compare();
      bench.clear();
      bench.compare();
      for (std::uint64_t n = 0; n < 20; ++n) bench.assign(n, n);
      bench.compare();
    };
    check.template operator()<Map<TestType, Visit>>();
    if (!is_always_rebuilt(backend)) check.template operator()<ConcurrentMap<TestType, Visit>>();
  });
}

TEST_CASE("What a value refers to lives as long as the value is in the map, shown, or in a snapshot") {
  for_each_holder([&](const std::string& backend) {
    if (is_always_rebuilt(backend)) return;
    Runtime runtime(map_config());
    Attach here(runtime);
    const auto map = midden::make_concurrent_map<std::int64_t, Visit>({.backend = backend});
    map->insert_or_assign(1, lonely());
    const auto weak = midden::make_weak(map->at(1)->by[0]);
    const auto alive = [&] {
      runtime.collect();
      return weak->get() != nullptr;
    };
    CHECK(alive());
    {
      const auto shown = map->find(1);
      auto cursor = map->begin();
      auto snapshot = map->snapshot();
      CHECK(map->erase_if(1, [](const Visit& visit) { return visit.number == 1; }));
      CHECK(alive());
      CHECK((*shown)->by[0].get() == weak->get().get());
      CHECK(cursor.value()->by[0].get() == weak->get().get());
      CHECK(snapshot->at(1)->by[0].get() == weak->get().get());
    }
    map->insert_or_assign(2, Visit{});  // what waits for cursors to close goes with the next write
    map->erase(2);
    CHECK_FALSE(alive());
  });
}

TEST_CASE("A cursor shows a value with references whatever is written, and after a clear") {
  for_each_holder([&](const std::string& backend) {
    Runtime runtime(stressed_config(5));
    Attach here(runtime);
    const auto map = midden::make_map<std::int64_t, Visit>({.backend = backend});
    map->insert_or_assign(1, lonely());
    {
      const auto cursor = map->begin();
      map->insert_or_assign(1, Visit{});
      for (std::int64_t i = 2; i < 60; ++i) map->insert_or_assign(i, lonely());
      CHECK(cursor.value()->number == 1);
      CHECK(cursor.value()->by[0]->number == 0);
      map->clear();
      runtime.collect();
      CHECK(cursor.value()->by[0]->number == 0);
    }
    CHECK(map->empty());
    map->insert_or_assign(3, lonely());
    CHECK(map->at(3)->by[0]);
  });
}

TEST_CASE("An update changes a value with references as an object of the heap") {
  for_each_holder([&](const std::string& backend) {
    Runtime runtime(stressed_config(3));
    Attach here(runtime);
    const auto map = midden::make_map<std::string_view, Visit>({.backend = backend});
    for (std::uint64_t n = 1; n <= 3; ++n) {
      const auto now = map->update("a", [&](Visit& visit) {
        visit.by[0] = midden::make<Node>();
        visit.by[0]->number = ++visit.number;
        visit.from = midden::make<Node>();
      });
      CHECK(now->number == n);
      CHECK(map->at("a")->by[0]->number == n);
      CHECK(map->at("a")->from);
    }
  });
}

TEST_CASE("Updates of values with references by several threads add up, as objects and as numbers") {
  for_each_holder([&](const std::string& backend) {
    if (is_always_rebuilt(backend)) return;
    Runtime runtime(shared_config());
    Attach here(runtime);
    const auto map = midden::make_concurrent_map<std::int64_t, Visit>({.backend = backend});
    const midden::GlobalRoot<ConcurrentMap<std::int64_t, Visit>> shared(map);
    constexpr std::uint64_t times = 1500;
    std::vector<std::thread> threads;
    for (int i = 0; i < 3; ++i) {
      threads.emplace_back([&] {
        Attach there(runtime);
        for (std::uint64_t n = 0; n < times; ++n) {
          shared->update(7, [](Visit& visit) {
            const Root<Node> next = midden::make<Node>();
            next->number = (visit.by[1] ? visit.by[1]->number : 0) + 1;
            visit.by[1] = next;
            ++visit.number;
          });
          if (n % 100 == 0) static_cast<void>(shared->snapshot());
        }
      });
    }
    {
      const midden::Blocked waiting;
      for (std::thread& thread : threads) thread.join();
    }
    CHECK(map->at(7)->number == 3 * times);
    CHECK(map->at(7)->by[1]->number == 3 * times);
    const auto made = map->get_or_insert_with(8, [] { return Visit{}; });
    CHECK(made->number == 0);
  });
}

TEST_CASE("A snapshot of values with references is the map of its moment") {
  for_each_holder([&](const std::string& backend) {
    Runtime runtime(stressed_config(50));
    Attach here(runtime);
    const auto check = [&](auto map) {
      for (std::int64_t i = 0; i < 200; ++i) map->insert_or_assign(i, Kind<Visit>::make(static_cast<std::uint64_t>(i)));
      const auto snapshot = map->snapshot();
      for (std::int64_t i = 0; i < 200; ++i) map->insert_or_assign(i, Visit{});
      CHECK(snapshot->size() == 200);
      std::size_t wrong = 0;
      for (const auto entry : *snapshot) wrong += !is_value(entry.value, static_cast<std::uint64_t>(entry.key));
      CHECK(wrong == 0);
    };
    check(midden::make_map<std::int64_t, Visit>({.backend = backend}));
    if (!is_always_rebuilt(backend)) check(midden::make_concurrent_map<std::int64_t, Visit>({.backend = backend}));
  });
}

TEST_CASE("A skip list of values with references is marked as rows of them") {
  Runtime runtime(map_config());
  Attach here(runtime);
  const auto map = midden::make_map<std::int64_t, Visit>({.backend = "skiplist"});
  const Root<Node> node = midden::make<Node>();
  constexpr std::int64_t entries = 20'000;
  for (std::int64_t i = 0; i < entries; ++i) map->insert_or_assign(i, Visit{node, 0, {node, node}});
  runtime.collect();
  CHECK(runtime.last_cycle().objects_marked < 100);
  CHECK(map->stats().references >= 3 * entries);
  CHECK(map->stats().references < 3 * entries + 100);
  for (std::int64_t i = 0; i < entries; i += 2) map->erase(i);
  const std::size_t bytes = map->stats().bytes;
  for (std::int64_t i = 0; i < entries; i += 2) map->insert_or_assign(i, Visit{});
  CHECK(map->stats().bytes < bytes + bytes / 8);
}

TEST_CASE("A checked heap looks at what of a value is no reference") {
  for (const std::string backend : {"hash", "skiplist"}) {
    std::vector<std::string> lines;
    midden::Config config = map_config();
    config.check = true;
    config.message = [&](std::string_view line) { lines.emplace_back(line); };
    Runtime runtime(config);
    Attach here(runtime);
    const auto map = midden::make_map<std::int64_t, Visit>({.backend = backend});
    const Root<Node> node = midden::make<Node>();
    map->insert_or_assign(1, Visit{node, 0, {node, node}});
    runtime.collect();
    CHECK(lines.empty());
    map->insert_or_assign(2, Visit{node, reinterpret_cast<std::uintptr_t>(node.get()), {}});
    runtime.collect();
    REQUIRE(lines.size() == 1);
    CHECK(lines[0].find("the value of 2 +8 looks like a reference to Node@") != std::string::npos);
  }
}

TEST_CASE("A backend that does not say that it holds values with references is not asked to") {
  std::vector<std::string> lines;
  midden::Config config = map_config();
  config.map = sorted_array_backend();
  config.message = [&](std::string_view line) { lines.emplace_back(line); };
  Runtime runtime(config);
  Attach here(runtime);
  CHECK_THROWS_AS((midden::make_map<std::int64_t, Visit>({.backend = sorted_array_backend()})), midden::ConfigError);
  const auto map = midden::make_ordered_map<std::int64_t, Visit>();
  CHECK(map->backend_name() == "skiplist");
  REQUIRE(lines.size() == 1);
  CHECK(lines[0].find("does not hold such keys and values") != std::string::npos);
}
