// How a SharedArena's memory comes back: after grace periods to stripes, from there to the arena, and where whole pages
// are free to the system. By writers a little at a time, and by who tidies, before each cycle.

#include <cstddef>
#include <mutex>
#include <utility>

#include <midden/fault.hpp>

#include "containers/skiplist/shared/arena.hpp"

namespace midden::inline MIDDEN_ABI::containers::skiplist {

namespace {

constexpr unsigned most_freed = 256;    // nodes and entries, by one operation
constexpr unsigned pages_reviewed = 2;  // by one operation
// Of one stripe, where it is tidied: in turns, between which a writer gets it.
constexpr unsigned most_turns = 16;
constexpr unsigned times_freed = 4;
constexpr unsigned pages_reviewed_a_turn = 8;
// Of a trim, under the lock at a time; and such turns, of a write that asks for a period, and where the map is tidied.
constexpr unsigned trim_work = 256;
constexpr unsigned turns_of_write = 2;
constexpr unsigned turns_of_tidying = 256;
// So much that is free for nothing is little.
constexpr std::size_t least_idle = std::size_t{1} << 20;

}  // namespace

void SharedArena::drain(Reclaim& reclaim, Stripe& stripe) noexcept {
  free_oldest(reclaim, stripe);
  review(stripe, pages_reviewed);
  if (!stripe.filling.is_due(stripe.batch)) return;
  lower_if_idle(stripe);
  ask(reclaim, stripe);
  trim(reclaim, turns_of_write);
}

// Some of it; whether there was anything.
bool SharedArena::free_oldest(const Reclaim& reclaim, Stripe& stripe) noexcept {
  if (stripe.waits == 0) return false;
  Limbo& batch = stripe.waiting[stripe.oldest];
  if (!reclaim.grace_period_over(batch.period) && !broken(Defect::node_early)) return false;
  if (free_some(stripe, batch)) {
    stripe.oldest = static_cast<std::uint8_t>((stripe.oldest + 1) % Stripe::most_waiting);
    --stripe.waits;
  }
  return true;
}

bool SharedArena::tidy(Reclaim& reclaim) noexcept {
  bool is_left = false;
  for (Stripe& stripe : stripes_) {
    Tidied tidied = Tidied::some;
    for (unsigned turn = 0; turn < most_turns && tidied == Tidied::some; ++turn) tidied = tidy(reclaim, stripe);
    is_left = is_left || tidied != Tidied::all;
  }
  return trim(reclaim, turns_of_tidying) || is_left;
}

// What it keeps for later writes, where most memory is free: a piece here and there would keep whole pages.
void SharedArena::give_idle(Stripe& stripe) noexcept {
  const std::lock_guard lock(lock_);
  if (arena_.present() < 2 * arena_.in_use() + least_idle) return;
  while (stripe.node_count > 0) nodes_.give_back(arena_, stripe.take_node(levels_));
  while (stripe.chunk_count > 0) arena_.release(stripe.take_chunk(levels_), stripe.chunk_bytes);
  if (stripe.left > 0) arena_.release_part(stripe.window, std::exchange(stripe.left, 0));
}

// Whether it would go on.
bool SharedArena::trim(Pages& pages, unsigned turns) noexcept {
  for (; turns > 0; --turns) {
    Run run;
    {
      const std::lock_guard lock(lock_);
      const bool had_surplus = nodes_.release_surplus(arena_, trim_work);
      if (arena_.is_trim_due()) {
        run = arena_.trim(trim_work);
      } else if (!had_surplus) {
        return false;
      }
    }
    if (run.units == 0) continue;
    pages.discard(arena_.at(run.first_to_go()), run.bytes_to_go());
    const std::lock_guard lock(lock_);
    arena_.put_run(run);
  }
  return true;
}

SharedArena::Tidied SharedArena::tidy(Reclaim& reclaim, Stripe& stripe) noexcept {
  const std::unique_lock lock(stripe.lock, std::try_to_lock);
  if (!lock) return Tidied::what_can_be;
  stripe.plain = versions_.is_plain();
  stripe.held.end_filling(levels_);
  review(stripe, pages_reviewed_a_turn);
  lower_if_idle(stripe);
  if (stripe.filling.count > 0) ask(reclaim, stripe);
  bool goes_on = stripe.held.is_due(levels_, versions_.closes());
  for (unsigned times = 0; times < times_freed; ++times) goes_on = free_oldest(reclaim, stripe) || goes_on;
  give_idle(stripe);
  if (stripe.waits == 0 && stripe.filling.count == 0 && stripe.held.empty()) return Tidied::all;
  return goes_on ? Tidied::some : Tidied::what_can_be;
}

void SharedArena::review(Stripe& stripe, unsigned pages) noexcept {
  const std::uint32_t closes = versions_.closes();
  if (stripe.held.empty() || !stripe.held.is_due(levels_, closes)) return;
  const Look look = versions_.look(levels_);
  do {
    stripe.held.review(levels_, stripe, look);
  } while (--pages > 0 && stripe.held.is_due(levels_, closes));
}

// No snapshot was open a while ago, none came since, and none is now.
void SharedArena::lower_if_idle(Stripe& stripe) noexcept {
  if (stripe.plain || !versions_.look(levels_).none()) return;
  const std::uint32_t clock = versions_.clock();
  if (stripe.idle_clock == clock) versions_.lower(levels_);
  stripe.idle_clock = clock;
}

void SharedArena::drain_all(Reclaim& reclaim, Stripe& stripe) noexcept {
  review(stripe, ~0U);
  for (unsigned waits = stripe.waits; waits > 0; --waits) drain(reclaim, stripe);
  if (stripe.filling.count > 0) ask(reclaim, stripe);
}

void SharedArena::ask(Reclaim& reclaim, Stripe& stripe) noexcept {
  if (stripe.waits == Stripe::most_waiting) return;
  stripe.filling.period = reclaim.begin_grace_period();
  stripe.waiting[(stripe.oldest + stripe.waits) % Stripe::most_waiting] = stripe.filling;
  ++stripe.waits;
  stripe.filling = Limbo{};
}

// Some hundreds at a time: after a cursor has rested there may be millions. True where none is left.
bool SharedArena::free_some(Stripe& stripe, Limbo& batch) noexcept {
  unsigned freed = 0;
  for (; batch.nodes != Node::dead && freed < most_freed; ++freed) {
    const Offset node = batch.nodes;
    batch.nodes = levels_.node(node).lock;
    batch.bytes -= NodePool::node_bytes;
    stripe.give_node(levels_, node);
  }
  if (stripe.node_count > stripe.most_kept()) {
    const std::lock_guard lock(lock_);
    while (stripe.node_count > stripe.most_kept() / 2) nodes_.give_back(arena_, stripe.take_node(levels_));
    fill_reserve();
  }
  for (const bool chained : {false, true}) {
    Offset& first = batch.entries[chained];
    for (; first != 0 && freed < most_freed; ++freed) {
      const EntryMemory memory = EntryMemory::of(levels_.layout(), arena_, first, chained);
      if (column_ != nullptr) {
        const EntryIndex index(levels_.layout().value(levels_.entry(first)));
        if (!index.has_left()) stripe.give_index(index.get());
      }
      first = Chain(levels_.entry(first)).linked(chained);
      batch.bytes -= memory.bytes;
      free_chunk(stripe, memory.begin, memory.bytes);
    }
  }
  for (; batch.indices != EntryIndex::none && freed < most_freed; ++freed) {
    const std::uint32_t index = batch.indices;
    batch.indices = column_->link(index);
    stripe.give_index(index);
  }
  if (stripe.index_count > stripe.most_kept()) {
    const auto surplus = static_cast<unsigned>(stripe.index_count - stripe.most_kept() / 2);
    column_->give_back(stripe.indices, surplus);
    stripe.index_count -= surplus;
  }
  return batch.nodes == Node::dead && batch.entries[false] == 0 && batch.entries[true] == 0 &&
         batch.indices == EntryIndex::none;
}

}  // namespace midden::inline MIDDEN_ABI::containers::skiplist
