#include "collector/sweep/sweeper.hpp"

#include <algorithm>
#include <cstring>

namespace midden::inline MIDDEN_ABI::collector {

std::uint32_t sweep_span(AddressSpace& space, Block& head, Colour live, std::uint64_t cycle) {
  // Nobody else reads or writes these bytes now, so they are plain ones, which lets the
  // compiler work on many at a time. Bytes between starts of slots are zero and stay so.
  std::uint8_t* bytes = space.metadata_of(head.first);
  const std::size_t count = head.blocks * granules_per_block;
  std::uint32_t survivors = 0;
  for (std::size_t chunk = 0; chunk < count; chunk += granules_per_block) {
    std::uint32_t kept = 0;
    for (std::size_t i = chunk; i < chunk + granules_per_block; ++i) {
      const std::uint8_t keep = (bytes[i] & colour_mask) == live ? 0xff : 0;
      bytes[i] &= keep;
      kept += keep & 1;
    }
    survivors += kept;
  }
  head.swept_cycle = cycle;
  head.zero = false;
  return head.slots - survivors;
}

namespace {

// The first position in [from, to) whose byte is not zero, or `to`.
std::size_t find_set(const std::uint8_t* bytes, std::size_t from, std::size_t to) {
  constexpr std::size_t step = sizeof(std::uint64_t);
  while (from < to && from % step != 0) {
    if (bytes[from] != 0) return from;
    ++from;
  }
  while (from + step <= to) {
    std::uint64_t word;
    std::memcpy(&word, bytes + from, step);
    if (word != 0) break;
    from += step;
  }
  while (from < to && bytes[from] == 0) ++from;
  return from;
}

}  // namespace

SlotRun find_free_run(const AddressSpace& space, const Block& head, std::uint32_t from, std::uint32_t at_most) {
  const std::uint8_t* bytes = space.metadata_of(head.first);
  const auto granule_of = [&](std::uint32_t slot) { return slot * head.slot_bytes >> granule_log2; };
  std::uint32_t begin = from;
  while (begin < head.slots && bytes[granule_of(begin)] != 0) ++begin;
  if (begin >= head.slots) return {head.slots, head.slots};
  const std::uint32_t limit = std::min(head.slots - begin, at_most) + begin;
  const std::size_t last = granule_of(limit - 1) + 1;
  const std::size_t taken = find_set(bytes, granule_of(begin), last);
  if (taken == last) return {begin, limit};
  // The slot that begins in the granule: the first whose offset is not below the granule's.
  return {begin, slot_of((taken << granule_log2) + head.slot_bytes - 1, head.reciprocal)};
}

}  // namespace midden::inline MIDDEN_ABI::collector
