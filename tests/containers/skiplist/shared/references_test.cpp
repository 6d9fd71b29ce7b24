// Values with references in a list for many writers: whose an index is, and how long what it leads to lives.

#include <algorithm>
#include <atomic>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <midden/concurrent_map.hpp>

#include "containers/skiplist/shared/state.hpp"
#include "tests/containers/map_suite.hpp"
#include "tests/support/sanitized.hpp"

using midden::Attach;
using midden::Ref;
using midden::Root;
using midden::Runtime;

namespace {

namespace skiplist = midden::containers::skiplist;
using skiplist::Bytes;
using skiplist::Column;
using skiplist::EntryIndex;
using skiplist::HeapSharedMemory;
using skiplist::Moment;
using skiplist::WordKey;
using skiplist::Write;
using Part = skiplist::SharedPart<WordKey>;

Root<Part> make_part(Attach& here) {
  const skiplist::Layout layout{.reference = true, .key_bytes = 8, .value_bytes = EntryIndex::bytes};
  const Root<skiplist::Segments> segments =
      midden::make_array<Ref<midden::Segment>>(here, skiplist::Arena::max_segments);
  const Root<Column> column = midden::make<Column>(here, skiplist::single_reference());
  return midden::make<Part>(here, layout, test_generator(1800)(), segments, column);
}

Root<Node> make_node(Attach& here, std::uint64_t number) {
  const Root<Node> node = midden::make<Node>(here);
  node->number = number;
  return node;
}

// A part, and what one thread does to it.
struct Writer {
  Writer(Attach& attach, Part& written) : here(attach), part(written) {}

  static Bytes bytes(const Ref<void>& value) { return {reinterpret_cast<const std::byte*>(&value), sizeof value}; }

  bool assign(std::uint64_t key, const Root<Node>& node) {
    midden::safepoint(here);
    HeapSharedMemory<WordKey> memory(here, part);
    const Ref<void> value(node.get());
    return part.list.upsert(memory, WordKey(key), bytes(value), Write::assign);
  }
  // To each of the first `keys` keys a node with its number and `more`.
  void assign_each(std::uint64_t keys, std::uint64_t more) {
    for (std::uint64_t key = 0; key < keys; ++key) assign(key, make_node(here, key + more));
  }
  bool erase(std::uint64_t key) {
    midden::safepoint(here);
    HeapSharedMemory<WordKey> memory(here, part);
    return part.list.erase(memory, WordKey(key));
  }
  bool replace(std::uint64_t key, const Root<Node>& expected, const Root<Node>& desired) {
    midden::safepoint(here);
    HeapSharedMemory<WordKey> memory(here, part);
    const Ref<void> old(expected.get());
    const Ref<void> value(desired.get());
    return part.list.replace(memory, WordKey(key), bytes(old), bytes(value));
  }
  Moment snapshot() {
    HeapSharedMemory<WordKey> memory(here, part);
    return part.list.open_snapshot(memory);
  }
  Node* value(const std::byte* entry) const {
    if (entry == nullptr) return nullptr;
    return static_cast<Node*>(static_cast<const Ref<void>*>(part.shown(entry).data)->get());
  }
  Node* find(std::uint64_t key) const { return value(part.list.find(WordKey(key))); }
  Node* find(Moment moment, std::uint64_t key) const {
    return value(skiplist::ListAt<WordKey>(part.list, moment.s).find(WordKey(key)));
  }
  // Lets all go that nobody reads.
  void tidy() {
    skiplist::RuntimeReclaim reclaim(here.runtime());
    const midden::Blocked blocked;
    for (int i = 0; i < 4; ++i) part.list.tidy(reclaim);
  }

  Attach& here;
  Part& part;
};

using WeakNodes = std::vector<Root<midden::WeakRef<Node>>>;

std::size_t alive(const WeakNodes& nodes) {
  return static_cast<std::size_t>(
      std::count_if(nodes.begin(), nodes.end(), [](const auto& node) { return node->get() != nullptr; }));
}

// Another thread that runs.
class PollingThread {
 public:
  explicit PollingThread(Runtime& runtime)
      : thread_([this, &runtime] {
          Attach own(runtime);
          while (!over_) midden::safepoint(own);
        }) {}
  ~PollingThread() {
    over_ = true;
    const midden::Blocked blocked;
    thread_.join();
  }

 private:
  std::atomic<bool> over_{false};
  std::thread thread_;
};

}  // namespace

TEST_CASE("Each index has one owner, and those of a list that was emptied are free") {
  midden::Config config = shared_config();
  config.check = true;
  Runtime runtime(config);
  Attach here(runtime);
  const Root<Part> part = make_part(here);
  const bool with_snapshots = GENERATE(false, true);
  CAPTURE(with_snapshots);
  constexpr unsigned writers = 3;
  constexpr std::uint64_t keys = 3000;
  const int operations = sanitized ? 4'000 : 30'000;
  std::atomic<int> wrong{0};
  std::atomic<unsigned> running{writers};
  std::vector<std::thread> threads;
  for (unsigned t = 0; t < writers; ++t) {
    threads.emplace_back([&, t] {
      {
        Attach own(runtime);
        Writer writer(own, *part);
        std::mt19937_64 random = test_generator(1810 + t);
        for (int i = 0; i < operations; ++i) {
          // Now more come, now more go, so that leaves are cut and joined.
          const std::uint64_t key = random() % keys;
          const bool grows = i / 2000 % 2 == 0;
          if (random() % 4 < (grows ? 3U : 1U)) {
            writer.assign(key, make_node(own, key));
          } else {
            writer.erase(key);
          }
          const Node* const node = writer.find(random() % keys);
          if (node != nullptr && node->number >= keys) ++wrong;
        }
      }
      --running;
    });
  }
  Writer own(here, *part);
  while (running != 0) {
    if (with_snapshots) {
      const Moment moment = own.snapshot();
      for (std::uint64_t key = 0; key < keys; key += 7) {
        const Node* const node = own.find(moment, key);
        if (node != nullptr && node->number != key) ++wrong;
      }
      runtime.collect();
      for (std::uint64_t key = 0; key < keys; key += 7) {
        const Node* const node = own.find(moment, key);
        if (node != nullptr && node->number != key) ++wrong;
      }
      part->list.close_snapshot(moment);
    }
    runtime.collect();
  }
  {
    const midden::Blocked blocked;
    for (std::thread& thread : threads) thread.join();
  }
  CHECK(wrong == 0);
  CHECK(part->list.check() == "");
  for (std::uint64_t key = 0; key < keys; ++key) own.erase(key);
  own.tidy();
  CHECK(part->list.check() == "");
  const skiplist::SharedArena::Counts counts = part->list.counts();
  CHECK(counts.retired == 0);
  CHECK(counts.held == 0);
  CHECK(part->column->taken() == counts.spare_indices);
}

TEST_CASE("What only a fence refers to that has left the map does not live on") {
  Runtime runtime(map_config());
  Attach here(runtime);
  const Root<Part> part = make_part(here);
  Writer writer(here, *part);
  constexpr std::uint64_t keys = 2000;
  writer.assign_each(keys, 0);
  const bool overwritten = GENERATE(false, true);
  CAPTURE(overwritten);
  // All of them, so that some are fences; every third stays, so that leaves and their fences do.
  WeakNodes weak;
  for (std::uint64_t key = 0; key < keys; ++key) {
    if (key % 3 == 0) continue;
    weak.push_back(midden::make_weak(Root<Node>(writer.find(key))));
    if (overwritten) {
      writer.assign(key, Root<Node>());
    } else {
      writer.erase(key);
    }
  }
  CHECK(part->list.check() == "");
  writer.tidy();
  runtime.collect();
  CHECK(alive(weak) == 0);
  CHECK(part->list.check() == "");
  for (std::uint64_t key = 0; key < keys; key += 3) REQUIRE(writer.find(key)->number == key);
}

TEST_CASE("What a snapshot shows of fences that have left the map lives until it is closed") {
  Runtime runtime(map_config());
  Attach here(runtime);
  const Root<Part> part = make_part(here);
  Writer writer(here, *part);
  constexpr std::uint64_t keys = 2000;
  writer.assign_each(keys, 0);
  WeakNodes weak;
  for (std::uint64_t key = 0; key < keys; ++key) weak.push_back(midden::make_weak(Root<Node>(writer.find(key))));
  const Moment moment = writer.snapshot();
  writer.assign_each(keys, keys);
  for (std::uint64_t key = 0; key < keys; ++key) writer.erase(key);
  writer.tidy();
  runtime.collect();
  std::size_t wrong = 0;
  for (std::uint64_t key = 0; key < keys; ++key) {
    const Node* const node = writer.find(moment, key);
    wrong += node == nullptr || node->number != key || node != weak[key]->get().get();
  }
  CHECK(wrong == 0);
  CHECK(part->list.check() == "");
  part->list.close_snapshot(moment);
  writer.tidy();
  runtime.collect();
  CHECK(alive(weak) == 0);
  CHECK(part->list.check() == "");
  CHECK(part->list.counts().held == 0);
}

TEST_CASE("A value is replaced where its object is the expected one") {
  Runtime runtime(map_config());
  Attach here(runtime);
  const Root<Part> part = make_part(here);
  Writer writer(here, *part);
  const auto one = make_node(here, 1);
  const auto two = make_node(here, 2);
  CHECK_FALSE(writer.replace(5, one, two));
  writer.assign(5, one);
  CHECK_FALSE(writer.replace(5, two, one));
  CHECK(writer.replace(5, one, two));
  CHECK(writer.find(5) == two.get());
  CHECK(writer.replace(5, two, Root<Node>()));
  CHECK(writer.find(5) == nullptr);
  CHECK(writer.replace(5, Root<Node>(), one));
  CHECK(writer.find(5) == one.get());
}

TEST_CASE("A map that is written while others collect asks for one upkeep at a time") {
  Runtime runtime(shared_config());
  Attach here(runtime);
  const auto map = midden::make_concurrent_map<std::int64_t, std::int64_t>({.backend = "skiplist"});
  std::atomic<bool> over{false};
  std::atomic<int> writes{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 2; ++t) {
    threads.emplace_back([&] {
      Attach own(runtime);
      for (std::int64_t i = 0; !over; ++i, ++writes) map->insert_or_assign(own, i % 500, i);
    });
  }
  std::uint64_t most = 0;
  for (int i = 0; i < 100; ++i) {
    const int before = writes;
    while (writes < before + 20) midden::safepoint(here);
    runtime.collect();
    most = std::max(most, runtime.last_cycle().upkept.calls);
  }
  over = true;
  {
    const midden::Blocked blocked;
    for (std::thread& thread : threads) thread.join();
  }
  CHECK(most <= 1);
}

TEST_CASE("A map that was written and dropped is dead for the next cycle, also where other threads run") {
  Runtime runtime(shared_config());
  Attach here(runtime);
  const PollingThread other(runtime);
  auto map = midden::make_concurrent_map<std::int64_t, Ref<Node>>({.backend = "skiplist"});
  for (std::int64_t i = 0; i < 100; ++i) map->insert_or_assign(i, make_node(here, 1));
  const auto weak = midden::make_weak(*map->get(50));
  map = nullptr;
  runtime.collect();
  CHECK(weak->get() == nullptr);
}

TEST_CASE("What was erased beside another thread is dead after two cycles, though nobody writes") {
  Runtime runtime(shared_config());
  Attach here(runtime);
  const PollingThread other(runtime);
  const auto map = midden::make_concurrent_map<std::int64_t, Ref<Node>>({.backend = "skiplist"});
  for (std::int64_t i = 0; i < 100; ++i) map->insert_or_assign(i, make_node(here, 1));
  WeakNodes weak;
  for (std::int64_t i = 0; i < 100; i += 2) {
    weak.push_back(midden::make_weak(*map->get(i)));
    map->erase(i);
  }
  // A thread that has not run since the erases began, as happens under a sanitizer, lets four batches wait for it. The
  // rest is asked for by the second cycle, when these are free, and goes before the third.
  for (int i = 0; i < (sanitized ? 3 : 2); ++i) runtime.collect();
  CHECK(alive(weak) == 0);
  CHECK(map->size() == 50);
}

TEST_CASE("Where no more values have room, the map stays as it was, and erases go on") {
  midden::Config config = map_config();
  config.heap_max = std::size_t{24} << 20;
  Runtime runtime(config);
  Attach here(runtime);
  const Root<Part> part = make_part(here);
  Writer writer(here, *part);
  const auto node = make_node(here, 7);
  std::uint64_t key = 0;
  const auto fill = [&] {
    for (;; ++key) writer.assign(key, node);
  };
  CHECK_THROWS_AS(fill(), midden::OutOfMemory);
  REQUIRE(key > 10'000);
  CHECK(part->list.size() == key);
  CHECK(part->list.check() == "");
  CHECK(writer.find(key) == nullptr);
  CHECK(writer.find(key - 1) == node.get());
  for (std::uint64_t i = 0; i < key; ++i) REQUIRE(writer.erase(i));
  writer.tidy();
  CHECK(part->list.check() == "");
  for (std::uint64_t i = 0; i < 1000; ++i) CHECK(writer.assign(i, node));
}

TEST_CASE("Clears and figures of a map with references beside its writers") {
  midden::Config config = shared_config();
  config.check = true;
  Runtime runtime(config);
  Attach here(runtime);
  const auto map = midden::make_concurrent_map<std::int64_t, Ref<Node>>({.backend = "skiplist"});
  std::atomic<int> running{2};
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 2; ++t) {
    threads.emplace_back([&, t] {
      {
        Attach own(runtime);
        for (std::int64_t i = 0; i < (sanitized ? 2'000 : 6'000); ++i) {
          const std::int64_t key = i * 7 % 900 * 2 + t;
          map->insert_or_assign(own, key, make_node(own, static_cast<std::uint64_t>(key)));
          if (i % 3 == 0) map->erase(own, key);
          const auto found = map->get(own, key);
          if (found && (*found)->number != static_cast<std::uint64_t>(key)) ++wrong;
        }
      }
      --running;
    });
  }
  std::size_t most = 0;
  for (int i = 0; running != 0; ++i) {
    most = std::max(most, map->stats().references);
    if (i % 5 == 0) map->clear();
    if (i % 7 == 0) runtime.collect();
    midden::safepoint(here);
  }
  {
    const midden::Blocked blocked;
    for (std::thread& thread : threads) thread.join();
  }
  CHECK(wrong == 0);
  CHECK(most < 1'000'000);
  map->clear();
  CHECK(map->stats().references == 0);
}
