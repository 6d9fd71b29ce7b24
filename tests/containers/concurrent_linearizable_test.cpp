// Random histories of four threads on each backend's concurrent maps, checked for linearizability.
//
// A round is some hundred operations of each thread on 1 to 16 keys, so that they meet; between rounds all have
// returned. The numbers derive from the test's seed, thread by thread, so that a run replays but for the
// interleaving. In some rounds a thread collects all the time, in some the updates give way to others between
// their read and their write, and in some the keys stand among others that come and go in such numbers that the
// nodes of an ordered map are cut and joined around them.

#include <atomic>
#include <barrier>
#include <thread>
#include <vector>

#include "tests/containers/linearizable.hpp"
#include "tests/containers/map_suite.hpp"
#include "tests/support/sanitized.hpp"

using midden::Attach;
using midden::Ref;
using midden::Root;
using midden::Runtime;

namespace {

constexpr unsigned thread_count = 4;

// Gives each call and return a time of its own. Sequentially consistent: a time that is later by it is later.
class Clock {
 public:
  std::uint64_t now() { return time_.fetch_add(1); }

 private:
  std::atomic<std::uint64_t> time_{1};
};

// Numbers as values of a map, and back; `owned` is what get returns, and what update changes.
template <class V>
struct Numbers;
template <>
struct Numbers<std::int64_t> {
  static std::int64_t value(std::int64_t n) { return n; }
  static std::int64_t number(std::int64_t owned) { return owned; }
};
template <>
struct Numbers<std::string_view> {
  // Of several lengths, and long ones too.
  static std::string value(std::int64_t n) {
    std::string text = std::to_string(n);
    return text + " " + std::string(static_cast<std::size_t>(n % 5) * 20, 'x');
  }
  static std::int64_t number(const std::string& owned) { return owned.empty() ? 0 : std::stoll(owned); }
};
template <>
struct Numbers<Ref<Node>> {
  static Root<Node> value(std::int64_t n) {
    const Root<Node> node = midden::make<Node>();
    node->number = static_cast<std::uint64_t>(n);
    return node;
  }
  static std::int64_t number(const Root<Node>& owned) {
    return owned == nullptr ? 0 : static_cast<std::int64_t>(owned->number);
  }
};

template <class Map>
class Historian {
  using V = typename Map::Value;
  using K = typename Map::Key;

 public:
  Historian(Runtime& runtime, const std::string& backend)
      : runtime_(runtime),
        map_(midden::make_concurrent_map<K, V>({.backend = backend})),
        keys_(most_keys),
        slow_when_large_(backend == "sorted-array") {}

  // False where what was seen cannot have been; then `fault` says what it was.
  bool play(std::uint64_t round, int operations) {
    std::mt19937_64 random = test_generator(10'000'000 + 10 * round);
    const std::uint64_t keys = std::uint64_t{1} << random() % 5;
    const bool collects = random() % 16 == 0;
    const bool gives_way = random() % 4 == 0;
    const bool among_others = random() % 4 == 0 && !slow_when_large_;
    std::vector<std::vector<std::pair<std::uint64_t, Operation>>> seen(thread_count);
    std::barrier begin(thread_count);
    std::atomic<unsigned> playing{thread_count};
    std::vector<std::thread> threads;
    for (unsigned t = 0; t < thread_count; ++t) {
      threads.emplace_back([&, t] {
        Attach here(runtime_);
        std::mt19937_64 own = test_generator(10'000'000 + 10 * round + 1 + t);
        seen[t].reserve(static_cast<std::size_t>(operations));
        {
          const midden::Blocked blocked;
          begin.arrive_and_wait();
        }
        for (int i = 0; i < operations; ++i) {
          const std::uint64_t key = own() % keys;
          Operation op{static_cast<Act>(own() % 7), static_cast<std::int64_t>(own() % 1000), 0, t, 0, 0};
          perform(here, key, op, gives_way);
          seen[t].emplace_back(key, op);
          if (among_others) disturb(here, key, i, own);
        }
        --playing;
      });
    }
    if (collects) {
      while (playing != 0) runtime_.collect();
    }
    {
      const midden::Blocked blocked;
      for (std::thread& thread : threads) thread.join();
    }
    return check(keys, seen);
  }
  const std::string& fault() const { return fault_; }
  Map& map() { return *map_; }

 private:
  static constexpr std::size_t most_keys = 16;
  static constexpr std::uint64_t spread = 1000;  // from one key to the next
  using N = Numbers<V>;

  // Writes a few keys next to that one, more and more of them and then fewer and fewer.
  void disturb(Attach& here, std::uint64_t n, int step, std::mt19937_64& random) {
    const bool growing = step / 50 % 2 == 0;
    for (int i = 0; i < 2; ++i) {
      const auto key = Kind<K>::make(n * spread + 1 + random() % (spread - 1));
      if (random() % 8 == 0 ? !growing : growing) {
        map_->insert_or_assign(here, key, N::value(step));
      } else {
        map_->erase(here, key);
      }
    }
  }

  void perform(Attach& here, std::uint64_t n, Operation& op, bool gives_way) {
    const auto key = Kind<K>::make(n * spread);
    const auto value = N::value(op.argument);
    op.called = clock_.now();
    switch (op.act) {
      case Act::find: {
        const auto found = map_->get(here, key);
        op.result = found ? N::number(*found) : Operation::absent;
        break;
      }
      case Act::insert:
        op.result = map_->try_emplace(here, key, value) ? 1 : 0;
        break;
      case Act::assign:
        op.result = map_->insert_or_assign(here, key, value) ? 1 : 0;
        break;
      case Act::erase:
        op.result = map_->erase(here, key) ? 1 : 0;
        break;
      case Act::add:
        op.result = N::number(map_->update(key, [&](auto& present) {
          if (gives_way) std::this_thread::yield();
          present = N::value(N::number(present) + op.argument);
        }));
        break;
      case Act::erase_odd:
        op.result = map_->erase_if(key, [](const auto& present) { return N::number(present) % 2 != 0; }) ? 1 : 0;
        break;
      case Act::get_or_insert:
        op.result = N::number(map_->get_or_insert_with(key, [&] { return value; }));
        break;
    }
    op.returned = clock_.now();
  }

  bool check(std::uint64_t keys, const std::vector<std::vector<std::pair<std::uint64_t, Operation>>>& seen) {
    std::vector<std::vector<Operation>> histories(keys);
    for (const auto& of_thread : seen) {
      for (const auto& [key, op] : of_thread) histories[key].push_back(op);
    }
    for (std::uint64_t key = 0; key < keys; ++key) {
      if (keys_[key].follow(histories[key])) continue;
      fault_ = "key " + std::to_string(key) + ":\n" + describe(histories[key]);
      return false;
    }
    return true;
  }

  Runtime& runtime_;
  Root<Map> map_;
  std::vector<OneKey> keys_;
  const bool slow_when_large_;
  Clock clock_;
  std::string fault_;
};

// So many operations in all.
template <class K, class V>
void check_histories(int operations) {
  constexpr int of_round = 500;
  for_each_concurrent_backend([&](const std::string& backend) {
    midden::Config config = shared_config();
    config.gc_floor = std::size_t{4} << 20;
    Runtime runtime(config);
    Attach here(runtime);
    Historian<midden::ConcurrentMap<K, V>> historian(runtime, backend);
    const int rounds = operations / (of_round * static_cast<int>(thread_count)) / (sanitized ? 8 : 1);
    for (int round = 0; round < rounds; ++round) {
      if (historian.play(static_cast<std::uint64_t>(round), of_round)) continue;
      FAIL("round " << round << " was not linearizable, " << historian.fault());
    }
  });
}

}  // namespace

TEST_CASE("A million random operations of four threads on a few words are linearizable") {
  check_histories<std::int64_t, std::int64_t>(1'000'000);
}

TEST_CASE("Random operations of four threads on texts are linearizable") {
  check_histories<std::string_view, std::string_view>(200'000);
}

TEST_CASE("Random operations of four threads on references are linearizable") {
  check_histories<std::int64_t, Ref<Node>>(200'000);
}
