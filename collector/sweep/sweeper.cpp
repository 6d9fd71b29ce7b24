#include "collector/sweep/sweeper.hpp"

#include <midden/fault.hpp>

#include "collector/heap/returned_pages.hpp"
#include "collector/sweep/free_runs.hpp"

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
  if (broken(Defect::swept_alive)) Metadata(bytes[0]).reset();
  head.swept_cycle = cycle;
  head.zero = false;
  return head.slots - survivors;
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
