// Maps and memory: an operation that runs out of it has changed nothing, what is erased goes back,
// and an empty map takes little.

#include <chrono>
#include <vector>

#include "tests/containers/map_suite.hpp"

using midden::Attach;
using midden::OutOfMemory;
using midden::Runtime;

namespace {

midden::Config small_heap() {
  midden::Config config = map_config();
  config.heap_max = std::size_t{8} << 20;
  return config;
}

// Takes all the memory there is, in pieces that can be given back.
class Ballast {
 public:
  explicit Ballast(std::size_t largest = 100000) {
    for (const std::size_t bytes : {largest, std::size_t{1000}, std::size_t{16}}) take(bytes);
  }
  // Largest pieces.
  void give_back(int pieces) { pieces_.erase(pieces_.begin(), pieces_.begin() + pieces); }
  void give_back_all() { pieces_.clear(); }

 private:
  void take(std::size_t bytes) {
    try {
      while (true) pieces_.push_back(midden::make_array<std::byte>(bytes));
    } catch (const OutOfMemory&) {
    }
  }

  std::vector<midden::Root<midden::Array<std::byte>>> pieces_;
};

}  // namespace

TEMPLATE_TEST_CASE("A map that cannot grow stays as it was and goes on when there is room again", "", std::int64_t,
                   std::string_view) {
  for_each_backend([](const std::string& backend) {
    Runtime runtime(small_heap());
    Attach here(runtime);
    Bench<TestType, std::string_view> bench(runtime, backend);
    Ballast ballast;
    ballast.give_back(5);
    int refused = 0;
    std::uint64_t n = 0;
    for (; refused < 5 && n < 50000; ++n) {
      try {
        bench.assign(n, n);
      } catch (const OutOfMemory&) {
        ++refused;
        bench.compare_sizes();
      }
    }
    REQUIRE(refused == 5);
    // A walk needs some memory, too, and a rebuild has two maps.
    ballast.give_back(is_always_rebuilt(backend) ? 20 : 1);
    bench.compare();
    // Overwriting and erasing still work, or fail without a trace.
    std::mt19937_64 random = test_generator(500);
    for (int i = 0; i < 50; ++i) {
      try {
        bench.step(random, n, 5);
      } catch (const OutOfMemory&) {
        bench.compare_sizes();
      }
    }
    bench.compare();
    ballast.give_back_all();
    for (std::uint64_t more = 0; more < 200; ++more) bench.assign(n + more, more);
    bench.compare();
  });
}

TEST_CASE("Erasing works in a heap without room, down to the last entry") {
  for_each_backend([](const std::string& backend) {
    Runtime runtime(small_heap());
    Attach here(runtime);
    Bench<std::int64_t, std::int64_t> bench(runtime, backend);
    for (std::uint64_t n = 0; n < 600; ++n) bench.assign(n, n);
    Ballast ballast;
    for (std::uint64_t n = 0; n < 600; ++n) {
      // The test's own backend copies at each erase; a built-in one must do without memory.
      if (backend == "sorted-array" && n == 0) ballast.give_back_all();
      bench.erase(n);
    }
    bench.compare();
    CHECK(bench.map().empty());
  });
}

TEMPLATE_TEST_CASE("A write fails at each place where memory may lack, and leaves no trace", "", std::int64_t,
                   std::string_view) {
  // With a block more at each try, the write gets as far as one object more that has no room elsewhere.
  for_each_backend([](const std::string& backend) {
    std::uint64_t failed = 0;
    std::uint64_t stream = 930;
    const auto check = [&]<class V>() {
      // Sizes around those at which a hash table doubles, and some at which a list has new levels.
      for (const std::uint64_t entries : {0U, 4U, 8U, 46U, 52U, 104U, 208U, 416U}) {
        CAPTURE(entries);
        std::mt19937_64 random = test_generator(++stream);
        Runtime runtime(small_heap());
        Attach here(runtime);
        Bench<TestType, V> bench(runtime, backend);
        for (std::uint64_t n = 0; n < entries; ++n) bench.assign(n, n);
        Ballast ballast(60'000);  // pieces of a block each
        for (std::uint64_t writes = 0; writes < 12; ++writes) {
          const std::uint64_t n = random() % (entries + 20);
          bool done = false;
          while (!done) {
            try {
              random() % 4 == 0 ? bench.erase(n) : bench.assign(n, writes);
              done = true;
            } catch (const OutOfMemory&) {
              ++failed;
              bench.compare_sizes();
              ballast.give_back(1);
            }
          }
        }
        ballast.give_back_all();
        bench.compare();
      }
    };
    check.template operator()<std::int64_t>();
    check.template operator()<std::string_view>();
    check.template operator()<midden::Ref<Node>>();
    CHECK(failed > 8);  // of 288 writes; 20 to 60 as a rule
  });
}

TEST_CASE("A hash map from which nearly all is erased gives its memory back") {
  midden::Config config = map_config();
  config.memory_limit = std::size_t{4} << 20;  // past it a cycle gives free memory back at once
  Runtime runtime(config);
  Attach here(runtime);
  // One cycle finds what has died, the sweep frees its blocks, the next cycle gives them back.
  const auto committed = [&] {
    runtime.collect();
    while (!runtime.idle(std::chrono::milliseconds(100))) {
    }
    runtime.collect();
    return runtime.heap().committed_bytes;
  };
  const auto map = midden::make_map<std::string_view, std::string_view>({.backend = "hash"});
  const auto key = [](int i) { return "a key of some length " + std::to_string(i); };
  for (int i = 0; i < 100'000; ++i) map->insert_or_assign(key(i), "and its value");
  const std::size_t full = map->stats().bytes;
  const std::uint64_t full_heap = committed();
  CHECK(full_heap > full);
  for (int i = 0; i < 99'000; ++i) map->erase(key(i));
  CHECK(map->stats().bytes < full / 25);
  CHECK(committed() < full_heap / 4);
  for (int i = 99'000; i < 100'000; ++i) REQUIRE(map->get(key(i)) == "and its value");
}

TEMPLATE_TEST_CASE("An empty map takes 256 bytes of the heap at most", "", std::int64_t, midden::Ref<Node>) {
  for_each_backend([](const std::string& backend) {
    if (is_always_rebuilt(backend)) return;  // a map around another
    using Map = midden::Map<std::string_view, TestType>;
    constexpr std::size_t count = 100'000;
    Runtime runtime(map_config());
    Attach here(runtime);
    const auto maps = midden::make_array<midden::Ref<Map>>(count);
    const auto live = [&] {
      runtime.collect();
      return runtime.last_cycle().live_bytes;
    };
    const std::uint64_t before = live();
    for (midden::Ref<Map>& map : *maps) map = midden::make_map<std::string_view, TestType>({.backend = backend});
    CHECK((live() - before) / count <= 256);
  });
}

TEST_CASE("A value that does not fit leaves the entry as it was") {
  for_each_backend([](const std::string& backend) {
    Runtime runtime(small_heap());
    Attach here(runtime);
    const auto map = midden::make_map<std::string_view, std::string_view>({.backend = backend});
    map->insert_or_assign("a", "small");
    const std::string huge(std::size_t{8} << 20, 'h');
    CHECK_THROWS_AS(map->insert_or_assign("a", huge), std::exception);
    CHECK(map->at("a") == "small");
    CHECK_THROWS_AS(map->insert_or_assign("b", huge), std::exception);
    CHECK_THROWS_AS(map->insert_or_assign(huge, "b"), std::exception);
    CHECK(map->size() == 1);
    CHECK_FALSE(map->contains("b"));
    map->insert_or_assign("b", "small too");
    CHECK(map->at("b") == "small too");
  });
}
