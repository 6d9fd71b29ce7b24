// Every backend against std::map, over all kinds of keys and values.

#include "tests/containers/map_suite.hpp"

using midden::Attach;
using midden::Runtime;

TEMPLATE_TEST_CASE("A map agrees with std::map after each of many random operations", "", std::int64_t, std::uint32_t,
                   std::string_view, Key16, Key40, Key100) {
  for_each_backend([](const std::string& backend) {
    std::uint64_t stream = 0;
    for_each_value([&]<class V>() {
      std::mt19937_64 random = test_generator(++stream);
      CAPTURE(stream);
      Runtime runtime(map_config());
      Attach here(runtime);
      Bench<TestType, V> bench(runtime, backend);
      // Growing, level, shrinking, growing again.
      for (const unsigned growth : {8U, 5U, 1U, 7U}) {
        for (int i = 0; i < 600; ++i) {
          bench.step(random, 250, growth);
          if (i % 150 == 0) runtime.collect();
        }
        bench.compare();
      }
      bench.clear();
      bench.compare();
      bench.assign(1, 1);
      bench.compare();
    });
  });
}

TEMPLATE_TEST_CASE("A map stays whole when a collection comes between any two operations", "", std::int64_t,
                   std::string_view, Key40) {
  for_each_backend([](const std::string& backend) {
    std::uint64_t stream = 100;
    for_each_value([&]<class V>() {
      std::mt19937_64 random = test_generator(++stream);
      CAPTURE(stream);
      midden::Config config = map_config();
      config.check = true;
      Runtime runtime(config);
      Attach here(runtime);
      Bench<TestType, V> bench(runtime, backend);
      for (int i = 0; i < 60; ++i) {
        bench.step(random, 40, i < 40 ? 8 : 3);
        runtime.collect();
      }
      bench.compare();
    });
  });
}

TEMPLATE_TEST_CASE("A map stays whole when a collection comes at every allocation", "", std::uint32_t, std::string_view,
                   Key100) {
  for_each_backend([](const std::string& backend) {
    std::uint64_t stream = 200;
    for_each_value([&]<class V>() {
      std::mt19937_64 random = test_generator(++stream);
      CAPTURE(stream);
      Runtime runtime(stressed_config(1 + static_cast<std::uint32_t>(stream % 3)));
      Attach here(runtime);
      Bench<TestType, V> bench(runtime, backend);
      for (int i = 0; i < 60; ++i) bench.step(random, 40, i < 40 ? 8 : 3);
      bench.compare();
    });
  });
}

TEST_CASE("A map of many entries is complete while it grows and after most of it is erased") {
  for_each_backend([](const std::string& backend) {
    if (backend == "sorted-array") return;  // quadratic
    Runtime runtime(map_config());
    Attach here(runtime);
    Bench<std::string_view, std::int64_t> bench(runtime, backend);
    for (std::uint64_t n = 0; n < 30000; ++n) {
      bench.assign(n, n);
      if ((n & (n - 1)) == 0) bench.compare();
    }
    bench.compare();
    for (std::uint64_t n = 0; n < 29900; ++n) bench.erase(n);
    bench.compare();
    for (std::uint64_t n = 0; n < 1000; ++n) bench.assign(n, n + 1);
    bench.compare();
  });
}

TEST_CASE("Keys and values of up to 100,000 bytes, of none, and of zero bytes are kept apart") {
  for_each_backend([](const std::string& backend) {
    Runtime runtime(map_config());
    Attach here(runtime);
    const auto map = midden::make_map<std::string_view, std::string_view>({.backend = backend});
    const std::string base(100000, 'k');
    std::map<std::string, std::string> model;
    for (const std::size_t length : {std::size_t{0}, std::size_t{1}, std::size_t{255}, std::size_t{4096},
                                     std::size_t{99999}, std::size_t{100000}}) {
      for (const char last : {'\0', 'k', '\xFF'}) {
        std::string key = base.substr(0, length);
        if (!key.empty()) key.back() = last;
        model[key] = key + std::string(length, last);
        map->insert_or_assign(key, model[key]);
        runtime.collect();
      }
    }
    CHECK(map->size() == model.size());
    for (const auto& [key, value] : model) CHECK(map->get(key) == value);
    CHECK(map->get(std::string_view{}) == "");
    CHECK_FALSE(map->contains(base + "k"));
    CHECK_FALSE(map->contains(base.substr(0, 99998)));
  });
}

TEST_CASE("Random operations on keys of no bytes, of zero bytes and of a million agree with std::map") {
  // Neighbours in every sense: the long ones differ in their last byte, their length, or the middle.
  std::vector<std::string> keys{"", std::string(1, '\0'), std::string(2, '\0'), std::string("\0a", 2), "a", "\xFF"};
  for (const std::size_t length : {std::size_t{70'000}, std::size_t{999'999}, std::size_t{1'000'000}}) {
    for (const char changed : {'\0', 'k', '\xFF'}) {
      keys.emplace_back(length, 'k');
      keys.back().back() = changed;
      keys.emplace_back(length, 'k');
      keys.back()[length / 2] = changed;
    }
  }
  for_each_backend([&](const std::string& backend) {
    std::mt19937_64 random = test_generator(920);
    Runtime runtime(map_config());
    Attach here(runtime);
    const auto map = midden::make_map<std::string_view, std::string_view>({.backend = backend});
    std::map<std::string_view, std::string_view> model;
    for (int i = 0; i < 120; ++i) {
      const std::string& key = keys[random() % keys.size()];
      const std::string& value = keys[random() % keys.size()];
      if (random() % 3 == 0) {
        must(map->erase(key) == (model.erase(key) == 1), "erase tells whether the key was there");
      } else {
        must(map->insert_or_assign(key, value) == model.insert_or_assign(key, value).second, "so does an insertion");
      }
      const std::string& asked = keys[random() % keys.size()];
      const auto known = model.find(asked);
      const auto found = map->find(asked);
      must(static_cast<bool>(found) == (known != model.end()), "find agrees");
      must(!found || *found == known->second, "find shows the value");
      if (i % 50 == 0) runtime.collect();
    }
    must(map->size() == model.size(), "size agrees");
    for (const auto entry : *map) must(model.at(entry.key) == entry.value, "a walk shows what is there");
  });
}

TEST_CASE("update gives the value or a new one and stores what was made of it") {
  for_each_backend([](const std::string& backend) {
    Runtime runtime(map_config());
    Attach here(runtime);
    const auto map = midden::make_map<std::string_view, std::int64_t>({.backend = backend});
    CHECK(map->update("a", [](std::int64_t& count) { ++count; }) == 1);
    CHECK(map->update("a", [](std::int64_t& count) { count += 10; }) == 11);
    CHECK(map->at("a") == 11);
    CHECK(map->size() == 1);
  });
}

TEST_CASE("at names a key that is not there as out of range") {
  for_each_backend([](const std::string& backend) {
    Runtime runtime(map_config());
    Attach here(runtime);
    const auto map = midden::make_map<std::int64_t, std::int64_t>({.backend = backend});
    CHECK_THROWS_AS(map->at(1), std::out_of_range);
    map->insert_or_assign(1, 2);
    CHECK(map->at(1) == 2);
  });
}

TEST_CASE("The extreme integers are keys as others are") {
  for_each_backend([](const std::string& backend) {
    Runtime runtime(map_config());
    Attach here(runtime);
    const auto map = midden::make_map<std::int64_t, std::int64_t>({.backend = backend});
    const std::int64_t extremes[] = {0, 1, -1, INT64_MAX, INT64_MIN, INT64_MIN + 1};
    for (const std::int64_t key : extremes) CHECK(map->insert_or_assign(key, key));
    for (const std::int64_t key : extremes) CHECK(map->get(key) == key);
    std::set<std::int64_t> shown;
    for (const auto entry : *map) {
      CHECK(entry.key == entry.value);
      shown.insert(entry.key);
    }
    CHECK(shown.size() == std::size(extremes));
  });
}

TEST_CASE("A map of maps keeps the inner ones alive") {
  for_each_backend([](const std::string& backend) {
    using Inner = midden::Map<std::int64_t, std::string_view>;
    Runtime runtime(map_config());
    Attach here(runtime);
    const auto outer = midden::make_map<std::string_view, midden::Ref<Inner>>({.backend = backend});
    for (int i = 0; i < 20; ++i) {
      const auto inner = midden::make_map<std::int64_t, std::string_view>({.backend = backend});
      inner->insert_or_assign(i, std::to_string(i));
      outer->insert_or_assign("map " + std::to_string(i), inner);
      runtime.collect();
    }
    for (int i = 0; i < 20; ++i) CHECK(outer->at("map " + std::to_string(i))->at(i) == std::to_string(i));
  });
}

TEST_CASE("What a map no longer refers to is collected") {
  for_each_backend([](const std::string& backend) {
    Runtime runtime(map_config());
    Attach here(runtime);
    const auto map = midden::make_map<std::int64_t, midden::Ref<Node>>({.backend = backend});
    const auto live_nodes = [&] {
      runtime.collect();
      return runtime.last_cycle().objects_marked;
    };
    for (std::uint64_t n = 0; n < 6; ++n) map->insert_or_assign(static_cast<std::int64_t>(n), midden::make<Node>());
    const std::uint64_t full = live_nodes();
    map->insert_or_assign(3, nullptr);
    CHECK(live_nodes() == full - 1);
    CHECK(map->erase(5));
    CHECK(live_nodes() < full - 1);
    map->clear();
    CHECK(live_nodes() <= full - 6);
  });
}
