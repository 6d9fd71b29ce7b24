// Maps at the limit of the heap: an operation that runs out of memory has changed nothing.

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
  Ballast() {
    for (const std::size_t bytes : {std::size_t{100000}, std::size_t{1000}, std::size_t{16}}) take(bytes);
  }
  // Large pieces, of 100,000 bytes each.
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
    // A walk needs some memory, too.
    ballast.give_back(1);
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
