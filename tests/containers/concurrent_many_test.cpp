// Many keys in one call of a concurrent map, beside threads that write it.

#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

#include <midden/concurrent_map.hpp>

#include "tests/containers/map_suite.hpp"
#include "tests/support/sanitized.hpp"

using midden::Attach;
using midden::Runtime;

TEST_CASE("find_many beside writers finds what lasts, each with a value that it has had") {
  for_each_concurrent_backend([](const std::string& backend) {
    constexpr std::int64_t count = 2000;
    Runtime runtime(shared_config());
    Attach here(runtime);
    const auto map = midden::make_concurrent_map<std::int64_t, std::int64_t>({.backend = backend});
    // Even keys last, and are overwritten; odd ones come and go.
    for (std::int64_t key = 0; key < count; key += 2) map->insert_or_assign(key, key);
    std::atomic<bool> over{false};
    std::vector<std::thread> writers;
    for (unsigned t = 0; t < 2; ++t) {
      writers.emplace_back([&, t] {
        Attach own(runtime);
        std::mt19937_64 random = test_generator(730 + t);
        while (!over) {
          const auto key = static_cast<std::int64_t>(random() % count);
          if (key % 2 != 0 && random() % 2 == 0) {
            map->erase(own, key);
          } else {
            map->insert_or_assign(own, key, key + static_cast<std::int64_t>(random() % 4) * count);
          }
        }
      });
    }
    std::mt19937_64 random = test_generator(732);
    const auto ask = [&](const auto& asked, const std::vector<std::int64_t>& keys) {
      asked->find_many(keys, [&](std::int64_t key, const auto* value) {
        must(value != nullptr || key % 2 != 0, "what lasts is found");
        must(value == nullptr || *value % count == key, "with a value that was written");
      });
    };
    for (int round = 0; round < (sanitized ? 40 : 200); ++round) {
      std::vector<std::int64_t> keys;
      for (int i = 0; i < 100; ++i) keys.push_back(static_cast<std::int64_t>(random() % count));
      if (round % 2 == 0) std::sort(keys.begin(), keys.end());
      ask(map, keys);
      if (round % 10 == 0) ask(map->snapshot(), keys);
    }
    over = true;
    const midden::Blocked blocked;
    for (std::thread& writer : writers) writer.join();
  });
}
