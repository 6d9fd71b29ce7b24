#pragma once
// Stripe: what one writer at a time has for itself, so that writers do not meet over memory.
//
//   nodes    free nodes, linked by `low`: those of one operation are there before it begins
//   chunks   free memory of one size, that of the entries which were freed last
//   window   memory that was never used, for entries of other sizes
//   indices  free ones of the list's column, where it has one (column.hpp), linked there
//   limbo    nodes, entries and indices that have left the list and may still be read
//   held     the same, where snapshots may need them (held.hpp); from there they come to limbo
//
//    left the list ──▶ filling ──▶ waiting (4 batches, each for its grace period) ──▶ nodes, chunks, or the arena
//
// An entry takes the index that is its value with it. Only a fence that has left the map leaves its index alone,
// because it may stay for as long as the map.
//
// Dead nodes are linked by their `lock`, entries in limbo by their version word, or what stands before it (chain.hpp):
// by what tells readers who have found them before nothing more.
//
// A writer holds a stripe for the whole of an operation, so there are as many writers at a time as there are
// stripes. A thread begins at the one it had last.
//
// Threads: all but try_hold and size belong to the holder.

#include <array>
#include <cstddef>
#include <cstdint>

#include "containers/skiplist/chain.hpp"
#include "containers/skiplist/column.hpp"
#include "containers/skiplist/draws.hpp"
#include "containers/skiplist/levels.hpp"
#include "containers/skiplist/node_pool.hpp"
#include "containers/skiplist/shared/held.hpp"
#include "containers/skiplist/shared/memory.hpp"
#include "containers/skiplist/spin.hpp"

namespace midden::inline MIDDEN_ABI::containers::skiplist {

struct Limbo {
  // So many of them, or bytes of them, are worth a period. In a large map more: a period costs every
  // attached thread a poll that takes a lock.
  static constexpr std::size_t least_batch = 64;
  static constexpr std::size_t most_batch = 256;
  static constexpr std::size_t batch_bytes = std::size_t{128} << 10;

  bool is_due(std::size_t batch) const noexcept { return count >= batch || bytes >= batch_bytes; }

  Offset nodes = Node::dead;
  Offset entries[2] = {0, 0};  // the first that is not chained, and that is
  std::uint32_t indices = EntryIndex::none;
  std::size_t count = 0;
  std::size_t bytes = 0;
  std::uint64_t period = 0;
};

struct alignas(64) Stripe {
  static constexpr std::size_t most_chunk_bytes = 1024;  // of one; larger ones go to all
  static constexpr unsigned most_waiting = 4;

  bool try_hold() noexcept { return lock.try_lock(); }
  void release() noexcept { lock.unlock(); }

  // Free nodes, chunks, and indices, that it keeps at most: more go to all.
  std::size_t most_kept() const noexcept { return batch + Limbo::least_batch; }

  Offset take_node(const Levels& levels) noexcept {
    const Offset node = nodes;
    nodes = levels.node(node).low;
    --node_count;
    return node;
  }
  void give_node(Levels& levels, Offset node) noexcept {
    reinterpret_cast<Node*>(levels.entry(node))->low = nodes;
    nodes = node;
    ++node_count;
  }

  // Where it has one; of `chunk_bytes`.
  Offset take_chunk(const Levels& levels) noexcept {
    const Offset chunk = chunks;
    chunks = load_32(levels.entry(chunk));
    --chunk_count;
    return chunk;
  }

  // Where there is a column, and a free one.
  std::uint32_t take_index() noexcept {
    const std::uint32_t index = indices;
    indices = column->link(index);
    --index_count;
    return index;
  }
  // Of a value that nobody reads any more.
  void give_index(std::uint32_t index) noexcept {
    column->clear(index);
    column->link(index) = indices;
    indices = index;
    ++index_count;
  }

  // They have left the list: the node under its lock, which is the end of it; readers may have found them.
  void retire_node(Levels& levels, Offset node) noexcept {
    reinterpret_cast<Node*>(levels.entry(node))->die(filling.nodes);
    filling.nodes = node;
    filling.bytes += NodePool::node_bytes;
    ++filling.count;
  }
  void retire_entry(Levels& levels, Offset entry) noexcept {
    Chain chain(levels.entry(entry));
    const bool chained = chain.is_chained();
    chain.link(filling.entries[chained], chained);
    filling.entries[chained] = entry;
    filling.bytes += EntryMemory::of(levels.layout(), levels.arena(), entry, chained).bytes;
    ++filling.count;
  }

  void retire_index(std::uint32_t index) noexcept {
    column->link(index) = filling.indices;
    filling.indices = index;
    ++filling.count;
  }

  // The same, at `death`, where no plain writer does it.
  void hold_node(Levels& levels, Offset node, std::uint32_t death) noexcept {
    held.add(levels, *this, {Held::Kind::node, node, death});
  }
  void hold_entry(Levels& levels, Offset entry, std::uint32_t death) noexcept {
    held.add(levels, *this, {Held::Kind::entry, entry, death});
  }
  void hold_index(Levels& levels, std::uint32_t index, std::uint32_t death) noexcept {
    held.add(levels, *this, {Held::Kind::index, index, death});
  }
  // Nodes that an operation must leave for that.
  unsigned nodes_to_hold() const noexcept { return plain ? 0 : 1; }

  // Calls f(batch) for each in limbo.
  template <class F>
  void for_each_batch(F&& f) const {
    f(filling);
    for (unsigned i = 0; i < waits; ++i) f(waiting[(oldest + i) % most_waiting]);
  }

  // Relaxed: a count that others may add up while it changes.
  std::int64_t size() const noexcept { return __atomic_load_n(&entries, __ATOMIC_RELAXED); }
  void count(std::int64_t by) noexcept { __atomic_store_n(&entries, entries + by, __ATOMIC_RELAXED); }

  SpinLock lock;
  bool plain = true;        // the mode (versions.hpp) when it was taken
  std::uint8_t oldest = 0;  // of `waiting`
  std::uint8_t waits = 0;   // batches in it
  Offset nodes = 0;
  unsigned node_count = 0;
  Offset chunks = 0;
  unsigned chunk_count = 0;
  std::size_t chunk_bytes = 0;
  Column* column = nullptr;  // the list's
  std::uint32_t indices = EntryIndex::none;
  unsigned index_count = 0;
  Offset window = 0;
  std::size_t left = 0;      // bytes of it
  std::int64_t entries = 0;  // that came minus those that went, here
  Draws draws{0};
  std::size_t batch = Limbo::least_batch;
  std::uint32_t birth = 0;       // of what the operation makes
  std::uint32_t idle_clock = 0;  // when no snapshot was open at the last look
  std::uint32_t open = 0;        // a snapshot that was open at a look, or none
  std::uint32_t open_since = 0;  // how many had been closed before that look
  Held held;
  Limbo filling;
  std::array<Limbo, most_waiting> waiting;
};

}  // namespace midden::inline MIDDEN_ABI::containers::skiplist
