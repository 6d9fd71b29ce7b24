#include "collector/check/heap_walk.hpp"

#include <cstdio>
#include <vector>

namespace midden::inline MIDDEN_ABI::collector {

namespace {

const char* name(BlockState state) {
  switch (state) {
    case BlockState::unused:
      return "unused";
    case BlockState::free:
      return "free";
    case BlockState::head:
      return "head";
    case BlockState::tail:
      return "tail";
  }
  return "impossible";
}

class Walk {
 public:
  explicit Walk(Heap& heap) : heap_(heap), space_(heap.address_space()), seen_(space_.frontier(), 0) {}

  Checked run(const StoppedWorld& stopped) {
    for (const Space& space : heap_.spaces(stopped)) {
      if (space.next_unswept > space.spans.size()) return wrong("a space's sweep position lies behind its spans", 0);
      for (const BlockIndex first : space.spans) {
        if (Checked found = span(space, first)) return found;
      }
    }
    Checked found;
    heap_.for_each_free_run([&](BlockIndex begin, std::size_t length) {
      for (std::size_t i = 0; i < length && !found; ++i) found = free_block(static_cast<BlockIndex>(begin + i));
    });
    if (found) return found;
    for (BlockIndex i = 0; i < seen_.size(); ++i) {
      if (seen_[i] != 1) return wrong(seen_[i] == 0 ? "a block belongs to nobody" : "a block belongs to two", i);
    }
    return {};
  }

 private:
  Checked wrong(const char* what, BlockIndex index) { return Finding{what, describe_block(heap_, index)}; }

  Checked free_block(BlockIndex index) {
    ++seen_[index];
    if (space_.block(index).state != BlockState::free) return wrong("the pool holds a block that is not free", index);
    const std::uint8_t* bytes = space_.metadata_of(index);
    for (std::size_t i = 0; i < granules_per_block; ++i) {
      if (bytes[i] != 0) return wrong("a free block has metadata left behind", index);
    }
    return {};
  }

  Checked span(const Space& space, BlockIndex first) {
    if (first >= seen_.size()) return wrong("a space lists a block behind the frontier", 0);
    const Block& head = space_.block(first);
    if (head.state != BlockState::head || head.first != first)
      return wrong("a space lists a block that is no head", first);
    if (head.space != &space) return wrong("a span stands in another space's list", first);
    if (!space.large() && (head.slot_bytes != space.slot_bytes || head.blocks != space.span_blocks)) {
      return wrong("a span differs from its space in size", first);
    }
    if (head.blocks > seen_.size() - first) return wrong("a span reaches behind the frontier", first);
    if (std::uint64_t{head.slots} * head.slot_bytes > std::uint64_t{head.blocks} * block_bytes || head.slots == 0) {
      return wrong("a span's slots do not fit it", first);
    }
    for (std::uint32_t i = 0; i < head.blocks; ++i) {
      const BlockIndex index = first + i;
      ++seen_[index];
      const Block& block = space_.block(index);
      if (i > 0 && (block.state != BlockState::tail || block.first != first)) {
        return wrong("a span's tail does not point to its head", index);
      }
      if (block.type != head.type || block.shared != head.shared || block.slot_bytes != head.slot_bytes) {
        return wrong("a span's blocks disagree about its slots", index);
      }
      if (space_.plan(index) != (space.large() ? heap_.types()[head.type].plan_word() : space.plan)) {
        return wrong("a block's plan is not that of its slots", index);
      }
    }
    return metadata(head);
  }

  // A pin may end meanwhile and clear its flag, on a thread that is not stopped.
  Checked metadata(const Block& head) {
    std::uint8_t* const bytes = space_.metadata_of(head.first);
    const std::size_t end = head.blocks * granules_per_block;
    std::size_t granule = 0;
    for (std::uint32_t slot = 0; slot <= head.slots; ++slot) {
      const std::size_t next = slot == head.slots ? end : slot * head.slot_bytes >> granule_log2;
      for (; granule < next; ++granule) {
        if (Metadata(bytes[granule]).load() != 0)
          return wrong("a metadata byte is set where no slot begins", head.first);
      }
      if (next == end) break;
      if ((Metadata(bytes[granule++]).load() & colour_mask) > mark_colours)
        return wrong("a slot has an unknown colour", head.first);
    }
    return {};
  }

  Heap& heap_;
  const AddressSpace& space_;
  std::vector<std::uint8_t> seen_;
};

}  // namespace

Checked walk_heap(Heap& heap, const StoppedWorld& stopped) { return Walk(heap).run(stopped); }

std::string describe_block(const Heap& heap, BlockIndex index) {
  const AddressSpace& space = heap.address_space();
  if (index >= space.frontier()) return "block " + std::to_string(index) + " behind the frontier";
  const Block& block = space.block(index);
  char text[256];
  std::snprintf(
      text, sizeof text,
      "block %u at %p: %s, span of %u from %u, %u slots of %llu bytes, type %u%s, swept in cycle %llu of %llu", index,
      static_cast<void*>(space.begin_of(index)), name(block.state), block.blocks, block.first, block.slots,
      static_cast<unsigned long long>(block.slot_bytes), block.type, block.shared ? " (shared)" : "",
      static_cast<unsigned long long>(block.swept_cycle), static_cast<unsigned long long>(heap.cycle()));
  return text;
}

std::string describe_object(const Heap& heap, const void* object) {
  char address[32];
  std::snprintf(address, sizeof address, "@%p", object);
  return std::string(heap.type_of(object).info().name) + address;
}

}  // namespace midden::inline MIDDEN_ABI::collector
