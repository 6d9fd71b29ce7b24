#pragma once
// The arithmetic of arrays that grow: pure functions of numbers.
//
//   array    | header | element | element | ... | lost |        fills a slot of the collector
//            |<------------ slot_bytes --------------->|
//
// Sizes of slots, as collector/heap/size_class.hpp documents them
//
//   up to 128 bytes   every 8 (every 16 where the alignment is above 8)
//   up to 1 KiB       every 16
//   up to 256 KiB     eight steps a doubling
//   above             every 4 KiB
//
//   and multiples of the alignment where that is above 16.
//
// The collector has no public function that tells the slot of an object; the tests of this file
// compare these numbers with the live bytes that a cycle reports.
//
// Invariants
//   1. slot_bytes(b) >= b, and slot_bytes(slot_bytes(b)) == slot_bytes(b).
//   2. next_capacity(...) >= needed, also where bytes do not fit a std::size_t: then it is
//      `needed`, which the allocator refuses.
//   3. With geometric and go, n appends make O(log n) arrays.

#include <cstddef>

#include <midden/growth.hpp>

namespace midden::inline MIDDEN_ABI::containers {

struct ArrayShape {
  std::size_t header_bytes;   // where the first element begins
  std::size_t element_bytes;  // not 0
  std::size_t alignment;      // of the array, a power of two; header_bytes is a multiple
};

// The slot of an object of `bytes` bytes; SIZE_MAX where it would be larger than that.
std::size_t slot_bytes(std::size_t bytes, std::size_t alignment);

// The most elements that an array for `needed` elements holds in the slot it gets.
std::size_t fill_slot(const ArrayShape& shape, std::size_t needed);

// Elements of the array that follows one of `capacity` elements (0: none) when `needed` are
// asked for. Requires: needed > capacity.
std::size_t next_capacity(Growth growth, const ArrayShape& shape, std::size_t capacity, std::size_t needed);

}  // namespace midden::inline MIDDEN_ABI::containers
