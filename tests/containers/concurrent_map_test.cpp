// ConcurrentMap of every backend, used by one thread: the sentences of Map's suite, and those of its own.

#include <stdexcept>
#include <thread>

#include "tests/containers/map_suite.hpp"

using midden::Attach;
using midden::ConcurrentMap;
using midden::Ref;
using midden::Root;
using midden::Runtime;

namespace {

template <class K, class V>
using SharedBench = Bench<K, V, ConcurrentMap<K, V>>;

struct Padded {
  std::int64_t number = 0;
  char letter = 0;
  bool operator==(const Padded&) const = default;
};

}  // namespace

TEMPLATE_TEST_CASE("A concurrent map agrees with std::map after each of many random operations", "", std::int64_t,
                   std::string_view, Key40) {
  for_each_concurrent_backend([](const std::string& backend) {
    std::uint64_t stream = 950;
    for_each_value([&]<class V>() {
      std::mt19937_64 random = test_generator(++stream);
      CAPTURE(stream);
      Runtime runtime(map_config());
      Attach here(runtime);
      SharedBench<TestType, V> bench(runtime, backend);
      bench.compare();
      for (const unsigned growth : {8U, 5U, 1U, 7U}) {
        for (int i = 0; i < 500; ++i) {
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

TEMPLATE_TEST_CASE("A concurrent map stays whole when a collection comes at every allocation", "", std::uint32_t,
                   std::string_view, Key100) {
  for_each_concurrent_backend([](const std::string& backend) {
    std::uint64_t stream = 970;
    for_each_value([&]<class V>() {
      std::mt19937_64 random = test_generator(++stream);
      CAPTURE(stream);
      Runtime runtime(stressed_config(1 + static_cast<std::uint32_t>(stream % 3)));
      Attach here(runtime);
      SharedBench<TestType, V> bench(runtime, backend);
      for (int i = 0; i < 60; ++i) bench.step(random, 40, i < 40 ? 8 : 3);
      bench.compare();
    });
  });
}

TEST_CASE("A concurrent map of many entries is complete while it grows and after most of it is erased") {
  for_each_concurrent_backend([](const std::string& backend) {
    if (backend == "sorted-array") return;  // quadratic
    midden::Config config = map_config();
    config.gc_floor = std::size_t{1} << 20;  // so that shards grow in the midst of cycles
    Runtime runtime(config);
    Attach here(runtime);
    SharedBench<std::string_view, std::int64_t> bench(runtime, backend);
    for (std::uint64_t n = 0; n < 30000; ++n) bench.assign(n, n);
    bench.compare();
    for (std::uint64_t n = 0; n < 29900; ++n) bench.erase(n);
    bench.compare();
    for (std::uint64_t n = 0; n < 1000; ++n) bench.assign(n, n + 1);
    bench.compare();
    CHECK(runtime.pauses().cycles > 0);
  });
}

TEST_CASE("update of a concurrent map takes each kind of value, and an empty one where the key is absent") {
  for_each_concurrent_backend([](const std::string& backend) {
    Runtime runtime(map_config());
    Attach here(runtime);
    const auto numbers = midden::make_concurrent_map<std::string_view, std::int64_t>({.backend = backend});
    CHECK(numbers->update("a", [](std::int64_t& n) { ++n; }) == 1);
    CHECK(numbers->update("a", [](std::int64_t& n) { n += 10; }) == 11);
    CHECK(numbers->at("a") == 11);
    CHECK(numbers->size() == 1);

    const auto texts = midden::make_concurrent_map<std::int64_t, std::string_view>({.backend = backend});
    CHECK(texts->update(1, [](std::string& text) { text += "long enough for a string of its own, "; }).size() == 37);
    CHECK(texts->update(1, [](std::string& text) { text.erase(4); }) == "long");
    CHECK(texts->update(2, [](std::string&) {}).empty());
    CHECK(texts->get(1) == "long");
    CHECK(texts->get(2) == "");

    const auto nodes = midden::make_concurrent_map<std::int64_t, Ref<Node>>({.backend = backend});
    const auto next = [](Root<Node>& node) {
      const Root<Node> made = midden::make<Node>();
      made->number = node == nullptr ? 1 : node->number + 1;
      node = made;
    };
    CHECK(nodes->update(1, next)->number == 1);
    CHECK(nodes->update(1, next)->number == 2);
    CHECK(nodes->update(1, [](Root<Node>& node) { node = nullptr; }) == nullptr);
    CHECK(nodes->contains(1));
    CHECK(nodes->update(1, next)->number == 1);

    const auto nothings = midden::make_concurrent_map<std::int64_t, Nothing>({.backend = backend});
    nothings->update(1, [](Nothing&) {});
    nothings->update(1, [](Nothing&) {});
    CHECK(nothings->size() == 1);
  });
}

TEST_CASE("update compares the bytes that are stored, padding and all") {
  for_each_concurrent_backend([](const std::string& backend) {
    Runtime runtime(map_config());
    Attach here(runtime);
    const auto map = midden::make_concurrent_map<std::int64_t, Padded>({.backend = backend});
    for (const int filling : {0, 0x55, 0xFF}) {
      alignas(Padded) std::byte memory[sizeof(Padded)];
      std::memset(memory, filling, sizeof memory);
      auto& padded = *new (memory) Padded;
      padded.number = filling;
      map->insert_or_assign(1, padded);
      CHECK(map->update(1, [](Padded& value) { ++value.number; }).number == filling + 1);
      CHECK(map->erase_if(1, [&](const Padded& value) { return value.number == filling + 1; }));
    }
  });
}

TEST_CASE("erase_if erases where the value is as it is to be") {
  for_each_concurrent_backend([](const std::string& backend) {
    Runtime runtime(map_config());
    Attach here(runtime);
    const auto numbers = midden::make_concurrent_map<std::int64_t, std::int64_t>({.backend = backend});
    const auto odd = [](std::int64_t n) { return n % 2 != 0; };
    CHECK_FALSE(numbers->erase_if(1, odd));
    numbers->insert_or_assign(1, 2);
    CHECK_FALSE(numbers->erase_if(1, odd));
    CHECK(numbers->contains(1));
    numbers->insert_or_assign(1, 3);
    CHECK(numbers->erase_if(1, odd));
    CHECK(numbers->empty());

    const auto texts = midden::make_concurrent_map<std::string_view, std::string_view>({.backend = backend});
    texts->insert_or_assign("a", "b");
    CHECK_FALSE(texts->erase_if("a", [](std::string_view text) { return text.empty(); }));
    CHECK(texts->erase_if("a", [](std::string_view text) { return text == "b"; }));

    const auto nodes = midden::make_concurrent_map<std::int64_t, Ref<Node>>({.backend = backend});
    const Root<Node> node = midden::make<Node>();
    nodes->insert_or_assign(1, node);
    CHECK_FALSE(nodes->erase_if(1, [](const Root<Node>& value) { return value == nullptr; }));
    CHECK(nodes->erase_if(1, [&](const Root<Node>& value) { return value == node; }));
    CHECK(nodes->empty());
  });
}

TEST_CASE("get_or_insert_with makes a value only where there is none") {
  for_each_concurrent_backend([](const std::string& backend) {
    Runtime runtime(map_config());
    Attach here(runtime);
    int made = 0;
    const auto nodes = midden::make_concurrent_map<std::string_view, Ref<Node>>({.backend = backend});
    const auto make_node = [&] {
      ++made;
      return midden::make<Node>();
    };
    const Root<Node> first = nodes->get_or_insert_with("a", make_node);
    CHECK(nodes->get_or_insert_with("a", make_node) == first);
    CHECK(nodes->at("a") == first);
    CHECK(made == 1);
    const auto texts = midden::make_concurrent_map<std::int64_t, std::string_view>({.backend = backend});
    CHECK(texts->get_or_insert_with(1, [] { return "made"; }) == "made");
    CHECK(texts->get_or_insert_with(1, [] { return std::string("again"); }) == "made");
    const auto numbers = midden::make_concurrent_map<std::int64_t, std::int64_t>({.backend = backend});
    CHECK(numbers->get_or_insert_with(1, [] { return 5; }) == 5);
  });
}

TEST_CASE("A function that is given may allocate, collect and use the map, and what it throws changes nothing") {
  for_each_concurrent_backend([](const std::string& backend) {
    Runtime runtime(stressed_config(1));
    Attach here(runtime);
    auto root = midden::make_concurrent_map<std::int64_t, std::int64_t>({.backend = backend});
    auto* const map = root.get();
    int calls = 0;
    CHECK(map->update(1, [&](std::int64_t& value) {
      root = nullptr;
      midden::make_string("something else");
      runtime.collect();
      // Another value than was seen: it is called once more.
      if (++calls == 1) map->insert_or_assign(1, 100);
      value += 7;
    }) == 107);
    CHECK(calls == 2);
    root = map;
    CHECK_THROWS_AS(map->update(1, [](std::int64_t&) { throw std::runtime_error("of the function"); }),
                    std::runtime_error);
    CHECK_THROWS_AS(map->erase_if(1, [](std::int64_t) -> bool { throw std::runtime_error("of the function"); }),
                    std::runtime_error);
    CHECK_THROWS_AS(map->get_or_insert_with(2, []() -> std::int64_t { throw std::runtime_error("of the function"); }),
                    std::runtime_error);
    CHECK(map->at(1) == 107);
    CHECK(map->size() == 1);
    CHECK(map->erase_if(1, [&](std::int64_t value) {
      if (value == 107) map->insert_or_assign(1, 108);
      return true;
    }));
    CHECK(map->empty());
    CHECK(map->get_or_insert_with(1, [&] {
      map->insert_or_assign(1, 9);
      return 10;
    }) == 9);
  });
}

TEST_CASE("A concurrent map names what is out of range, too large, or not attached") {
  for_each_concurrent_backend([](const std::string& backend) {
    Runtime runtime(map_config());
    Attach here(runtime);
    const auto map = midden::make_concurrent_map<std::string_view, std::string_view>({.backend = backend});
    CHECK_THROWS_AS(map->at("a"), std::out_of_range);
    const std::string long_key(midden::max_map_key_bytes + 1, 'k');
    CHECK_THROWS_AS(map->insert_or_assign(long_key, ""), midden::TooLarge);
    CHECK_THROWS_AS(map->update(long_key, [](std::string&) {}), midden::TooLarge);
    CHECK_THROWS_AS(map->get_or_insert_with(long_key, [] { return ""; }), midden::TooLarge);
    CHECK(map->empty());
    const auto refused = [](auto f) {
      bool thrown = false;
      std::thread other([&] {
        try {
          f();
        } catch (const midden::NotAttached&) {
          thrown = true;
        }
      });
      const midden::Blocked blocked;
      other.join();
      return thrown;
    };
    auto* const raw = map.get();
    CHECK(refused([&] { raw->insert_or_assign("b", "2"); }));
    CHECK(refused([&] { raw->update("b", [](std::string&) {}); }));
    CHECK(refused([&] { raw->erase_if("b", [](std::string_view) { return true; }); }));
    CHECK(refused([&] { raw->get_or_insert_with("b", [] { return ""; }); }));
    CHECK(refused([&] { raw->contains("a"); }));
    CHECK(refused([&] { raw->find("a"); }));
    CHECK(refused([&] { raw->begin(); }));
    CHECK(refused([&] { midden::make_concurrent_map<std::int64_t, std::int64_t>(); }));
    Runtime other(map_config());
    Attach there(other);
    CHECK_THROWS_AS(raw->get("a"), midden::NotAttached);
    CHECK_THROWS_AS(raw->get(there, "a"), midden::NotAttached);
  });
}

TEST_CASE("A concurrent map of maps keeps the inner ones alive, and drops what it no longer refers to") {
  for_each_concurrent_backend([](const std::string& backend) {
    using Inner = ConcurrentMap<std::int64_t, std::string_view>;
    Runtime runtime(map_config());
    Attach here(runtime);
    const auto outer = midden::make_concurrent_map<std::string_view, Ref<Inner>>({.backend = backend});
    const auto live = [&] {
      runtime.collect();
      return runtime.last_cycle().objects_marked;
    };
    outer->insert_or_assign("only", nullptr);
    const std::uint64_t before = live();
    for (int i = 0; i < 20; ++i) {
      const auto inner = midden::make_concurrent_map<std::int64_t, std::string_view>({.backend = backend});
      inner->insert_or_assign(i, std::to_string(i));
      outer->insert_or_assign("map " + std::to_string(i), inner);
      runtime.collect();
    }
    for (int i = 0; i < 20; ++i) CHECK(outer->at("map " + std::to_string(i))->at(i) == std::to_string(i));
    outer->clear();
    outer->insert_or_assign("only", nullptr);
    CHECK(live() <= before + 64);  // shards that had no map have one now
  });
}

TEST_CASE("The name of a concurrent map's backend is the one that was asked for or configured") {
  midden::Config config = map_config();
  config.map = "skiplist";
  Runtime runtime(config);
  Attach here(runtime);
  CHECK(midden::make_concurrent_map<std::int64_t, std::int64_t>()->backend_name() == "skiplist");
  CHECK(midden::make_concurrent_map<std::int64_t, std::int64_t>({.backend = "hash"})->backend_name() == "hash");
  CHECK_THROWS_AS((midden::make_concurrent_ordered_map<std::int64_t, std::int64_t>({.backend = "hash"})),
                  midden::ConfigError);
}

TEST_CASE("A concurrent ordered map walks both ways, in ranges and in parts") {
  for_each_ordered_backend<std::string_view, std::int64_t>([](const std::string& backend) {
    if (is_always_rebuilt(backend)) return;
    Runtime runtime(map_config());
    Attach here(runtime);
    const auto map = midden::make_concurrent_ordered_map<std::string_view, std::int64_t>({.backend = backend});
    CHECK_FALSE(map->begin());
    CHECK_FALSE(map->last());
    CHECK_FALSE(map->lower_bound("key"));
    CHECK(map->split(4).size() == 1);
    const auto key = [](int i) { return "key " + std::to_string(1000 + i); };
    for (int i = 0; i < 300; ++i) map->insert_or_assign(key(i), i);
    std::int64_t next = 0;
    for (const auto entry : *map) CHECK(entry.value == next++);
    CHECK(next == 300);
    auto back = map->last();
    for (next = 299; back; --back) CHECK(back.value() == next--);
    CHECK(next == -1);
    CHECK(map->lower_bound(key(17) + "a").value() == 18);
    std::int64_t sum = 0;
    for (const auto entry : map->range(key(10), key(13))) sum += entry.value;
    CHECK(sum == 33);
    CHECK(map->range_from(key(299)).begin().value() == 299);
    std::size_t with_prefix = 0;
    for (auto cursor = map->prefix("key 101").begin(); cursor; ++cursor) ++with_prefix;
    CHECK(with_prefix == 10);
    next = 0;
    for (const auto& range : map->split(5)) {
      for (const auto entry : range) CHECK(entry.value == next++);
    }
    CHECK(next == 300);
    CHECK(map->update(key(1), [](std::int64_t& value) { value = -1; }) == -1);
  });
}
