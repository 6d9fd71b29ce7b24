#pragma once
// From the bytes of an object to the bytes of its slot, and to the span of blocks such slots live in.
//
//   class   0 ... 14     16, 24, 32 ... 128        every 8 bytes (alignment 16 uses every other)
//          15 ... 70     144, 160 ... 1024         every 16
//          71 ... 134    1152 ... 256 KiB          eight steps a doubling
//
// Waste, at worst: an eighth of a slot inside (above 128 bytes), and an eighth of a span at its
// tail; both together stay below a quarter. Larger objects have a span of their own, rounded up
// to whole pages. Alignments above 16 round the slot up to a multiple of the alignment.

#include <bit>
#include <cstddef>
#include <cstdint>

#include "collector/heap/geometry.hpp"

namespace midden::inline MIDDEN_ABI::collector {

using SizeClass = std::uint32_t;
inline constexpr SizeClass size_class_count = 135;
inline constexpr SizeClass large_class = size_class_count;

namespace size_class {
inline constexpr std::size_t fine_end = 128;
inline constexpr std::size_t even_end = 1024;
inline constexpr SizeClass first_even = 15;
inline constexpr SizeClass first_step = 71;
}  // namespace size_class

// Requires: bytes <= max_small_bytes.
constexpr SizeClass class_of(std::size_t bytes, std::size_t alignment) {
  using namespace size_class;
  if (bytes <= fine_end) {
    const std::size_t step = alignment > 8 ? 16 : 8;
    const std::size_t rounded = round_up(bytes < min_slot_bytes ? min_slot_bytes : bytes, step);
    return static_cast<SizeClass>((rounded - min_slot_bytes) / 8);
  }
  if (bytes <= even_end) return first_even + static_cast<SizeClass>((bytes - fine_end - 1) / 16);
  const auto doubling = static_cast<std::size_t>(std::bit_width(bytes - 1) - 1);  // 10: 1025 ... 2048
  const std::size_t step = (bytes - 1 - (std::size_t{1} << doubling)) >> (doubling - 3);
  return first_step + static_cast<SizeClass>((doubling - 10) * 8 + step);
}

constexpr std::size_t class_bytes(SizeClass c) {
  using namespace size_class;
  if (c < first_even) return min_slot_bytes + std::size_t{c} * 8;
  if (c < first_step) return fine_end + std::size_t{c - first_even + 1} * 16;
  const std::size_t doubling = 10 + (c - first_step) / 8;
  return (std::size_t{1} << doubling) + (std::size_t{(c - first_step) % 8} + 1) * (std::size_t{1} << (doubling - 3));
}

// Blocks of a span that holds slots of this size with at most an eighth of it unused.
constexpr std::size_t span_blocks_for(std::size_t slot_bytes) {
  std::size_t blocks = blocks_for(slot_bytes);
  while (blocks * block_bytes % slot_bytes * 8 > blocks * block_bytes) ++blocks;
  return blocks;
}

namespace size_class {
consteval bool consistent() {
  for (SizeClass c = 0; c < size_class_count; ++c) {
    const std::size_t bytes = class_bytes(c);
    const std::size_t alignment = bytes % 16 == 0 ? 16 : 8;
    if (class_of(bytes, alignment) != c) return false;
    if (c > 0 && class_of(class_bytes(c - 1) + 1, alignment) != c) return false;
    if (c > first_even && (bytes - class_bytes(c - 1)) * 8 > bytes) return false;
    if (span_blocks_for(bytes) > 8) return false;
  }
  return class_bytes(size_class_count - 1) == max_small_bytes;
}
static_assert(consistent());
}  // namespace size_class

}  // namespace midden::inline MIDDEN_ABI::collector
