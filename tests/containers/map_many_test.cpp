// Many keys in one call: insert_all and find_many do what single calls do.

#include <algorithm>
#include <iterator>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <midden/concurrent_map.hpp>

#include "tests/containers/map_suite.hpp"

using midden::Attach;
using midden::Runtime;

namespace {

// Numbers in runs: ascending, descending, and without order, some of them twice.
std::vector<std::uint64_t> runs_of_numbers(std::mt19937_64& random, std::uint64_t below) {
  std::vector<std::uint64_t> numbers;
  for (int run = 0; run < 12; ++run) {
    const std::uint64_t begin = random() % below;
    const std::size_t length = random() % 120;
    for (std::size_t i = 0; i < length; ++i) {
      const std::uint64_t steps[] = {begin + i, begin + length - i, random()};
      numbers.push_back(steps[run % 3] % below);
    }
  }
  return numbers;
}

// The first 30 of a vector, with an end that is no iterator.
struct FirstKeys {
  const std::vector<std::int64_t>& keys;
  auto begin() const { return std::counted_iterator(keys.begin(), 30); }
  std::default_sentinel_t end() const { return {}; }
};

// A map that `make` makes, at several sizes, and a snapshot of it, which changes of the map do not reach.
template <class K, class V, class Make>
void compare_many(std::uint64_t stream, Make&& make) {
  using Model = std::map<std::string, std::uint64_t>;
  std::mt19937_64 random = test_generator(stream);
  Runtime runtime(map_config());
  Attach here(runtime);
  const auto ask = [&](const auto& map, const Model& model, std::size_t asked) {
    std::vector<typename Kind<K>::Own> keys;
    // Here and there or close together, in order or not.
    const std::uint64_t from = random() % 4500;
    const std::uint64_t width = random() % 2 == 0 ? 40 : 5000 - from;
    for (std::size_t i = 0; i < asked; ++i) keys.push_back(Kind<K>::make(from + random() % width));
    if (random() % 2 == 0) {
      std::sort(keys.begin(), keys.end(), [](const auto& a, const auto& b) { return in_order<K>(a) < in_order<K>(b); });
    }
    std::size_t told = 0;
    map->find_many(keys, [&](const auto& key, const auto* value) {
      must(key == keys[told], "keys come in order");
      const auto known = model.find(in_order<K>(key));
      must((value != nullptr) == (known != model.end()), "found is what is there");
      must(value == nullptr || is_value(*value, known->second), "with its value");
      ++told;
      if (told % 50 == 0) runtime.collect();
    });
    must(told == asked, "every key is told of");
  };
  const auto map = make();
  Model model;
  for (const std::size_t entries : {0U, 5U, 1500U}) {
    const auto snapshot = map->snapshot();
    const Model then = model;
    while (map->size() < entries) {
      const std::uint64_t n = random() % 4000;
      map->insert_or_assign(Kind<K>::make(n), Kind<V>::make(n + entries));
      model[in_order<K>(Kind<K>::make(n))] = n + entries;
    }
    for (const std::size_t asked : {0U, 1U, 2U, 3U, 15U, 16U, 17U, 200U, 201U}) {
      ask(map, model, asked);
      ask(snapshot, then, asked);
    }
  }
}

}  // namespace

TEMPLATE_TEST_CASE("insert_all leaves what insert_or_assign for each pair does", "", std::int64_t, std::string_view,
                   Key16) {
  for_each_backend([](const std::string& backend) {
    std::mt19937_64 random = test_generator(700);
    Runtime runtime(stressed_config(37));
    Attach here(runtime);
    const auto map = midden::make_map<TestType, std::string_view>({.backend = backend});
    std::map<std::string, std::uint64_t> model;
    for (int round = 0; round < 4; ++round) {
      std::vector<std::pair<typename Kind<TestType>::Own, std::string>> pairs;
      std::size_t fresh = 0;
      std::vector<std::uint64_t> numbers = runs_of_numbers(random, 1000);
      if (round == 0) {  // in the order of keys, as a bulk load has them
        std::sort(numbers.begin(), numbers.end(), [](std::uint64_t a, std::uint64_t b) {
          return in_order<TestType>(Kind<TestType>::make(a)) < in_order<TestType>(Kind<TestType>::make(b));
        });
      }
      for (const std::uint64_t n : numbers) {
        const std::uint64_t value = random() % 1000;
        pairs.emplace_back(Kind<TestType>::make(n), Kind<std::string_view>::make(value));
        fresh += model.insert_or_assign(in_order<TestType>(Kind<TestType>::make(n)), value).second ? 1U : 0U;
      }
      must(map->insert_all(pairs) == fresh, "insert_all counts the keys that were new");
      must(map->size() == model.size(), "sizes agree");
      std::size_t shown = 0;
      for (const auto entry : *map) {
        const auto known = model.find(in_order<TestType>(typename Kind<TestType>::Own(entry.key)));
        must(known != model.end(), "what is there was inserted");
        must(is_value(entry.value, known->second), "with the last of its values");
        ++shown;
      }
      must(shown == model.size(), "all that was inserted is there");
      for (int i = 0; i < 100; ++i) {
        const std::uint64_t n = random() % 1000;
        must(map->erase(Kind<TestType>::make(n)) == (model.erase(in_order<TestType>(Kind<TestType>::make(n))) == 1),
             "erase agrees");
      }
    }
  });
}

TEMPLATE_TEST_CASE("find_many finds what find does, in the order of the keys", "", std::int64_t, std::string_view,
                   Key16, Key100) {
  for_each_backend([](const std::string& backend) {
    std::uint64_t stream = 710;
    for_each_value([&]<class V>() {
      compare_many<TestType, V>(++stream, [&] { return midden::make_map<TestType, V>({.backend = backend}); });
    });
  });
}

TEMPLATE_TEST_CASE("find_many of a concurrent map and of its snapshots finds what find does", "", std::int64_t,
                   std::string_view, Key16) {
  for_each_concurrent_backend([](const std::string& backend) {
    std::uint64_t stream = 720;
    for_each_value([&]<class V>() {
      compare_many<TestType, V>(++stream,
                                [&] { return midden::make_concurrent_map<TestType, V>({.backend = backend}); });
    });
  });
}

TEST_CASE("find_many takes a range whose end is no iterator") {
  Runtime runtime(map_config());
  Attach here(runtime);
  const auto map = midden::make_map<std::int64_t, std::int64_t>();
  const auto shared = midden::make_concurrent_map<std::int64_t, std::int64_t>();
  std::vector<std::pair<std::int64_t, std::int64_t>> entries;
  for (std::int64_t key = 0; key < 50; ++key) entries.emplace_back(key, 2 * key);
  CHECK(map->insert_all(entries) == 50);
  CHECK(shared->insert_all(entries) == 50);
  std::vector<std::int64_t> keys;
  for (std::int64_t key = 0; key < 40; ++key) keys.push_back(key);
  const FirstKeys first{keys};
  std::int64_t found = 0;
  const auto add = [&](std::int64_t key, const std::int64_t* value) { found += value != nullptr && *value == 2 * key; };
  map->find_many(first, add);
  CHECK(found == 30);
  shared->find_many(first, add);
  CHECK(found == 60);
}

TEST_CASE("What find_many calls may write the concurrent map, collect and throw") {
  for_each_concurrent_backend([](const std::string& backend) {
    Runtime runtime(map_config());
    Attach here(runtime);
    const auto map = midden::make_concurrent_map<std::string_view, std::string_view>({.backend = backend});
    std::vector<std::string> keys;
    for (int i = 0; i < 40; ++i) keys.push_back("key " + std::to_string(i));
    CHECK(map->insert_all(std::vector<std::pair<std::string, std::string>>{{keys[0], "a"}, {keys[1], "b"}}) == 2);
    std::size_t called = 0;
    map->find_many(keys, [&](const std::string& key, const std::string* value) {
      map->erase(key);
      map->insert_or_assign(key, "other");
      runtime.collect();
      CHECK((value == nullptr) == (called > 1));
      if (value != nullptr) CHECK(*value == (called == 0 ? "a" : "b"));
      ++called;
    });
    CHECK(called == keys.size());
    CHECK(map->size() == keys.size());
    called = 0;
    const auto stop_at_20 = [&](const std::string&, const std::string* value) {
      CHECK(*value == "other");
      if (++called == 20) throw std::runtime_error("enough");
    };
    CHECK_THROWS_AS(map->find_many(keys, stop_at_20), std::runtime_error);
    CHECK(called == 20);
  });
}
