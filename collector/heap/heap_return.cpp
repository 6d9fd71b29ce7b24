// Giving memory back to the system while the program runs.
//
//   free blocks        those that nobody needed since the last look (block_supply.hpp)
//   free pages         of partly used spans that nobody needed since the last look, or in whose space
//                      nobody took any (space.hpp)
//
// So what is in use stays, and what was left behind goes at the second look. The work is done in
// slices; between two looks it goes on where it stopped.

#include <algorithm>

#include "collector/heap/heap.hpp"
#include "collector/report/ledger.hpp"
#include "collector/sweep/sweeper.hpp"

namespace midden::inline MIDDEN_ABI::collector {

void Heap::look() {
  returning_ = {.blocks = blocks_.look()};
  for (std::size_t i = 0; Space* space = find_space(i); ++i) {
    const std::lock_guard lock(space->mutex);
    space->look();
  }
}

bool Heap::return_until(std::uint64_t deadline_ns) {
  constexpr std::size_t blocks_in_a_slice = 16;
  for (; Space* space = find_space(returning_.space); ++returning_.space) {
    while (trim_next(*space)) {
      if (steady_ns() >= deadline_ns) return false;
    }
  }
  while (returning_.blocks > 0) {
    const std::size_t given = blocks_.give_back(std::min(blocks_in_a_slice, returning_.blocks));
    returning_.blocks = given == 0 ? 0 : returning_.blocks - given;
    if (steady_ns() >= deadline_ns) break;
  }
  return returning_.blocks == 0;
}

// Trims one span, if there is one left in the space.
bool Heap::trim_next(Space& space) {
  const std::lock_guard lock(space.mutex);
  // Poison is to be found where it was left.
  if (checked_ || space.trimmed >= std::min(space.to_trim, space.ready.size())) return false;
  const OpenSpan& open = space.ready[space.trimmed++];
  const std::size_t pages = trim_span(space_, space_.block(open.head), open.from);
  returned_pages_.fetch_add(pages, std::memory_order_relaxed);
  return true;
}

bool Heap::has_unreturned() const {
  if (blocks_.figures().free_bytes > 0) return true;
  if (checked_) return false;
  for (std::size_t i = 0; Space* space = find_space(i); ++i) {
    const std::lock_guard lock(space->mutex);
    if (space->trimmed < space->ready.size()) return true;
  }
  return false;
}

}  // namespace midden::inline MIDDEN_ABI::collector
