#pragma once
// The head of a bucket: a byte of hash for each slot, compared together, and the next bucket.
//
//   | byte 0 | byte 1 | ... | byte 7 | next | about chunk |  slots ...
//   |<------- control word --------->|  u32      u32
//
//   slot byte     0: empty; else the low byte of the key's hash, 1 where that is 0
//   next          number of the overflow bucket that follows in the chain; 0: none
//   about chunk   in a chunk's first bucket: see chunk.hpp; 0 in all others
//
// All eight slot bytes are compared in a few operations on the word (after Mycroft 1987 and
// Warren, "Hacker's Delight", section 6-1).
//
// Invariants: slots fill from 0 up without holes, and all buckets of a chain but its last are
// full. So the first empty slot ends a search, and a chain is as short as it can be.

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include <midden/build.hpp>

#include "containers/hash/layout.hpp"

namespace midden::inline MIDDEN_ABI::containers::hash {

static_assert(std::endian::native == std::endian::little, "slot 0 is the lowest byte of the control word");

using BucketNumber = std::uint32_t;
inline constexpr BucketNumber no_bucket = 0;

// The slots that a comparison found, lowest first.
class Slots {
 public:
  explicit Slots(std::uint64_t high_bits) : bits_(high_bits) {}
  bool any() const noexcept { return bits_ != 0; }
  unsigned first() const noexcept { return static_cast<unsigned>(std::countr_zero(bits_)) / 8; }
  void drop_first() noexcept { bits_ &= bits_ - 1; }

 private:
  std::uint64_t bits_;  // of each byte the highest bit
};

struct Head {
  std::uint64_t control;
  BucketNumber next;
  std::uint32_t about_chunk;

  static constexpr std::uint64_t low = 0x0101010101010101;
  static constexpr std::uint64_t high = 0x8080808080808080;

  static std::uint64_t slot_byte(std::uint32_t hash) noexcept {
    const std::uint64_t byte = hash & 0xFF;
    return byte == 0 ? 1 : byte;
  }

  // The slots with that byte. Exact: no carry runs from one byte into the next.
  Slots matching(std::uint64_t byte) const noexcept {
    const std::uint64_t different = control ^ (low * byte);
    return Slots(~((((different & ~high) + ~high) | different) | ~high));
  }
  // Full slots, which are the first ones.
  unsigned count() const noexcept { return (71U - static_cast<unsigned>(std::countl_zero(control))) / 8; }
  bool full() const noexcept { return control >> 56 != 0; }

  void set(unsigned slot, std::uint64_t byte) noexcept {
    control = (control & ~(std::uint64_t{0xFF} << (8 * slot))) | byte << (8 * slot);
  }
  std::uint64_t get(unsigned slot) const noexcept { return control >> (8 * slot) & 0xFF; }
};
static_assert(sizeof(Head) == head_bytes);

inline Head& head(std::byte* bucket) noexcept { return *reinterpret_cast<Head*>(bucket); }

}  // namespace midden::inline MIDDEN_ABI::containers::hash
