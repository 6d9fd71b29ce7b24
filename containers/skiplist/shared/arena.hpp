#pragma once
// SharedArena: how writers that run at the same time get memory out of one arena, and give it back.
//
//   stripes    memory that a writer has for itself (stripe.hpp)
//   the rest   the arena's window, its bins and free nodes, under one lock, in portions
//
//    writer ──▶ stripe ──▶ (locked) arena ──▶ SharedMemory: a safepoint, so no lock is held then
//
// An operation takes a stripe, has it made ready, and cannot run out of memory from then on. Where the arena
// has too little, it lets the stripe go, lets the arena grow, and begins anew.
//
// Invariants
//   1. Every byte that is handed out lies below what SharedMemory has committed.
//   2. What is in limbo is freed after a grace period that was asked for when it had left the list.
//
// Threads: any. Lock order: the versions' (of their mode), a stripe, nodes (SharedTowers), the arena.

#include <array>
#include <cstddef>
#include <cstdint>

#include "containers/skiplist/check.hpp"
#include "containers/skiplist/levels.hpp"
#include "containers/skiplist/node_pool.hpp"
#include "containers/skiplist/shared/memory.hpp"
#include "containers/skiplist/shared/stripe.hpp"
#include "containers/skiplist/shared/versions.hpp"
#include "containers/skiplist/spin.hpp"

namespace midden::inline MIDDEN_ABI::containers::skiplist {

class SharedArena {
 public:
  static constexpr unsigned stripe_count = 16;

  // `column`: where values are, that are indices there; or null.
  SharedArena(Levels& levels, Versions& versions, std::uint64_t seed, Column* column) noexcept;

  // A free one, and the mode then. Waits for another writer only where there are as many as stripes.
  Stripe& hold() noexcept;
  // Until each who holds a stripe now has let it go.
  void wait_for_writers() noexcept;

  // Frees what has waited long enough, asks for a period for the rest, and looks at some of what snapshots hold.
  void drain(Reclaim& reclaim, Stripe& stripe) noexcept;

  // The same for what would not be worth a period yet, where memory is short.
  void drain_all(Reclaim& reclaim, Stripe& stripe) noexcept;

  // What would wait for the next writers: for who holds no stripe. Whether something is left.
  bool tidy(Reclaim& reclaim) noexcept;

  // Whether the stripe has, or could get, so many nodes and an entry's memory, chained or not where it is not plain,
  // and its index. Then take_node, take_entry and take_index will not fail.
  bool make_ready(Stripe& stripe, unsigned nodes, std::size_t entry_bytes) noexcept;
  // A node for an erase where all memory is used up: of the reserve, or one that another stripe keeps.
  bool take_last_node(SharedMemory& memory, Stripe& stripe) noexcept;
  // Where the memory begins; `bytes` are those of the entry, and of what is in front of it.
  Offset take_entry(Stripe& stripe, std::size_t bytes) noexcept;
  // One that take_entry gave and nobody has seen.
  void give_entry(Stripe& stripe, Offset begin, std::size_t bytes) noexcept;

  // Lets make_ready succeed that has failed, unless others take the memory first. Throws TooLarge past the
  // arena's limit, and what SharedMemory throws. No lock is held.
  void grow(SharedMemory& memory, std::size_t entry_bytes);

  // A block of slots for snapshots. Throws as grow.
  void add_slots(SharedMemory& memory);

  std::size_t size() const noexcept;
  struct Counts {
    std::size_t present, in_use, retired, held;
    std::size_t spare_indices;  // that stripes have
  };
  Counts counts() noexcept;

  // All that is neither a node of the list nor an entry in it.
  void check(Check& check) const;

 private:
  enum class Tidied : std::uint8_t { some, what_can_be, all };
  Tidied tidy(Reclaim& reclaim, Stripe& stripe) noexcept;
  void give_idle(Stripe& stripe) noexcept;
  bool trim(Pages& pages, unsigned turns) noexcept;
  bool is_trimming() noexcept;
  void get_more(SharedMemory& memory, std::size_t entry_bytes);
  void review(Stripe& stripe, unsigned pages) noexcept;
  void lower_if_idle(Stripe& stripe) noexcept;
  void ask(Reclaim& reclaim, Stripe& stripe) noexcept;
  bool free_oldest(const Reclaim& reclaim, Stripe& stripe) noexcept;
  void fill_reserve() noexcept;
  bool free_some(Stripe& stripe, Limbo& batch) noexcept;
  void free_chunk(Stripe& stripe, Offset chunk, std::size_t bytes) noexcept;
  bool refill_indices(Stripe& stripe) noexcept;
  bool make_ready_for(Stripe& stripe, std::size_t entry_bytes) noexcept;
  bool refill_nodes(Stripe& stripe, unsigned nodes) noexcept;
  bool refill_entry(Stripe& stripe, std::size_t bytes) noexcept;
  bool may_touch(std::size_t bytes) const noexcept;
  std::size_t window_bytes() const noexcept;
  std::size_t slab_bytes() const noexcept;

  Levels& levels_;
  Versions& versions_;
  Arena& arena_;
  Column* const column_;
  SpinLock lock_;  // of all below, and of the arena
  NodePool nodes_;
  Offset reserve_ = 0;  // nodes linked by `low`
  unsigned reserve_count_ = 0;
  bool growing_ = false;       // a thread is at the SharedMemory
  unsigned segment_ = 0;       // the newest
  std::size_t committed_ = 0;  // of it
  std::array<Stripe, stripe_count> stripes_;
};

}  // namespace midden::inline MIDDEN_ABI::containers::skiplist
