// Values with references in a list for many writers: whose an index is, and how long what it leads to lives.

#include <atomic>
#include <map>
#include <random>
#include <string>
#include <thread>
#include <vector>

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
    skiplist::RuntimePeriods periods(here.runtime());
    const midden::Blocked blocked;
    part.list.tidy(periods);
  }

  Attach& here;
  Part& part;
};

Root<Node> make_node(Attach& here, std::uint64_t number) {
  const Root<Node> node = midden::make<Node>(here);
  node->number = number;
  return node;
}

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
  for (int i = 0; i < 4; ++i) own.tidy();
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
  for (std::uint64_t key = 0; key < keys; ++key) writer.assign(key, make_node(here, key));
  const bool overwritten = GENERATE(false, true);
  CAPTURE(overwritten);
  // All of them, so that some are fences; every third stays, so that leaves and their fences do.
  std::vector<Root<midden::WeakRef<Node>>> weak;
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
  for (int i = 0; i < 4; ++i) writer.tidy();
  runtime.collect();
  std::size_t alive = 0;
  for (const auto& one : weak) alive += one->get() != nullptr;
  CHECK(alive == 0);
  CHECK(part->list.check() == "");
  for (std::uint64_t key = 0; key < keys; key += 3) REQUIRE(writer.find(key)->number == key);
}

TEST_CASE("What a snapshot shows of fences that have left the map lives until it is closed") {
  Runtime runtime(map_config());
  Attach here(runtime);
  const Root<Part> part = make_part(here);
  Writer writer(here, *part);
  constexpr std::uint64_t keys = 2000;
  for (std::uint64_t key = 0; key < keys; ++key) writer.assign(key, make_node(here, key));
  std::vector<Root<midden::WeakRef<Node>>> weak;
  for (std::uint64_t key = 0; key < keys; ++key) weak.push_back(midden::make_weak(Root<Node>(writer.find(key))));
  const Moment moment = writer.snapshot();
  for (std::uint64_t key = 0; key < keys; ++key) writer.assign(key, make_node(here, keys + key));
  for (std::uint64_t key = 0; key < keys; ++key) writer.erase(key);
  for (int i = 0; i < 4; ++i) writer.tidy();
  runtime.collect();
  std::size_t wrong = 0;
  for (std::uint64_t key = 0; key < keys; ++key) {
    const Node* const node = writer.find(moment, key);
    wrong += node == nullptr || node->number != key || node != weak[key]->get().get();
  }
  CHECK(wrong == 0);
  CHECK(part->list.check() == "");
  part->list.close_snapshot(moment);
  for (int i = 0; i < 4; ++i) writer.tidy();
  runtime.collect();
  std::size_t alive = 0;
  for (const auto& one : weak) alive += one->get() != nullptr;
  CHECK(alive == 0);
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
