#pragma once
// Runs of free slots in a swept span: what allocation bumps through.
//
//   metadata   | c |  0 |  0 | c |  0 | c |      a byte for each slot's first granule
//   runs           [1, 3)      [4, 5)
//
// In a heap whose survivors are scattered most runs are one or two slots, and one is looked for every
// second allocation: so this is inlined, and asks the slots one by one until it finds a free one,
// and the metadata word by word for where the run ends.
//
// Threads: the span is the caller's alone: under its space's mutex, or owned by a mutator.

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "collector/heap/address_space.hpp"

namespace midden::inline MIDDEN_ABI::collector {

struct SlotRun {
  std::uint32_t begin;
  std::uint32_t end;  // one past the last; begin == end: no free slot left
};

// The first position in [from, to) whose byte is not zero, or `to`. Requires: from < to, and `bytes` is that of a
// block's metadata. Reads all of the words that these bytes lie in.
inline std::size_t find_set(std::uint8_t* bytes, std::size_t from, std::size_t to) {
  std::size_t at = from / MetadataWord::bytes * MetadataWord::bytes;
  std::uint64_t set = MetadataWord::load(bytes + at).set_from(from % MetadataWord::bytes);
  while (set == 0) {
    at += MetadataWord::bytes;
    if (at >= to) return to;
    set = MetadataWord::load(bytes + at).set();
  }
  return std::min(to, at + MetadataWord::first_of(set));
}

// The first run of free slots from slot number `from` on, at most `at_most` long. Requires: swept.
inline SlotRun find_free_run(const AddressSpace& space, const Block& head, std::uint32_t from, std::uint32_t at_most) {
  std::uint8_t* const bytes = space.metadata_of(head.first);
  const auto granule_of = [&](std::uint32_t slot) { return slot * head.slot_bytes >> granule_log2; };
  std::uint32_t begin = from;
  while (begin < head.slots && Metadata(bytes[granule_of(begin)]).load() != 0) ++begin;
  if (begin >= head.slots) return {head.slots, head.slots};
  const std::uint32_t limit = std::min(head.slots - begin, at_most) + begin;
  const std::size_t last = granule_of(limit - 1) + 1;
  const std::size_t taken = find_set(bytes, granule_of(begin), last);
  if (taken == last) return {begin, limit};
  // The slot that begins in the granule: the first whose offset is not below the granule's.
  return {begin, slot_of((taken << granule_log2) + head.slot_bytes - 1, head.reciprocal)};
}

}  // namespace midden::inline MIDDEN_ABI::collector
