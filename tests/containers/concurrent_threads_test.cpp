// Concurrent maps of every backend, used by four threads at once.

#include <atomic>
#include <barrier>
#include <functional>
#include <thread>
#include <vector>

#include "tests/containers/map_suite.hpp"
#include "tests/support/sanitized.hpp"

using midden::Attach;
using midden::ConcurrentMap;
using midden::Ref;
using midden::Root;
using midden::Runtime;

namespace {

constexpr unsigned thread_count = 4;

// Runs f(attach, number of the thread) on all threads, which begin together. This thread is Blocked meanwhile.
void together(Runtime& runtime, const std::function<void(Attach&, unsigned)>& f, unsigned count = thread_count) {
  std::barrier begin(count);
  std::vector<std::thread> threads;
  for (unsigned t = 0; t < count; ++t) {
    threads.emplace_back([&, t] {
      Attach here(runtime);
      {
        const midden::Blocked blocked;
        begin.arrive_and_wait();
      }
      f(here, t);
    });
  }
  const midden::Blocked blocked;
  for (std::thread& thread : threads) thread.join();
}

// Collects all the time while it lives.
class Collecting {
 public:
  explicit Collecting(Runtime& runtime)
      : thread_([this, &runtime] {
          while (!over_) runtime.collect();
        }) {}
  ~Collecting() {
    over_ = true;
    const midden::Blocked blocked;
    thread_.join();
  }

 private:
  std::atomic<bool> over_{false};
  std::thread thread_;
};

int scaled(const std::string& backend, int operations) {
  return operations / (sanitized ? 4 : 1) / (backend == "sorted-array" ? 10 : 1);
}

// Eight threads on a hundred keys: each writes and erases those that are its own, with values that rise, and looks at
// all.
midden::MapStats reuse_memory(const std::string& backend, std::int64_t operations) {
  constexpr unsigned threads = 8;
  constexpr std::int64_t keys = 100;
  Runtime runtime(shared_config());
  Attach here(runtime);
  const auto map = midden::make_concurrent_map<std::int64_t, std::int64_t>({.backend = backend});
  std::atomic<int> wrong{0};
  const auto act = [&](Attach& own, unsigned t) {
    std::mt19937_64 random = test_generator(1090 + t);
    std::vector<std::int64_t> seen(keys, -1);
    std::vector<bool> there(keys, false);
    std::int64_t last = 0;
    for (std::int64_t i = 0; i < operations / threads; ++i) {
      const std::uint64_t dice = random();
      const auto n = static_cast<std::int64_t>(dice % keys);
      const auto at = static_cast<std::size_t>(n);
      const bool is_own = n % threads == t;
      if (is_own && dice >> 62 == 0) {
        if (map->erase(own, n) != there[at]) ++wrong;
        there[at] = false;
      } else if (is_own) {
        if (map->insert_or_assign(own, n, n + ++last * keys) == there[at]) ++wrong;
        there[at] = true;
        seen[at] = last;
      } else if (const auto found = map->get(own, n)) {
        if (*found % keys != n || *found / keys < seen[at]) ++wrong;
        seen[at] = *found / keys;
      }
    }
  };
  together(runtime, act, threads);
  CHECK(wrong == 0);
  return map->stats();
}

}  // namespace

TEST_CASE("Threads that write the same few keys over and over see no value of another key, and none that is older") {
  for_each_concurrent_backend([](const std::string& backend) { reuse_memory(backend, scaled(backend, 1'000'000)); });
}

// They write some ten thousand million bytes. What waits for a grace period depends on how long threads wait for a
// processor: where there are two, 9 MB were seen.
TEST_CASE("A thousand million operations on a hundred keys stay in 64 MiB", "[.large]") {
  CHECK(reuse_memory("skiplist", 1'000'000'000).bytes <= std::size_t{64} << 20);
}

TEMPLATE_TEST_CASE("Threads with keys of their own find what they have written, beside collections", "", std::int64_t,
                   std::string_view, Ref<Node>) {
  for_each_concurrent_backend([](const std::string& backend) {
    midden::Config config = shared_config();
    config.check = true;
    Runtime runtime(config);
    Attach here(runtime);
    const auto map = midden::make_concurrent_map<std::string_view, TestType>({.backend = backend});
    std::atomic<int> wrong{0};
    {
      const Collecting collecting(runtime);
      together(runtime, [&](Attach& own, unsigned t) {
        std::mt19937_64 random = test_generator(1030 + t);
        std::map<std::uint64_t, std::uint64_t> model;
        const int operations = scaled(backend, 6000);
        for (int i = 0; i < operations; ++i) {
          const std::uint64_t n = random() % 200 * thread_count + t;
          const std::string key = Kind<std::string_view>::make(n);
          const std::uint64_t value = random() % 1000;
          if (random() % 3 != 0) {
            const bool inserted = map->insert_or_assign(own, key, Kind<TestType>::make(value));
            if (inserted != model.insert_or_assign(n, value).second) ++wrong;
          } else if (map->erase(own, key) != (model.erase(n) == 1)) {
            ++wrong;
          }
          const auto found = map->get(own, key);
          if (found.has_value() != model.contains(n)) ++wrong;
          if (found && !is_value(*found, model[n])) ++wrong;
        }
        for (const auto& [n, value] : model) {
          const auto found = map->get(own, Kind<std::string_view>::make(n));
          if (!found || !is_value(*found, value)) ++wrong;
        }
      });
    }
    CHECK(wrong == 0);
  });
}

TEMPLATE_TEST_CASE("Updates of all threads add up", "", std::int64_t, std::string_view, Ref<Node>) {
  for_each_concurrent_backend([](const std::string& backend) {
    Runtime runtime(shared_config());
    Attach here(runtime);
    const auto map = midden::make_concurrent_map<std::int64_t, TestType>({.backend = backend});
    const int operations = scaled(backend, 20'000);
    together(runtime, [&](Attach&, unsigned) {
      for (int i = 0; i < operations; ++i) {
        if constexpr (std::is_same_v<TestType, std::int64_t>) {
          map->update(i % 5, [](std::int64_t& value) { ++value; });
        } else if constexpr (std::is_same_v<TestType, std::string_view>) {
          map->update(i % 5, [](std::string& text) { text = std::to_string(text.empty() ? 1 : std::stoi(text) + 1); });
        } else {
          map->update(i % 5, [](Root<Node>& node) {
            const Root<Node> next = midden::make<Node>();
            next->number = node == nullptr ? 1 : node->number + 1;
            node = next;
          });
        }
      }
    });
    for (std::int64_t key = 0; key < 5; ++key) {
      const int expected = operations / 5 * static_cast<int>(thread_count);
      if constexpr (std::is_same_v<TestType, std::int64_t>) {
        CHECK(map->at(key) == expected);
      } else if constexpr (std::is_same_v<TestType, std::string_view>) {
        CHECK(map->at(key) == std::to_string(expected));
      } else {
        CHECK(map->at(key)->number == static_cast<std::uint64_t>(expected));
      }
    }
  });
}

TEST_CASE("get_or_insert_with gives all threads one object") {
  for_each_concurrent_backend([](const std::string& backend) {
    Runtime runtime(shared_config());
    Attach here(runtime);
    const auto map = midden::make_concurrent_map<std::int64_t, Ref<Node>>({.backend = backend});
    const int keys = scaled(backend, 2000);
    std::vector<std::vector<const Node*>> seen(thread_count);
    together(runtime, [&](Attach&, unsigned t) {
      for (int i = 0; i < keys; ++i) {
        seen[t].push_back(map->get_or_insert_with(i, [&] { return midden::make<Node>(); }).get());
      }
    });
    for (unsigned t = 1; t < thread_count; ++t) CHECK(seen[t] == seen[0]);
    CHECK(map->size() == static_cast<std::size_t>(keys));
  });
}

TEST_CASE("Of each token that threads take out of a map one gets it") {
  for_each_concurrent_backend([](const std::string& backend) {
    Runtime runtime(shared_config());
    Attach here(runtime);
    const auto map = midden::make_concurrent_map<std::string_view, std::int64_t>({.backend = backend});
    const int tokens = scaled(backend, 4000);
    for (int i = 0; i < tokens; ++i) map->insert_or_assign("token " + std::to_string(i), i);
    std::atomic<int> taken{0};
    together(runtime, [&](Attach& own, unsigned t) {
      for (int i = 0; i < tokens; ++i) {
        const std::string key = "token " + std::to_string(i);
        const bool got = t % 2 == 0 ? map->erase(own, key) : map->erase_if(key, [](std::int64_t) { return true; });
        taken += got ? 1 : 0;
      }
    });
    CHECK(taken == tokens);
    CHECK(map->empty());
  });
}

TEST_CASE("Two first writers agree on where the entries are") {
  for_each_concurrent_backend([](const std::string& backend) {
    Runtime runtime(shared_config());
    Attach here(runtime);
    const int rounds = sanitized ? 20 : 100;
    for (int i = 0; i < rounds; ++i) {
      const auto map = midden::make_concurrent_map<std::int64_t, std::int64_t>({.backend = backend});
      together(runtime, [&](Attach& own, unsigned t) { map->insert_or_assign(own, t, i); });
      REQUIRE(map->size() == thread_count);
      for (unsigned t = 0; t < thread_count; ++t) REQUIRE(map->at(t) == i);
    }
  });
}

TEST_CASE("A pin may be read and ended where the thread is not attached") {
  for_each_concurrent_backend([](const std::string& backend) {
    Runtime runtime(shared_config());
    Attach here(runtime);
    const std::string large(100'000, 'v');
    const auto must_be_read = [&](const auto& map) {
      map->insert_or_assign("k", large);
      midden::EntryPin pin = map->pin("k");
      bool right = false;
      std::thread reader([&, taken = std::move(pin)]() mutable {
        right = taken.key() == "k" && taken.value() == large;
        taken.release();
      });
      map->erase("k");
      runtime.collect();
      {
        const midden::Blocked away;
        reader.join();
      }
      REQUIRE(right);
      REQUIRE(runtime.pins().count == 0);
    };
    must_be_read(midden::make_map<std::string_view, std::string_view>({.backend = backend}));
    must_be_read(midden::make_concurrent_map<std::string_view, std::string_view>({.backend = backend}));
  });
}

TEST_CASE("A concurrent map stays whole when many allocations collect, of any thread") {
  for_each_concurrent_backend([](const std::string& backend) {
    midden::Config config = shared_config();
    config.check = true;
    config.stress.alloc = 5;
    Runtime runtime(config);
    Attach here(runtime);
    const auto map = midden::make_concurrent_map<std::string_view, Ref<Node>>({.backend = backend});
    std::atomic<int> wrong{0};
    together(runtime, [&](Attach& own, unsigned t) {
      std::mt19937_64 random = test_generator(1040 + t);
      for (int i = 0; i < (sanitized ? 60 : 300); ++i) {
        const std::uint64_t n = random() % 40;
        const std::string key = Kind<std::string_view>::make(n);
        switch (random() % 4) {
          case 0:
            map->erase(own, key);
            break;
          case 1:
            map->update(key, [&](Root<Node>& node) { node = Kind<Ref<Node>>::make(n); });
            break;
          default:
            map->insert_or_assign(own, key, Kind<Ref<Node>>::make(n));
        }
        const auto found = map->get(own, key);
        if (found && !is_value(*found, n)) ++wrong;
      }
    });
    CHECK(wrong == 0);
    std::size_t shown = 0;
    for (auto cursor = map->begin(); cursor; ++cursor) ++shown;
    CHECK(shown == map->size());
  });
}

TEST_CASE("Readers, walkers and askers for figures run beside a writer and clears") {
  for_each_concurrent_backend([](const std::string& backend) {
    midden::Config config = shared_config();
    config.gc_floor = std::size_t{1} << 20;
    Runtime runtime(config);
    Attach here(runtime);
    const auto map = midden::make_concurrent_map<std::string_view, std::string_view>({.backend = backend});
    std::atomic<bool> over{false};
    std::atomic<int> wrong{0};
    const auto text = [](std::uint64_t n) { return "the text of number " + std::to_string(n); };
    together(runtime, [&](Attach& own, unsigned t) {
      std::mt19937_64 random = test_generator(1050 + t);
      if (t == 0) {
        const int operations = scaled(backend, 20'000);
        for (int i = 0; i < operations; ++i) {
          const std::uint64_t n = random() % 150;
          map->insert_or_assign(own, std::to_string(n), text(n));
          if (random() % 4 == 0) map->erase(own, std::to_string(random() % 150));
          if (i % 500 == 0) map->clear();
        }
        over = true;
      }
      while (!over) {
        const std::uint64_t n = random() % 150;
        const auto found = map->find(std::to_string(n));
        if (found && *found != text(n)) ++wrong;
        if (t == 1) {
          for (const auto entry : *map) {
            if (entry.value != text(std::stoull(std::string(entry.key)))) ++wrong;
          }
        }
        if (t == 2 && map->stats().entries > 150) ++wrong;
        if (map->size() > 150) ++wrong;
      }
    });
    CHECK(wrong == 0);
  });
}

TEST_CASE("Threads that run a heap full leave the map intact") {
  for_each_concurrent_backend([](const std::string& backend) {
    midden::Config config = shared_config();
    config.heap_max = std::size_t{8} << 20;
    Runtime runtime(config);
    Attach here(runtime);
    const auto map = midden::make_concurrent_map<std::string_view, std::string_view>({.backend = backend});
    const std::size_t size = backend == "sorted-array" ? 20'000 : 2000;
    std::vector<std::vector<std::string>> written(thread_count);
    std::atomic<int> refused{0};
    together(runtime, [&](Attach& own, unsigned t) {
      for (int i = 0; i < 100'000 && refused < 20; ++i) {
        const std::string key = std::to_string(t) + " " + std::to_string(i);
        try {
          map->insert_or_assign(own, key, key + std::string(size, 'v'));
          written[t].push_back(key);
        } catch (const midden::OutOfMemory&) {
          ++refused;
        }
      }
    });
    CHECK(refused >= 20);
    std::size_t entries = 0;
    std::size_t wrong = 0;
    for (const auto& keys : written) {
      entries += keys.size();
      for (const std::string& key : keys) wrong += map->get(key) == key + std::string(size, 'v') ? 0U : 1U;
    }
    CHECK(wrong == 0);
    CHECK(map->size() == entries);
    map->clear();
    CHECK(map->empty());
    CHECK(map->insert_or_assign("room again", "yes"));
  });
}

TEST_CASE("The parts of an ordered map are walked by several threads while another writes") {
  for_each_ordered_backend<std::int64_t, std::int64_t>([](const std::string& backend) {
    if (is_always_rebuilt(backend)) return;
    Runtime runtime(shared_config());
    Attach here(runtime);
    const auto map = midden::make_concurrent_ordered_map<std::int64_t, std::int64_t>({.backend = backend});
    const std::int64_t keys = scaled(backend, 20'000);
    for (std::int64_t i = 0; i < keys; ++i) map->insert_or_assign(2 * i, i);
    std::atomic<std::int64_t> lasting{0};
    std::atomic<int> walking{thread_count - 1};
    std::atomic<int> wrong{0};
    together(runtime, [&](Attach& own, unsigned t) {
      if (t == 0) {
        for (std::int64_t i = 0; walking > 0; ++i) {
          const std::int64_t key = 2 * (i * 7919 % keys) + 1;
          i % 3 == 0 ? map->erase(own, key) : map->insert_or_assign(own, key, 0);
        }
        return;
      }
      const auto parts = map->split(thread_count - 1);
      // Each thread cuts for itself, and the cuts may differ, so each walks all of its own parts.
      std::int64_t seen = 0;
      for (const auto& part : parts) {
        std::int64_t before = -1;
        for (const auto entry : part) {
          if (entry.key <= before) ++wrong;
          before = entry.key;
          seen += entry.key % 2 == 0 ? 1 : 0;
        }
      }
      lasting += seen;
      --walking;
    });
    CHECK(wrong == 0);
    CHECK(lasting == keys * (thread_count - 1));
  });
}

TEMPLATE_TEST_CASE("Snapshots beside writers and collections show one moment", "", std::int64_t, std::string_view) {
  for_each_concurrent_backend([](const std::string& backend) {
    Runtime runtime(shared_config());
    Attach here(runtime);
    const midden::GlobalRoot<ConcurrentMap<TestType, std::int64_t>> shared(
        midden::make_concurrent_map<TestType, std::int64_t>(here, {.backend = backend}));
    std::atomic<unsigned> writing{thread_count - 1};
    std::atomic<int> wrong{0};
    const Collecting collecting(runtime);
    constexpr std::uint64_t pairs = 20;
    // Each writer counts up the first of a pair, then the second.
    together(runtime, [&](Attach& attach, unsigned t) {
      ConcurrentMap<TestType, std::int64_t>& map = *shared.get();
      const auto key = [](std::uint64_t pair, std::uint64_t side) { return Kind<TestType>::make(2 * pair + side); };
      if (t < thread_count - 1) {
        auto random = test_generator(890 + t);
        std::array<std::int64_t, pairs> counts{};
        for (int i = scaled(backend, 20'000); i > 0; --i) {
          const std::uint64_t pair = random() % pairs;
          ++counts[pair];
          map.insert_or_assign(attach, key(pair * thread_count + t, 0), counts[pair]);
          map.insert_or_assign(attach, key(pair * thread_count + t, 1), counts[pair]);
        }
        --writing;
        return;
      }
      while (writing != 0) {
        const auto then = map.snapshot();
        std::size_t entries = 0;
        for ([[maybe_unused]] const auto entry : *then) ++entries;
        wrong += entries != then->size();
        for (std::uint64_t pair = 0; pair < pairs * thread_count; ++pair) {
          const std::int64_t first = then->get(key(pair, 0)).value_or(0);
          const std::int64_t second = then->get(key(pair, 1)).value_or(0);
          wrong += first != second && first != second + 1;
        }
      }
    });
    CHECK(wrong == 0);
  });
}
