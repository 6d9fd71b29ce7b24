// Moving entries where memory lacks: none is lost, and none is there twice.

#include <string_view>
#include <vector>

#include "tests/containers/map_walk.hpp"
#include "tests/containers/rebuild/pairs.hpp"

using midden::Attach;
using midden::OutOfMemory;
using midden::Ref;
using midden::Root;
using midden::Runtime;

namespace {

// Backends of this test stand in the registry for the whole run: tables of others whose erase fails now and then.
int erasures = 0;
int fail_every = 0;  // 0: none fails

template <const char*& inner>
const midden::MapOps* fallible_ops(const midden::MapShape& shape) {
  static const midden::MapOps* const sound = midden::find_map_backend(inner)->ops(shape);
  static const midden::MapOps table = [] {
    midden::MapOps made = *sound;
    made.erase = [](Attach& here, midden::MapState& state, midden::MapKey key) {
      if (fail_every != 0 && ++erasures % fail_every == 0) throw OutOfMemory("no memory to erase");
      return sound->erase(here, state, key);
    };
    return made;
  }();
  return &table;
}
const char* inner_hash = "hash";
const char* inner_list = "skiplist";

void fallible_backends() {
  if (midden::find_map_backend("fallible-hash") != nullptr) return;
  midden::register_map_backend({"fallible-hash", fallible_ops<inner_hash>});
  midden::register_map_backend({"fallible-list", fallible_ops<inner_list>});
}

}  // namespace

TEST_CASE("A collection may come at every allocation of a rebuild") {
  for_each_pair([](const std::string& from, const std::string& to) {
    for_each_value([&]<class V>() {
      Runtime runtime(stressed_config(3));
      Attach here(runtime);
      Bench<std::string_view, V> bench(runtime, from);
      fill(bench, 60);
      bench.map().rebuild(to);
      bench.erase(5);
      bench.compare();
      bench.map().finish_rebuild();
      bench.compare();
    });
  });
}

TEST_CASE("A rebuild that lacks memory loses nothing, and goes on when there is some") {
  std::uint64_t failed = 0;
  for_each_pair([&](const std::string& from, const std::string& to) {
    const auto check = [&]<class V>() {
      midden::Config config = map_config();
      config.heap_max = std::size_t{8} << 20;
      Runtime runtime(config);
      Attach here(runtime);
      Bench<std::string_view, V> bench(runtime, from);
      fill(bench, 500);
      bench.map().rebuild(to);
      std::vector<Root<midden::Array<std::byte>>> ballast;
      for (const std::size_t bytes : {std::size_t{60'000}, std::size_t{1000}, std::size_t{16}}) {
        try {
          while (true) ballast.push_back(midden::make_array<std::byte>(bytes));
        } catch (const OutOfMemory&) {
        }
      }
      while (bench.map().stats().rebuilding) {
        try {
          bench.map().finish_rebuild();
        } catch (const OutOfMemory&) {
          ++failed;
          bench.compare_sizes();
          if (!ballast.empty()) ballast.erase(ballast.begin());  // a block
          // A walk needs a little of it.
          if (failed % 4 == 0) {
            try {
              std::size_t shown = 0;
              for ([[maybe_unused]] const auto entry : bench.map()) ++shown;
              must(shown == bench.model().size(), "each entry is there once");
            } catch (const OutOfMemory&) {
            }
          }
          try {
            bench.erase(failed % 500);
          } catch (const OutOfMemory&) {
          }
        }
      }
      ballast.clear();
      bench.compare();
    };
    check.template operator()<std::int64_t>();
    check.template operator()<std::string_view>();
    check.template operator()<Ref<Node>>();
  });
  CHECK(failed > 20);
}

TEST_CASE("An entry that was moved and could not be erased is there once") {
  fallible_backends();
  std::uint64_t stream = 1600;
  for (const char* const from : {"fallible-hash", "fallible-list"}) {
    for (const char* const to : {"skiplist", "hash", "sorted-array", "fallible-list", "fallible-hash"}) {
      if (std::string_view(from) == to) continue;
      INFO("from " << from << " to " << to);
      std::mt19937_64 random = test_generator(++stream);
      Runtime runtime(map_config());
      Attach here(runtime);
      Bench<std::string_view, std::int64_t> bench(runtime, from);
      fill(bench, 200);
      bench.map().rebuild(to);
      std::uint64_t failed = 0;
      while (bench.map().stats().rebuilding) {
        try {
          fail_every = 2 + static_cast<int>(random() % 9);
          bench.step(random, 300, 5);
          if (random() % 4 == 0) bench.map().finish_rebuild();
        } catch (const OutOfMemory&) {
          ++failed;
          if (failed % 50 == 0) bench.clear();
        }
        fail_every = 0;
        bench.compare();
        if (random() % 8 == 0) walk_while(bench, 1, [&] { bench.step(random, 300, 5); });
      }
      CHECK(failed > 5);
      bench.compare();
    }
  }
}
