// Ordered backends: ascending walks, bounds, ranges and the way back.

#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

#include "tests/containers/map_suite.hpp"

using midden::Attach;
using midden::Runtime;

namespace {

// A host's own order: descending.
struct Descending {
  std::uint32_t number;
};

template <class Walk>
auto keys_of(Walk&& walk) {
  std::vector<decltype((*walk.begin()).key)> keys;
  for (const auto entry : walk) keys.push_back(entry.key);
  return keys;
}

template <class Walk>
std::vector<std::string> texts_of(Walk&& walk) {
  std::vector<std::string> keys;
  for (const auto entry : walk) keys.emplace_back(entry.key);
  return keys;
}

}  // namespace

template <>
struct midden::KeyCodec<Descending> {
  static constexpr KeyKind kind = KeyKind::word;
  static std::uint64_t encode(const Descending& key) { return ~std::uint64_t{key.number}; }
  static Descending decode(std::uint64_t word) { return {static_cast<std::uint32_t>(~word)}; }
};

TEMPLATE_TEST_CASE("A walk over an ordered map ascends, also while it is written", "", std::int64_t, std::uint32_t,
                   std::string_view, Key16, Key40) {
  for_each_ordered_backend<TestType, std::int64_t>([](const std::string& backend) {
    std::mt19937_64 random = test_generator(400);
    Runtime runtime(map_config());
    Attach here(runtime);
    const auto map = midden::make_ordered_map<TestType, std::int64_t>({.backend = backend});
    std::map<std::string, std::int64_t> model;
    const auto insert = [&](std::uint64_t n) {
      map->insert_or_assign(Kind<TestType>::make(n), static_cast<std::int64_t>(n));
      model[in_order<TestType>(Kind<TestType>::make(n))] = static_cast<std::int64_t>(n);
    };
    for (int i = 0; i < 200; ++i) insert(random() % 1000);
    auto expected = model.begin();
    for (const auto entry : *map) {
      must(expected != model.end(), "there are as many");
      must(in_order<TestType>(typename Kind<TestType>::Own(entry.key)) == expected->first, "keys come in order");
      must(entry.value == expected->second, "with their values");
      ++expected;
    }
    must(expected == model.end(), "all keys come");

    std::string last;
    bool first = true;
    for (const auto entry : *map) {
      const std::string key = in_order<TestType>(typename Kind<TestType>::Own(entry.key));
      must(first || last < key, "keys ascend while the map is written");
      last = key;
      first = false;
      insert(random() % 1000);
      const std::uint64_t gone = random() % 1000;
      map->erase(Kind<TestType>::make(gone));
      model.erase(in_order<TestType>(Kind<TestType>::make(gone)));
    }
  });
}

TEMPLATE_TEST_CASE("lower_bound, ranges and the way back agree with std::map", "", std::int64_t, std::string_view,
                   Key16) {
  for_each_ordered_backend<TestType, std::int64_t>([](const std::string& backend) {
    std::mt19937_64 random = test_generator(401);
    Runtime runtime(map_config());
    Attach here(runtime);
    const auto map = midden::make_ordered_map<TestType, std::int64_t>({.backend = backend});
    std::map<std::string, std::uint64_t> model;
    for (int i = 0; i < 150; ++i) {
      const std::uint64_t n = random() % 400;
      map->insert_or_assign(Kind<TestType>::make(n), static_cast<std::int64_t>(n));
      model[in_order<TestType>(Kind<TestType>::make(n))] = n;
    }
    const auto agree = [&](const auto& cursor, auto known) {
      must(static_cast<bool>(cursor) == (known != model.end()), "both end together");
      if (cursor) must(static_cast<std::uint64_t>(cursor.value()) == known->second, "both stand on the same entry");
    };
    for (int i = 0; i < 100; ++i) {
      const std::uint64_t a = random() % 400;
      const std::uint64_t b = random() % 400;
      const auto from = Kind<TestType>::make(a);
      const auto to = Kind<TestType>::make(b);
      auto known = model.lower_bound(in_order<TestType>(from));
      auto cursor = map->lower_bound(from);
      agree(cursor, known);
      for (int step = 0; step < 3 && cursor; ++step) agree(++cursor, ++known);

      known = model.lower_bound(in_order<TestType>(from));
      auto back = map->lower_bound(from);
      for (int step = 0; step < 3 && back && known != model.begin(); ++step) agree(--back, --known);

      known = model.lower_bound(in_order<TestType>(from));
      const auto end =
          in_order<TestType>(from) < in_order<TestType>(to) ? model.lower_bound(in_order<TestType>(to)) : known;
      for (const auto entry : map->range(from, to)) {
        must(known != end, "a range ends in front of its end");
        must(static_cast<std::uint64_t>(entry.value) == known->second, "a range shows the entries in it");
        ++known;
      }
      must(known == end, "a range shows all entries in it");
    }
    auto cursor = map->last();
    auto known = std::prev(model.end());
    agree(cursor, known);
    for (std::size_t step = 1; step < model.size(); ++step) agree(--cursor, --known);
    must(!--cursor, "there is none before the first");
    map->clear();
    must(!map->last() && !map->lower_bound(Kind<TestType>::make(1)), "an empty map has no last and no bound");
  });
}

TEST_CASE("Signed integers order below and above zero") {
  for_each_ordered_backend<std::int32_t, std::int64_t>([](const std::string& backend) {
    Runtime runtime(map_config());
    Attach here(runtime);
    const auto map = midden::make_ordered_map<std::int32_t, std::int64_t>({.backend = backend});
    for (const std::int32_t key : {5, -5, 0, INT32_MIN, INT32_MAX, -1}) map->insert_or_assign(key, key);
    CHECK(keys_of(*map) == std::vector<std::int32_t>{INT32_MIN, -5, -1, 0, 5, INT32_MAX});
    CHECK(keys_of(map->range(-5, 5)) == std::vector<std::int32_t>{-5, -1, 0});
    CHECK(keys_of(map->range(5, -5)).empty());
    CHECK(keys_of(map->range_from(1)) == std::vector<std::int32_t>{5, INT32_MAX});
  });
}

TEST_CASE("A prefix shows the keys that begin with it, of the highest bytes too") {
  for_each_ordered_backend<std::string_view, std::int64_t>([](const std::string& backend) {
    Runtime runtime(map_config());
    Attach here(runtime);
    const auto map = midden::make_ordered_map<std::string_view, std::int64_t>({.backend = backend});
    for (const std::string_view key : {"a", "ab", "abc", "ac", "b", "", "a\xFF", "a\xFF\xFF", "\xFF", "\xFF\xFF"}) {
      map->insert_or_assign(key, 0);
    }
    CHECK(texts_of(map->prefix("ab")) == std::vector<std::string>{"ab", "abc"});
    CHECK(texts_of(map->prefix("a\xFF")) == std::vector<std::string>{"a\xFF", "a\xFF\xFF"});
    CHECK(texts_of(map->prefix("\xFF")) == std::vector<std::string>{"\xFF", "\xFF\xFF"});
    CHECK(texts_of(map->prefix("")).size() == map->size());
    CHECK(texts_of(map->prefix("abd")).empty());
  });
}

TEST_CASE("A range outlives the strings it was made from and the last root of its map") {
  for_each_ordered_backend<std::string_view, std::int64_t>([](const std::string& backend) {
    Runtime runtime(map_config());
    Attach here(runtime);
    auto map = midden::make_ordered_map<std::string_view, std::int64_t>({.backend = backend});
    for (const std::string_view key : {"a", "b", "c", "d"}) map->insert_or_assign(key, 0);
    const auto range = map->range(std::string("b"), std::string("d"));
    map = nullptr;
    runtime.collect();
    CHECK(texts_of(range) == std::vector<std::string>{"b", "c"});
  });
}

TEST_CASE("A cursor outlives the range it came from") {
  for_each_ordered_backend<std::string_view, std::int64_t>([](const std::string& backend) {
    Runtime runtime(map_config());
    Attach here(runtime);
    const auto map = midden::make_ordered_map<std::string_view, std::int64_t>({.backend = backend});
    for (int i = 0; i < 10; ++i) map->insert_or_assign("some rather long key " + std::to_string(i), i);
    auto cursor = map->range("some rather long key 2", "some rather long key 5").begin();
    std::vector<std::int64_t> values;
    for (; cursor; ++cursor) values.push_back(cursor.value());
    CHECK(values == std::vector<std::int64_t>{2, 3, 4});
  });
}

TEST_CASE("A host's codec decides the order") {
  for_each_ordered_backend<Descending, std::int64_t>([](const std::string& backend) {
    Runtime runtime(map_config());
    Attach here(runtime);
    const auto map = midden::make_ordered_map<Descending, std::int64_t>({.backend = backend});
    for (const std::uint32_t number : {3U, 1U, 2U}) map->insert_or_assign(Descending{number}, number);
    std::vector<std::uint32_t> numbers;
    for (const auto entry : *map) numbers.push_back(entry.key.number);
    CHECK(numbers == std::vector<std::uint32_t>{3, 2, 1});
  });
}

TEST_CASE("The parts of a split map follow each other, show every key once, and are about even") {
  for_each_ordered_backend<std::int64_t, std::int64_t>([](const std::string& backend) {
    std::mt19937_64 random = test_generator(420);
    const bool sorted_array = backend == "sorted-array";
    const bool even = !sorted_array && !is_always_rebuilt(backend);  // those do not split, or not always
    for (const std::size_t entries : {0U, 1U, 3U, 47U, 300U, 20000U}) {
      if (sorted_array && entries > 1000) continue;
      Runtime runtime(map_config());
      Attach here(runtime);
      const auto map = midden::make_ordered_map<std::int64_t, std::int64_t>({.backend = backend});
      while (map->size() < entries) map->insert_or_assign(static_cast<std::int64_t>(random()), 0);
      const auto all = keys_of(*map);
      for (const std::size_t parts : {0U, 1U, 2U, 7U, 64U, 500U}) {
        CAPTURE(entries, parts);
        std::vector<std::int64_t> together;
        const auto ranges = map->split(parts);
        REQUIRE(ranges.size() <= std::max<std::size_t>(1, parts));
        REQUIRE(!ranges.empty());
        for (const auto& range : ranges) {
          const auto keys = keys_of(range);
          together.insert(together.end(), keys.begin(), keys.end());
          if (!even || parts == 0 || entries < 100 * parts) continue;
          const double share = static_cast<double>(entries) / static_cast<double>(parts);
          CHECK(static_cast<double>(keys.size()) > 0.8 * share);
          CHECK(static_cast<double>(keys.size()) < 1.2 * share);
        }
        REQUIRE(together == all);
      }
    }
  });
}

TEST_CASE("The parts of a split map can be walked by several threads at once") {
  Runtime runtime(map_config());
  Attach here(runtime);
  const auto map = midden::make_ordered_map<std::uint64_t, std::uint64_t>({.backend = "skiplist"});
  constexpr std::uint64_t entries = 30000;
  for (std::uint64_t i = 0; i < entries; ++i) map->insert_or_assign(i, i);
  const auto parts = map->split(4);
  REQUIRE(parts.size() == 4);
  std::atomic<std::uint64_t> sum{0};
  std::vector<std::thread> threads;
  for (const auto& part : parts) {
    threads.emplace_back([&runtime, &part, &sum] {
      Attach there(runtime);
      std::uint64_t own = 0;
      for (const auto entry : part) own += entry.value;
      sum += own;
    });
  }
  runtime.collect();
  {
    const midden::Blocked waiting;
    for (std::thread& thread : threads) thread.join();
  }
  CHECK(sum == entries * (entries - 1) / 2);
}

// Takes ten GiB of memory and a minute: run by its name alone.
TEST_CASE("An ordered map grows past 8 GiB", "[.large]") {
  midden::Config config = map_config();
  config.reserve = std::size_t{64} << 30;
  Runtime runtime(config);
  Attach here(runtime);
  const auto map = midden::make_ordered_map<std::uint64_t, std::string_view>({.backend = "skiplist"});
  std::string value(std::size_t{1} << 20, 'v');
  constexpr std::uint64_t entries = 8699;  // a prime, so that all numbers come, in no order
  for (std::uint64_t i = 0; i < entries; ++i) map->insert_or_assign(i * 7919 % entries, value);
  CHECK(map->stats().bytes > std::size_t{8} << 30);
  std::uint64_t next = 0;
  for (const auto entry : *map) {
    REQUIRE(entry.key == next++);
    REQUIRE(entry.value.size() == value.size());
  }
  CHECK(next == entries);
}
