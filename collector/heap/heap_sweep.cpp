// The heap's part of sweeping: which spans, when, and what becomes of those that are wholly free.

#include <algorithm>
#include <cstring>

#include <midden/fault.hpp>

#include "collector/check/poison.hpp"
#include "collector/heap/heap.hpp"
#include "collector/heap/local_allocator.hpp"
#include "collector/report/ledger.hpp"
#include "collector/sweep/sweeper.hpp"

namespace midden::inline MIDDEN_ABI::collector {

namespace {

// Relaxed: sums.
constexpr auto relaxed = std::memory_order_relaxed;

}  // namespace

std::uint32_t Heap::sweep_small(Block& head) {
  const std::uint64_t begin_ns = steady_ns();
  const std::uint32_t free_slots = sweep_span(space_, head, live_colour(), cycle());
  if (checked_) poison_free_slots(space_, head);
  sweep_ns_.fetch_add(steady_ns() - begin_ns, relaxed);
  return free_slots;
}

std::uint32_t Heap::sweep_large(Block& head) {
  head.swept_cycle = cycle();
  std::byte* const object = space_.begin_of(head.first);
  if (space_.metadata(object).has(live_colour())) return 0;
  space_.metadata(object).reset();
  if (checked_) {
    const bool segment = types_[head.type].info().segment;
    std::memset(object, poison_byte, segment ? head.committed_bytes : head.slot_bytes);
  }
  return 1;
}

std::size_t Heap::sweep_and_keep(Space& space) {
  const BlockIndex first = space.spans[space.next_unswept++];
  Block& head = space_.block(first);
  const std::uint32_t free_slots = space.large() ? sweep_large(head) : sweep_small(head);
  if (free_slots == head.slots) {
    const std::size_t blocks = head.blocks;
    space.remove_last_swept();
    release_span(head);
    return blocks;
  }
  if (free_slots > 0) space.ready.push_back({first, 0});
  return 0;
}

std::optional<std::size_t> Heap::sweep_next(Space& space) {
  const std::lock_guard lock(space.mutex);
  if (space.next_unswept == space.spans.size()) return std::nullopt;
  return sweep_and_keep(space);
}

void Heap::sweep_rest(Space& space) {
  while (sweep_next(space)) continue;
}

void Heap::release_span(Block& head) {
  const BlockIndex first = head.first;
  const std::size_t blocks = head.blocks;
  const bool segment = head.space->large() && types_[head.type].info().segment;
  const std::uint64_t committed = head.committed_bytes;
  const std::size_t column_bytes = head.space->column_bytes();
  note_used(head, 0, blocks * block_bytes);
  // Behind its begin, a segment has no memory that it did not commit.
  const std::size_t used = segment ? blocks_for(std::max<std::uint64_t>(1, committed)) : blocks;
  for (std::size_t i = 0; i < blocks; ++i) {
    const auto index = static_cast<BlockIndex>(first + i);
    space_.block(index) = Block{.state = BlockState::free, .zero = i >= used};
    space_.plan(index) = PlanWord();
  }
  if (segment) {
    blocks_.put_segment(first, blocks, committed);
  } else {
    if (column_bytes > 0) space_.discard_column(first, column_bytes);
    blocks_.put(first, blocks, column_bytes);
  }
}

void Heap::sweep_overdue() {
  if (broken(Defect::unswept)) return;
  // With C colours the next cycle reuses the colour of C cycles ago: marks that old must be gone.
  const std::uint64_t next = cycle() + 1;
  const auto overdue = [&](BlockIndex head) { return space_.block(head).swept_cycle + mark_colours <= next; };
  const auto any_overdue = [&](Space& space) {
    const std::lock_guard lock(space.mutex);
    const auto unswept = space.spans.begin() + static_cast<std::ptrdiff_t>(space.next_unswept);
    return std::any_of(unswept, space.spans.end(), overdue);
  };
  for (std::size_t i = 0; Space* space = find_space(i); ++i) {
    if (any_overdue(*space)) sweep_rest(*space);
  }
}

bool Heap::sweep_until(std::uint64_t deadline_ns) {
  for (std::size_t i = 0; Space* space = find_space(i); ++i) {
    while (true) {
      const std::lock_guard lock(space->mutex);
      if (space->next_unswept == space->spans.size()) break;
      if (steady_ns() >= deadline_ns) return false;
      sweep_and_keep(*space);
    }
  }
  return true;
}

void Heap::reclaim(const StoppedWorld& stopped) {
  {
    const std::lock_guard lock(allocators_mutex_);
    for (LocalAllocator* allocator : allocators_) allocator->forget(stopped);
  }
  for (Space& space : spaces_) {
    space.next_unswept = 0;
    space.clear_ready();
  }
  reclaim_cursor_.store(0, relaxed);
  arena_allocated_.store(0, relaxed);
  external_declared_.store(0, relaxed);
}

}  // namespace midden::inline MIDDEN_ABI::collector
