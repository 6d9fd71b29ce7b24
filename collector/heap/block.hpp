#pragma once
// The descriptor of a block: what its slots are and in which state it is.
//
// A span is one or more blocks in a row that hold slots of one size; slots may cross blocks
// inside a span. The first block's descriptor, the head, is the span's; the others carry copies
// of what a look-up needs and point to the head.
//
//   free ──take──▶ head (+ tail ...) ──swept and wholly free──▶ free
//
// Invariants
//   1. slots * slot_bytes <= blocks * block_bytes.
//   2. A span belongs to exactly one Space, in whose list it stands.
//   3. A page whose `returned` bit is set reads as zero and holds no object.
//   4. While a mutator owns the span, only it looks for free slots there; marking and sweeping
//      happen only when nobody owns it.
//
// Threads: fields change only under the lock of the span's Space, or while the world is stopped.

#include <cstddef>
#include <cstdint>

#include "collector/heap/geometry.hpp"

namespace midden::inline MIDDEN_ABI::collector {

struct Space;

enum class BlockState : std::uint8_t { unused, free, head, tail };

struct Block {
  BlockState state = BlockState::unused;
  bool zero = true;          // free: its memory is known to be zero
  bool shared = false;       // slots have types of their own, told by the type column
  TypeId type = no_type;     // of all slots, unless shared
  BlockIndex first = 0;      // the span's head
  std::uint32_t blocks = 0;  // of the span
  std::uint32_t slots = 0;   // of the span
  // A bit for each of this block's own pages: holds free slots only, and the system has it back.
  std::uint16_t returned = 0;
  std::uint64_t slot_bytes = 0;
  std::uint64_t reciprocal = 0;       // of slot_bytes, for slot_of
  std::uint64_t swept_cycle = 0;      // the last cycle whose dead were cleared here
  std::uint64_t committed_bytes = 0;  // of a large segment: what its owner said it touches
  Space* space = nullptr;
};
static_assert(sizeof(Block) == 64);

inline constexpr unsigned reciprocal_shift = 40;

constexpr std::uint64_t reciprocal_of(std::uint64_t slot_bytes) {
  return ((std::uint64_t{1} << reciprocal_shift) + slot_bytes - 1) / slot_bytes;
}
// offset / slot_bytes, exact for offsets below 2^20 and slots below 2^19: the rounding error of
// the reciprocal, at most slot_bytes, times the offset stays below 2^40.
constexpr std::uint32_t slot_of(std::uint64_t offset, std::uint64_t reciprocal) {
  return static_cast<std::uint32_t>(offset * reciprocal >> reciprocal_shift);
}

}  // namespace midden::inline MIDDEN_ABI::collector
