#pragma once
// All spans whose slots have one size and, unless shared, one type.
//
//   spans_   | swept this cycle ......... | not yet swept ............. |
//                                          ^ next_unswept
//   ready_   swept spans with free slots that nobody owns
//
// A cycle sets next_unswept to 0: sweeping is what an allocating thread does to find its next
// span. A span found wholly free may leave the space.
//
// Invariants
//   1. A span of this space stands in spans_ once; ready_ names spans of spans_ only.
//   2. Spans before next_unswept were swept in this cycle or taken since.
//
// Threads: under `mutex`, or while the world is stopped. Lock order: a space, then the pool;
// never two spaces.

#include <cstdint>
#include <mutex>
#include <utility>
#include <vector>

#include "collector/heap/geometry.hpp"
#include "collector/heap/scan_plan.hpp"

namespace midden::inline MIDDEN_ABI::collector {

// A span with free slots, from slot number `from` on.
struct OpenSpan {
  BlockIndex head = no_block;
  std::uint32_t from = 0;
};

// What is fixed of a space.
struct SpaceShape {
  std::uint32_t number = 0;     // dense in the heap; a mutator's index for its cursor
  TypeId type = no_type;        // no_type: shared, slots have types of their own
  std::size_t slot_bytes = 0;   // 0: each span is one large object
  std::size_t span_blocks = 0;  // 0: likewise
  PlanWord plan;
};

struct Space : SpaceShape {
  explicit Space(const SpaceShape& shape) : SpaceShape(shape) {}

  bool shared() const { return type == no_type && slot_bytes != 0; }
  bool large() const { return slot_bytes == 0; }

  std::mutex mutex;
  // Under the mutex.
  std::vector<BlockIndex> spans;
  std::size_t next_unswept = 0;
  std::vector<OpenSpan> ready;
  bool taken_from = false;          // since the last look of who returns memory
  bool left_alone = false;          // at that look: not since the one before
  std::uint64_t trimmed_cycle = 0;  // in which the free pages of all spans in `ready` were returned

  // Takes in a span that has nothing to sweep: it goes before the unswept ones. Makes room in
  // `ready` for it as well, so that sweeping and giving back never allocate. Throws
  // std::bad_alloc, and nothing changed.
  void add(BlockIndex span) {
    if (spans.size() == spans.capacity()) spans.reserve(spans.size() * 2 + 8);
    ready.reserve(spans.capacity());
    spans.push_back(span);
    std::swap(spans[next_unswept++], spans.back());
  }
  // Takes spans[next_unswept - 1] out of the list.
  void remove_last_swept() {
    spans[next_unswept - 1] = spans.back();
    spans.pop_back();
    --next_unswept;
  }
};

}  // namespace midden::inline MIDDEN_ABI::collector
