#include "collector/mark/marker.hpp"

#include <utility>

namespace midden::inline MIDDEN_ABI::collector {

namespace {

const void* load(const std::byte* edge) {
  return detail::load_edge(*reinterpret_cast<const std::atomic<void*>*>(edge));
}

void prefetch(const void* address) { __builtin_prefetch(address); }

}  // namespace

Marker::Marker(Heap& heap, std::size_t stack_limit)
    : heap_(heap), stack_(stack_limit), pieces_(stack_limit), lane_(make_lane()), reported_(make_lane()) {}

void Marker::begin(const StoppedWorld&) {
  lane_ = reported_ = make_lane();
  totals_ = {};
}

void Marker::drain(const StoppedWorld& stopped) {
  while (true) {
    scan_grey();
    if (!pieces_.empty()) {
      const Piece piece = pieces_.pop();
      scan_elements(lane_, piece.object, *piece.plan, piece.next);
    } else if (std::exchange(overflowed_, false)) {
      ++totals_.overflows;
      rescan_overflowed(stopped);
    } else {
      break;
    }
  }
  settle(lane_);
  settle(reported_);
  stack_.release();
  pieces_.release();
}

// A leaf costs marking one metadata byte, whatever its size.
void Marker::settle(const Lane& lane) {
  totals_.objects += lane.objects;
  totals_.references += lane.references;
  totals_.live_bytes += lane.scanned_bytes + lane.leaf_bytes;
  totals_.scannable_bytes += lane.scanned_bytes + lane.leaves * granule_bytes;
  totals_.arena_bytes += lane.arena_bytes;
}

Marker::Lane Marker::make_lane() const {
  const AddressSpace& space = heap_.address_space();
  return {
      .base = space.base(), .metadata = space.metadata_base(), .plans = space.plans(), .colour = heap_.live_colour()};
}

inline void Marker::offer(Lane& lane, const void* target) {
  if (target == nullptr) return;
  const auto offset = static_cast<std::size_t>(static_cast<const std::byte*>(target) - lane.base);
  prefetch(&lane.metadata[offset >> granule_log2]);
  ++lane.references;
  if (const void* ready = lane.edges.exchange(target)) test(lane, ready);
}

inline void Marker::test(Lane& lane, const void* target) {
  const auto* object = static_cast<const std::byte*>(target);
  const auto offset = static_cast<std::size_t>(object - lane.base);
  if (!Metadata(lane.metadata[offset >> granule_log2]).mark(lane.colour)) return;
  ++lane.objects;
  const PlanWord word = lane.plans[offset >> block_log2];
  if (word.is_leaf()) {
    count_leaf(lane, object, word);
  } else if (!stack_.push(object)) [[unlikely]] {
    note_overflow(object);
  }
}

inline void Marker::count_leaf(Lane& lane, const std::byte* object, PlanWord word) {
  ++lane.leaves;
  if (const std::size_t bytes = word.plan().slot_bytes; bytes != 0) {
    lane.leaf_bytes += bytes;
    return;
  }
  const Block& head = heap_.address_space().head_of(object);
  if (heap_.types()[head.type].info().segment) {
    lane.arena_bytes += head.committed_bytes;
  } else {
    lane.leaf_bytes += head.slot_bytes;
  }
}

void Marker::note_overflow(const std::byte* object) {
  heap_.address_space().metadata(object).set(overflowed_flag);
  overflowed_ = true;
}

inline void Marker::scan(Lane& lane, const std::byte* object) {
  const PlanWord word = lane.plans[static_cast<std::size_t>(object - lane.base) >> block_log2];
  if (!word.is_fixed()) return scan_irregular(lane, object, word);
  lane.scanned_bytes += word.plan().slot_bytes;
  scan_refs(lane, object, word.plan().refs);
}

inline void Marker::scan_irregular(Lane& lane, const std::byte* object, PlanWord word) {
  if (word.is_shared()) word = heap_.type_of(object).plan_word();
  const ScanPlan& plan = word.plan();
  const std::size_t bytes = plan.slot_bytes != 0 ? plan.slot_bytes : heap_.slot_bytes_of(object);
  if (word.is_leaf()) {
    ++lane.leaves;
    lane.leaf_bytes += bytes;
    return;
  }
  lane.scanned_bytes += bytes;
  if (plan.scan != nullptr) {
    plan.scan(*this, object);
    return;
  }
  scan_refs(lane, object, plan.refs);
  if (plan.element_bytes != 0) scan_elements(lane, object, plan, 0);
}

inline void Marker::scan_refs(Lane& lane, const std::byte* from, std::span<const std::uint32_t> offsets) {
  for (const std::uint32_t offset : offsets) offer(lane, load(from + offset));
}

inline void Marker::scan_elements(Lane& lane, const std::byte* object, const ScanPlan& plan, std::size_t from) {
  const std::size_t used = *reinterpret_cast<const std::size_t*>(object + plan.used_offset);
  std::size_t end = used;
  // The rest waits below what this piece makes grey. Without room for it all is scanned now.
  if (used - from > piece_elements && pieces_.push({object, &plan, from + piece_elements})) end = from + piece_elements;
  const std::byte* element = object + plan.fixed_bytes + from * plan.element_bytes;
  for (std::size_t i = from; i < end; ++i, element += plan.element_bytes) scan_refs(lane, element, plan.element_refs);
}

// Until nothing is grey but pieces and what overflowed.
void Marker::scan_grey() {
  Lane lane = lane_;
  while (true) {
    while (!stack_.empty() && !lane.grey.full()) {
      const std::byte* object = stack_.pop();
      prefetch(object);
      lane.grey.push(object);
    }
    if (!lane.grey.empty()) {
      scan(lane, lane.grey.pop());
    } else if (const void* target = lane.edges.pop()) {
      test(lane, target);
    } else if (const void* late = reported_.edges.pop()) {
      test(reported_, late);
    } else {
      break;
    }
  }
  lane_ = lane;
}

void Marker::visit(const std::atomic<void*>* edges, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) offer(reported_, detail::load_edge(edges[i]));
}

void Marker::visit(const void* object) { offer(reported_, object); }

void Marker::rescan_overflowed(const StoppedWorld& stopped) {
  AddressSpace& space = heap_.address_space();
  for (const Space& owner : heap_.spaces(stopped)) {
    for (const BlockIndex first : owner.spans) {
      if (space.plan(first).is_leaf()) continue;
      const Block& head = space.block(first);
      for (std::uint32_t slot = 0; slot < head.slots; ++slot) {
        const std::byte* object = space.begin_of(first) + slot * head.slot_bytes;
        Metadata metadata = space.metadata(object);
        if ((metadata.load() & overflowed_flag) == 0) continue;
        metadata.clear(overflowed_flag);
        scan(lane_, object);
        scan_grey();
      }
    }
  }
}

}  // namespace midden::inline MIDDEN_ABI::collector
