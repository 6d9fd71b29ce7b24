#pragma once
// Poison: the pattern that a checked heap leaves in memory that holds no object.
//
// A dead object is overwritten when its slot is swept, so a forgotten root is not read as if
// nothing had happened: a reference loaded from it has this value, which is never an address of
// the heap, and the heap check names it.

#include <cstdint>
#include <cstring>

#include "collector/heap/address_space.hpp"

namespace midden::inline MIDDEN_ABI::collector {

inline constexpr std::uint8_t poison_byte = 0xdb;
inline constexpr std::uint64_t poison_word = 0xdbdbdbdbdbdbdbdb;

// Requires: the span was just swept and nobody owns it.
inline void poison_free_slots(AddressSpace& space, const Block& head) {
  for (std::uint32_t slot = 0; slot < head.slots; ++slot) {
    std::byte* begin = space.begin_of(head.first) + slot * head.slot_bytes;
    if (space.metadata(begin).load() == 0) std::memset(begin, poison_byte, head.slot_bytes);
  }
}

}  // namespace midden::inline MIDDEN_ABI::collector
