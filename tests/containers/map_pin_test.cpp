// Pins of entries, on every backend.

#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <midden/concurrent_map.hpp>
#include <midden/map_pin.hpp>
#include <midden/map_snapshot.hpp>
#include <midden/weak.hpp>

#include "tests/containers/map_suite.hpp"

using midden::Attach;
using midden::ConcurrentMap;
using midden::EntryPin;
using midden::Map;
using midden::Ref;
using midden::Root;
using midden::Runtime;

namespace {

struct Pair {
  Ref<Node> first;
  std::int64_t number = 0;
  Ref<Node> second;
  static constexpr auto midden_refs = midden::refs<Pair>(&Pair::first, &Pair::second);
};

// Whether a pin shows the value of number n.
template <class V>
bool shows(const EntryPin<std::string_view, V>& pin, std::uint64_t n) {
  if constexpr (std::is_same_v<V, Ref<Node>>) {
    return n % 8 == 0 ? pin.value() == nullptr : pin.value() != nullptr && pin.value()->number == n;
  } else {
    return is_value(pin.value(), n);
  }
}

// f.template operator()<M>(), of both kinds of map.
template <class K, class V, class F>
void for_each_kind(const std::string& backend, F&& f) {
  f.template operator()<Map<K, V>>();
  if (!is_always_rebuilt(backend)) f.template operator()<ConcurrentMap<K, V>>();
}

}  // namespace

TEMPLATE_TEST_CASE("A pin shows its entry as it was, whatever becomes of the map", "", std::int64_t, Large, Nothing,
                   std::string_view, Ref<Node>) {
  for_each_backend([&](const std::string& backend) {
    for_each_kind<std::string_view, TestType>(backend, [&]<class M>() {
      const std::uint64_t number = 8 - test_seed() % 2;  // of a null reference, or another
      Runtime runtime(stressed_config(3));
      Attach here(runtime);
      Root<M> map = make_of<M>(backend);
      const auto value = [](std::uint64_t n) { return Kind<TestType>::make(n); };
      for (std::uint64_t n = 0; n < 100; ++n) map->insert_or_assign("entry " + std::to_string(n), value(n + number));
      const EntryPin<std::string_view, TestType> pin = map->pin("entry 0");
      const auto must_show = [&](const char* after) {
        INFO(after);
        runtime.collect();
        REQUIRE(static_cast<bool>(pin));
        REQUIRE(pin.key() == "entry 0");
        REQUIRE(shows(pin, number));
      };
      must_show("nothing");
      const std::string_view bytes = pin.key();
      map->insert_or_assign("entry 0", value(number));
      map->insert_or_assign("entry 0", value(number + 1));
      must_show("an overwrite");
      map->erase("entry 0");
      for (std::uint64_t n = 0; n < 100; ++n) map->insert_or_assign("other " + std::to_string(n), value(n));
      must_show("an erase");
      map->clear();
      for (std::uint64_t n = 0; n < 100; ++n) map->insert_or_assign("entry " + std::to_string(n), value(n + 1));
      must_show("a clear");
      map = nullptr;
      must_show("the end of the map");
      REQUIRE(pin.key().data() == bytes.data());
    });
  });
}

TEMPLATE_TEST_CASE("A pin gives back the key it was asked for", "", std::int64_t, std::uint32_t, Key40, Key100,
                   std::string_view) {
  for_each_backend([](const std::string& backend) {
    for_each_kind<TestType, std::int64_t>(backend, [&]<class M>() {
      Runtime runtime(map_config());
      Attach here(runtime);
      const Root<M> map = make_of<M>(backend);
      for (std::uint64_t n = 0; n < 40; ++n) {
        const typename Kind<TestType>::Own key = Kind<TestType>::make(n);
        map->insert_or_assign(key, static_cast<std::int64_t>(n));
        const EntryPin<TestType, std::int64_t> pin = map->pin(key);
        REQUIRE(pin.key() == key);
        REQUIRE(pin.value() == static_cast<std::int64_t>(n));
      }
    });
  });
}

TEST_CASE("A pin of a struct with references keeps what it refers to") {
  for_each_backend([](const std::string& backend) {
    if (!midden::find_map_backend(backend)->ops(Map<std::int64_t, Pair>::shape)->composites) return;
    for_each_kind<std::int64_t, Pair>(backend, [&]<class M>() {
      Runtime runtime(stressed_config(2));
      Attach here(runtime);
      const Root<M> map = make_of<M>(backend);
      {
        const Root<Node> first = Kind<Ref<Node>>::make(1);
        const Root<Node> second = Kind<Ref<Node>>::make(2);
        map->insert_or_assign(5, Pair{first, 50, second});
      }
      const EntryPin<std::int64_t, Pair> pin = map->pin(5);
      map->erase(5);
      runtime.collect();
      REQUIRE(pin.value().number == 50);
      REQUIRE(pin.value().first->number == 1);
      REQUIRE(pin.value().second->number == 2);
    });
  });
}

TEST_CASE("A key that is absent gives an empty pin, which counts as none") {
  for_each_backend([](const std::string& backend) {
    for_each_kind<std::string_view, std::string_view>(backend, [&]<class M>() {
      Runtime runtime(map_config());
      Attach here(runtime);
      const Root<M> map = make_of<M>(backend);
      EntryPin<std::string_view, std::string_view> pin = map->pin("a");
      REQUIRE_FALSE(static_cast<bool>(pin));
      REQUIRE(runtime.pins().count == 0);
      map->insert_or_assign("a", "b");
      REQUIRE_FALSE(static_cast<bool>(map->pin("")));
      pin = map->pin("a");
      REQUIRE(runtime.pins().count == 1);
      const EntryPin moved = std::move(pin);
      REQUIRE_FALSE(static_cast<bool>(pin));
      REQUIRE(moved.value() == "b");
      REQUIRE(runtime.pins().count == 1);
    });
  });
}

TEST_CASE("A pin holds its own entry only") {
  for_each_backend([](const std::string& backend) {
    for_each_kind<std::int64_t, Ref<Node>>(backend, [&]<class M>() {
      Runtime runtime(map_config());
      Attach here(runtime);
      const Root<M> map = make_of<M>(backend);
      std::vector<Root<midden::WeakRef<Node>>> watched;
      for (std::int64_t i = 0; i < 1000; ++i) {
        const Root<Node> node = midden::make<Node>();
        watched.push_back(midden::make_weak(node));
        map->insert_or_assign(i, node);
      }
      const EntryPin<std::int64_t, Ref<Node>> pin = map->pin(500);
      for (std::int64_t i = 0; i < 1000; ++i) map->erase(i);
      runtime.collect();
      runtime.collect();
      REQUIRE(map->stats().retired_bytes == 0);
      for (std::int64_t i = 0; i < 1000; ++i) {
        INFO(i);
        const bool is_dead = watched[static_cast<std::size_t>(i)]->expired();
        REQUIRE(is_dead == (i != 500));
      }
      REQUIRE(pin.value() == watched[500]->get().get());
    });
  });
}

TEST_CASE("A pin of a snapshot's entry outlives the snapshot") {
  for_each_concurrent_backend([](const std::string& backend) {
    Runtime runtime(map_config());
    Attach here(runtime);
    const auto map = make_of<ConcurrentMap<std::string_view, std::string_view>>(backend);
    map->insert_or_assign("k", "before");
    auto snapshot = map->snapshot();
    map->insert_or_assign("k", "after");
    const EntryPin pin = snapshot->pin("k");
    snapshot.close();
    runtime.collect();
    REQUIRE(pin.value() == "before");
    REQUIRE(map->stats().held_bytes == 0);
  });
}

TEST_CASE("A pin of an entry that is left is reported, and empty, once the Runtime has ended") {
  std::vector<std::string> said;
  midden::Config config = map_config();
  config.message = [&](std::string_view line) { said.emplace_back(line); };
  EntryPin<std::int64_t, std::int64_t> pin;
  {
    Runtime runtime(config);
    Attach here(runtime);
    const auto map = midden::make_map<std::int64_t, std::int64_t>();
    map->insert_or_assign(1, 2);
    pin = map->pin(1);
  }
  REQUIRE_FALSE(static_cast<bool>(pin));
  REQUIRE(said.size() == 1);
  REQUIRE(said[0].find("PinnedEntry") != std::string::npos);
}
