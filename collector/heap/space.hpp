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

#include <algorithm>
#include <cstdint>
#include <limits>
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
  // Memory of a span's type column.
  std::size_t column_bytes() const {
    return shared() ? round_up(span_blocks * block_bytes / slot_bytes * sizeof(TypeId), page_bytes) : 0;
  }

  std::mutex mutex;
  // Under the mutex.
  std::vector<BlockIndex> spans;
  std::size_t next_unswept = 0;
  std::vector<OpenSpan> ready;
  // For returning memory (heap_return.cpp). Spans leave `ready` at its end: the first `least_ready`
  // were not needed since the last look, and of the first `trimmed` the free pages have been returned.
  std::size_t least_ready = 0;
  std::size_t to_trim = 0;  // as the last look found
  std::size_t trimmed = 0;
  bool taken_from = false;  // since the last look

  // Requires: not empty.
  OpenSpan take_ready() {
    const OpenSpan open = ready.back();
    ready.pop_back();
    least_ready = std::min(least_ready, ready.size());
    trimmed = std::min(trimmed, ready.size());
    return open;
  }
  void clear_ready() {
    ready.clear();
    least_ready = trimmed = 0;
  }

  // Notes what has not been needed since the last look: all, where nobody took anything.
  void look() {
    to_trim = taken_from ? least_ready : std::numeric_limits<std::size_t>::max();
    taken_from = false;
    least_ready = ready.size();
  }

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
