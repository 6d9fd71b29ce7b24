#pragma once
// One mutator's allocator: a cursor for each type and space it allocates in.
//
//   cursor   next ──▶ | zeroed free run ...... | ◀── end       a bump and a compare
//            waiting ──▶ free slots that stand alone or by a few, linked
//            span, from: where more are looked for when all are used up
//
// They are laid out together: slots of short runs up to `run_bytes`, or until there is a longer run, which ends
// it. So zeroing touches what will be used next and not more. In a checked heap it is one slot.
//
// Invariants
//   1. A span named by a cursor belongs to this allocator alone until the next cycle.
//   2. [next, end) is zero, a multiple of the slot size, and no object; so is a waiting slot, but for its link.
//   3. In a span that is fresh from the system no slot waits: all of it is zero, and stays so.
//
// Threads: one mutator; `forget` while the world is stopped.

#include <cstddef>
#include <cstdint>
#include <vector>

#include <midden/cursor.hpp>

#include "collector/heap/heap.hpp"

namespace midden::inline MIDDEN_ABI::collector {

inline constexpr std::size_t run_bytes = 4096;

struct Grant {
  std::byte* memory;  // null: see verdict
  Verdict verdict;
};

class LocalAllocator {
 public:
  explicit LocalAllocator(Heap& heap);
  ~LocalAllocator();
  LocalAllocator(const LocalAllocator&) = delete;
  LocalAllocator& operator=(const LocalAllocator&) = delete;

  // Zeroed memory for an object of `bytes` bytes, which are at least the type's size.
  Grant allocate(Type& type, std::size_t bytes, Effort effort);
  // The slow path of `make<T>`: `slot` is the C++ type's number, whose cursor may be refilled.
  Grant allocate_fixed(std::uint32_t slot, Type& type, Effort effort);

  // An object from the span that the type's cursor has, or null where that has no more.
  std::byte* next_in_span(std::uint32_t slot) {
    if (slot >= by_slot_.size() || single_slots_) return nullptr;
    return take_in_span(by_slot_[slot]);
  }

  // Cursors by C++ type number, for the inlined fast path. The table moves when it grows.
  detail::AllocationCursor* cursors() { return by_slot_.data(); }
  std::uint32_t cursor_count() const { return static_cast<std::uint32_t>(by_slot_.size()); }

  // Gives every span back, for other mutators. Requires: its mutator runs.
  void give_back();
  // Lets go of every span without giving it back; the cycle takes them all.
  void forget(const StoppedWorld&);
  // Runs of one slot, so that every allocation passes here and not only the inlined path.
  void single_slots() { single_slots_ = true; }

 private:
  Grant take_by_space(Space& space, Type& type, Effort effort);
  Grant take(detail::AllocationCursor& cursor, Space& space, Type& type, Effort effort);
  // The next object of a cursor, as far as its span has one, or null.
  std::byte* take_in_span(detail::AllocationCursor& cursor) {
    if (!cursor.empty()) return cursor.take();
    if (std::byte* object = cursor.take_waiting()) return object;
    return cursor.span != no_block ? lay_out(cursor) : nullptr;
  }
  // Finds free slots in the cursor's span and takes one; null where there is none. Requires: nothing is laid out.
  std::byte* lay_out(detail::AllocationCursor& cursor);
  void let_go(detail::AllocationCursor& cursor);
  void flush_count();

  Heap& heap_;
  std::vector<detail::AllocationCursor> by_slot_;
  std::vector<detail::AllocationCursor> by_space_;
  std::uint64_t uncounted_ = 0;
  bool single_slots_;
};

}  // namespace midden::inline MIDDEN_ABI::collector
