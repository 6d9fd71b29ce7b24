#include "collector/sweep/sweeper.hpp"

#include <algorithm>

#include "collector/heap/returned_pages.hpp"

namespace midden::inline MIDDEN_ABI::collector {

std::uint32_t sweep_span(AddressSpace& space, Block& head, Colour live, std::uint64_t cycle) {
  std::uint8_t* const bytes = space.metadata_of(head.first);
  const std::size_t count = head.blocks * granules_per_block;
  std::uint32_t survivors = 0;
  for (std::size_t i = 0; i < count; i += MetadataWord::bytes) {
    const MetadataWord word = MetadataWord::load(bytes + i);
    if (word.empty()) continue;
    const std::uint64_t dead = word.without(live);
    survivors += static_cast<std::uint32_t>(MetadataWord::bytes) - MetadataWord::count(dead);
    for (std::uint64_t stale = dead & word.set(); stale != 0; stale &= stale - 1) {
      Metadata(bytes[i + MetadataWord::first_of(stale)]).reset();
    }
  }
  head.swept_cycle = cycle;
  head.zero = false;
  return head.slots - survivors;
}

namespace {

// The first position in [from, to) whose byte is not zero, or `to`.
std::size_t find_set(std::uint8_t* bytes, std::size_t from, std::size_t to) {
  for (; from < to && from % MetadataWord::bytes != 0; ++from) {
    if (Metadata(bytes[from]).load() != 0) return from;
  }
  for (; from < to; from += MetadataWord::bytes) {
    const MetadataWord word = MetadataWord::load(bytes + from);
    if (!word.empty()) return std::min(to, from + MetadataWord::first_of(word.set()));
  }
  return to;
}

}  // namespace

SlotRun find_free_run(const AddressSpace& space, const Block& head, std::uint32_t from, std::uint32_t at_most) {
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

std::size_t trim_span(AddressSpace& space, const Block& head, std::uint32_t from) {
  if (head.zero) return 0;  // fresh from the system: what is free was never touched
  ReturnedPages returned(space, head.first);
  std::byte* const base = space.begin_of(head.first);
  std::size_t count = 0;
  for (SlotRun run{from, from};;) {
    run = find_free_run(space, head, run.end, head.slots);
    if (run.begin == run.end) return count;
    const std::size_t first = round_up(run.begin * head.slot_bytes, page_bytes) >> page_log2;
    const std::size_t end =
        (run.end == head.slots ? head.blocks * block_bytes : run.end * head.slot_bytes) >> page_log2;
    for (std::size_t page = first; page < end;) {
      std::size_t next = page;
      for (; next < end && !returned.has(next); ++next) returned.set(next);
      if (next > page) space.pages().discard(base + (page << page_log2), (next - page) << page_log2);
      count += next - page;
      page = next + 1;
    }
  }
}

}  // namespace midden::inline MIDDEN_ABI::collector
