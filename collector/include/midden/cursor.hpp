#pragma once
// The part of a thread's allocator that `make<T>` inlines: bump within a zeroed run.

#include <cstddef>
#include <cstdint>

#include <midden/build.hpp>

namespace midden::inline MIDDEN_ABI::detail {

struct AllocationCursor {
  std::byte* next = nullptr;
  std::byte* end = nullptr;
  std::size_t slot_bytes = 0;
  std::uint32_t span = ~std::uint32_t{0};  // the block whose free slots it goes through
  std::uint32_t from = 0;                  // slot number where the next run is looked for

  bool empty() const { return next == end; }
  // Requires: not empty.
  std::byte* take() {
    std::byte* object = next;
    next = object + slot_bytes;
    return object;
  }
};
static_assert(sizeof(AllocationCursor) == 32);

}  // namespace midden::inline MIDDEN_ABI::detail
