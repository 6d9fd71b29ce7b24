#include "collector/mark/marker.hpp"

namespace midden::inline MIDDEN_ABI::collector {

namespace {

const void* load(const std::byte* edge) {
  return detail::load_edge(*reinterpret_cast<const std::atomic<void*>*>(edge));
}

void prefetch(const void* address) { __builtin_prefetch(address); }

}  // namespace

Marker::Marker(Heap& heap, std::size_t stack_limit)
    : heap_(heap),
      base_(heap.address_space().base()),
      metadata_(heap.address_space().metadata_base()),
      plans_(heap.address_space().plans()),
      stack_(stack_limit),
      pieces_(stack_limit) {}

void Marker::begin(const StoppedWorld&) {
  colour_ = heap_.live_colour();
  totals_ = {};
}

void Marker::drain(const StoppedWorld&) {
  while (true) {
    scan_stack();
    if (flush_edges()) continue;
    if (!pieces_.empty()) {
      const Piece piece = pieces_.pop();
      scan_elements(piece.object, *piece.plan, piece.next);
      continue;
    }
    if (!overflowed_) break;
    overflowed_ = false;
    ++totals_.overflows;
    rescan_overflowed();
  }
  stack_.release();
  pieces_.release();
}

inline void Marker::offer(const void* target) {
  if (target == nullptr) return;
  ++totals_.references;
  prefetch(&metadata_[static_cast<std::size_t>(static_cast<const std::byte*>(target) - base_) >> granule_log2]);
  const void* ready = edges_[edge_at_];
  edges_[edge_at_] = target;
  edge_at_ = (edge_at_ + 1) % edge_queue;
  if (ready != nullptr) test(ready);
}

inline void Marker::test(const void* target) {
  const auto offset = static_cast<std::size_t>(static_cast<const std::byte*>(target) - base_);
  if (!Metadata(metadata_[offset >> granule_log2]).mark(colour_)) return;
  ++totals_.objects;
  const PlanWord word = plans_[offset >> block_log2];
  const auto* object = static_cast<const std::byte*>(target);
  if (word.is_leaf()) {
    // A leaf costs marking one metadata byte, whatever its size.
    totals_.scannable_bytes += granule_bytes;
    if (const std::size_t bytes = word.plan().slot_bytes; bytes != 0) {
      totals_.live_bytes += bytes;
    } else {
      const Block& head = heap_.address_space().head_of(object);
      if (heap_.types()[head.type].info().segment) {
        totals_.arena_bytes += head.committed_bytes;
      } else {
        totals_.live_bytes += head.slot_bytes;
      }
    }
    return;
  }
  prefetch(object);
  if (!stack_.push(object)) {
    Metadata(metadata_[offset >> granule_log2]).set(overflowed_flag);
    overflowed_ = true;
  }
}

inline void Marker::scan(const std::byte* object) {
  const auto offset = static_cast<std::size_t>(object - base_);
  const PlanWord word = plans_[offset >> block_log2];
  std::size_t bytes = 0;
  const ScanPlan* plan = nullptr;
  if (word.is_shared()) {
    plan = &heap_.type_of(object).plan();
    bytes = heap_.slot_bytes_of(object);
  } else {
    plan = &word.plan();
    bytes = plan->slot_bytes != 0 ? plan->slot_bytes : heap_.slot_bytes_of(object);
  }
  totals_.live_bytes += bytes;
  totals_.scannable_bytes += bytes;
  if (plan->scan != nullptr) {
    plan->scan(*this, object);
    return;
  }
  scan_refs(object, plan->refs);
  if (plan->element_bytes != 0) scan_elements(object, *plan, 0);
}

inline void Marker::scan_refs(const std::byte* from, std::span<const std::uint32_t> offsets) {
  for (const std::uint32_t offset : offsets) offer(load(from + offset));
}

void Marker::visit(const std::atomic<void*>* edges, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) offer(detail::load_edge(edges[i]));
}

void Marker::visit(const void* object) { offer(object); }

void Marker::scan_elements(const std::byte* object, const ScanPlan& plan, std::size_t from) {
  const std::size_t used = *reinterpret_cast<const std::size_t*>(object + plan.used_offset);
  std::size_t end = used;
  // The rest waits below what this piece makes grey. Without room for it all is scanned now.
  if (used - from > piece_elements && pieces_.push({object, &plan, from + piece_elements})) end = from + piece_elements;
  const std::byte* element = object + plan.fixed_bytes + from * plan.element_bytes;
  for (std::size_t i = from; i < end; ++i, element += plan.element_bytes) scan_refs(element, plan.element_refs);
}

void Marker::scan_stack() {
  std::size_t waiting = 0;
  for (const std::byte* object : objects_) waiting += object != nullptr;
  while (true) {
    const std::byte* next = nullptr;
    if (!stack_.empty()) {
      next = stack_.pop();
      prefetch(next);
    } else if (waiting == 0) {
      return;
    }
    const std::byte* ready = objects_[object_at_];
    objects_[object_at_] = next;
    object_at_ = (object_at_ + 1) % object_queue;
    waiting += static_cast<std::size_t>(next != nullptr) - static_cast<std::size_t>(ready != nullptr);
    if (ready != nullptr) scan(ready);
  }
}

bool Marker::flush_edges() {
  bool any = false;
  for (const void*& waiting : edges_) {
    if (waiting == nullptr) continue;
    any = true;
    const void* target = waiting;
    waiting = nullptr;
    test(target);
  }
  return any;
}

void Marker::rescan_overflowed() {
  AddressSpace& space = heap_.address_space();
  for (const Space* owner : heap_.spaces()) {
    for (const BlockIndex first : owner->spans) {
      if (space.plan(first).is_leaf()) continue;
      const Block& head = space.block(first);
      for (std::uint32_t slot = 0; slot < head.slots; ++slot) {
        const std::byte* object = space.begin_of(first) + slot * head.slot_bytes;
        Metadata metadata = space.metadata(object);
        if ((metadata.load() & overflowed_flag) == 0) continue;
        metadata.clear(overflowed_flag);
        scan(object);
        scan_stack();
      }
    }
  }
}

}  // namespace midden::inline MIDDEN_ABI::collector
