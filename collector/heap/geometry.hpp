#pragma once
// The sizes everything in the heap is made of. Three primitive numbers; the rest is derived.
//
//   reservation  | block 0 | block 1 | block 2 | ...                  64 KiB each
//   block        | slot 0 | slot 1 | slot 2 | ... | unused tail |     one size, usually one type
//   slot         | granule | granule | ...                            16 bytes each; 24-byte slots
//                                                                     share granules, never starts
//
// Each granule has one metadata byte beside the heap; only the byte of a granule in which a
// slot begins is ever not zero. Slots are at least 16 bytes and multiples of 8, so no two of
// them begin in one granule.

#include <cstddef>
#include <cstdint>

#include <midden/build.hpp>

namespace midden::inline MIDDEN_ABI::collector {

inline constexpr std::size_t granule_log2 = 4;
inline constexpr std::size_t block_log2 = 16;
inline constexpr std::size_t page_log2 = 12;

inline constexpr std::size_t granule_bytes = std::size_t{1} << granule_log2;
inline constexpr std::size_t block_bytes = std::size_t{1} << block_log2;
inline constexpr std::size_t page_bytes = std::size_t{1} << page_log2;
inline constexpr std::size_t granules_per_block = block_bytes / granule_bytes;

inline constexpr std::size_t min_slot_bytes = granule_bytes;
inline constexpr std::size_t max_small_bytes = 4 * block_bytes;  // above: a span of its own
inline constexpr std::size_t pages_per_block = block_bytes / page_bytes;
inline constexpr std::size_t max_slots_per_block = block_bytes / min_slot_bytes;

// Memory is committed this much at a time, so that a growing heap makes few system calls.
inline constexpr std::size_t commit_bytes = 64 * block_bytes;

// From this size on the system zeroes memory faster, by handing out fresh pages when they are touched.
inline constexpr std::size_t discard_bytes = std::size_t{1} << 20;

using BlockIndex = std::uint32_t;
inline constexpr BlockIndex no_block = ~BlockIndex{0};

using TypeId = std::uint32_t;
inline constexpr TypeId no_type = 0;

constexpr std::size_t round_up(std::size_t value, std::size_t power_of_two) {
  return (value + power_of_two - 1) & ~(power_of_two - 1);
}
constexpr std::size_t blocks_for(std::size_t bytes) { return (bytes + block_bytes - 1) >> block_log2; }

static_assert(granules_per_block == 4096 && max_small_bytes == 256 * 1024);
static_assert(page_bytes % granule_bytes == 0 && block_bytes % page_bytes == 0);
static_assert(granules_per_block % page_bytes == 0, "so that a block's metadata is given back with it");

}  // namespace midden::inline MIDDEN_ABI::collector
