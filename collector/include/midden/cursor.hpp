#pragma once
// The part of a thread's allocator that `make<T>` inlines.
//
//   next ──▶ | zero ................. | ◀── end       a run of free slots: a bump and a compare
//   waiting ──▶ | · | 0 |  ──▶ | · | 0 |  ──▶ ...      single slots, each linked to the next one by its first word
//
// Where survivors are scattered, free slots stand alone or by twos. To look for each when it is needed, or to
// make a run of each, costs more stores and branches that no predictor knows than all else that making an
// object takes; so they are laid out ahead as a list (collector/heap/local_allocator.hpp).

#include <cstddef>
#include <cstdint>

#include <midden/build.hpp>

namespace midden::inline MIDDEN_ABI::detail {

// The begin of a slot that waits; the rest of it is zero.
struct WaitingSlot {
  WaitingSlot* next;
};

struct AllocationCursor {
  std::byte* next = nullptr;
  std::byte* end = nullptr;
  WaitingSlot* waiting = nullptr;
  std::size_t slot_bytes = 0;
  std::uint32_t span = ~std::uint32_t{0};  // the block whose free slots it goes through
  std::uint32_t from = 0;                  // slot number where more are looked for

  bool empty() const { return next == end; }
  // From the run. Requires: not empty.
  std::byte* take() {
    std::byte* object = next;
    next = object + slot_bytes;
    return object;
  }
  // One of those that wait, or null.
  std::byte* take_waiting() {
    WaitingSlot* const slot = waiting;
    if (slot == nullptr) return nullptr;
    waiting = slot->next;
    slot->next = nullptr;
    return reinterpret_cast<std::byte*>(slot);
  }
};

}  // namespace midden::inline MIDDEN_ABI::detail
