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
    : heap_(heap), stack_(stack_limit), pieces_(stack_limit), reported_(make_queue()) {}

void MarkTotals::add(const MarkTotals& other) {
  objects += other.objects;
  references += other.references;
  live_bytes += other.live_bytes;
  scannable_bytes += other.scannable_bytes;
  arena_bytes += other.arena_bytes;
  overflows += other.overflows;
}

void Marker::begin(const StoppedWorld&) {
  reported_ = make_queue();
  totals_ = {};
}

void Marker::drain(const StoppedWorld& stopped) {
  scan_grey(stopped);
  totals_.add(std::exchange(reported_.totals, {}));
  stack_.release();
  pieces_.release();
}

Marker::EdgeQueue Marker::make_queue() const {
  const AddressSpace& space = heap_.address_space();
  return {
      .base = space.base(), .metadata = space.metadata_base(), .plans = space.plans(), .colour = heap_.live_colour()};
}

inline void Marker::offer(EdgeQueue& queue, const void* target) {
  if (target == nullptr) return;
  ++queue.totals.references;
  const auto offset = static_cast<std::size_t>(static_cast<const std::byte*>(target) - queue.base);
  prefetch(&queue.metadata[offset >> granule_log2]);
  const void* ready = queue.waiting[queue.at];
  queue.waiting[queue.at] = target;
  queue.at = (queue.at + 1) % edge_queue;
  if (ready != nullptr) test(queue, ready);
}

inline void Marker::test(EdgeQueue& queue, const void* target) {
  const auto* object = static_cast<const std::byte*>(target);
  const auto offset = static_cast<std::size_t>(object - queue.base);
  if (!Metadata(queue.metadata[offset >> granule_log2]).mark(queue.colour)) return;
  ++queue.totals.objects;
  const PlanWord word = queue.plans[offset >> block_log2];
  if (!word.is_leaf()) {
    prefetch(object);
    if (!stack_.push(object)) [[unlikely]]
      note_overflow(object);
    return;
  }
  // A leaf costs marking one metadata byte, whatever its size.
  queue.totals.scannable_bytes += granule_bytes;
  if (const std::size_t bytes = word.plan().slot_bytes; bytes != 0) {
    queue.totals.live_bytes += bytes;
    return;
  }
  const LargeLeaf large = large_leaf(object);
  (large.segment ? queue.totals.arena_bytes : queue.totals.live_bytes) += large.bytes;
}

Marker::LargeLeaf Marker::large_leaf(const std::byte* object) const {
  const Block& head = heap_.address_space().head_of(object);
  const bool segment = heap_.types()[head.type].info().segment;
  return {segment ? head.committed_bytes : head.slot_bytes, segment};
}

void Marker::note_overflow(const std::byte* object) {
  heap_.address_space().metadata(object).set(overflowed_flag);
  overflowed_ = true;
}

inline void Marker::scan(EdgeQueue& queue, const std::byte* object) {
  PlanWord word = queue.plans[static_cast<std::size_t>(object - queue.base) >> block_log2];
  if (word.is_shared()) [[unlikely]]
    word = heap_.type_of(object).plan_word();
  const ScanPlan& plan = word.plan();
  const std::size_t bytes = plan.slot_bytes != 0 ? plan.slot_bytes : heap_.slot_bytes_of(object);
  queue.totals.live_bytes += bytes;
  queue.totals.scannable_bytes += word.is_leaf() ? granule_bytes : bytes;
  if (plan.scan != nullptr) {
    plan.scan(*this, object);
    return;
  }
  scan_refs(queue, object, plan.refs);
  if (plan.element_bytes != 0) scan_elements(queue, object, plan, 0);
}

inline void Marker::scan_refs(EdgeQueue& queue, const std::byte* from, std::span<const std::uint32_t> offsets) {
  for (const std::uint32_t offset : offsets) offer(queue, load(from + offset));
}

inline void Marker::scan_elements(EdgeQueue& queue, const std::byte* object, const ScanPlan& plan, std::size_t from) {
  const std::size_t used = *reinterpret_cast<const std::size_t*>(object + plan.used_offset);
  std::size_t end = used;
  // The rest waits below what this piece makes grey. Without room for it all is scanned now.
  if (used - from > piece_elements && pieces_.push({object, &plan, from + piece_elements})) end = from + piece_elements;
  const std::byte* element = object + plan.fixed_bytes + from * plan.element_bytes;
  for (std::size_t i = from; i < end; ++i, element += plan.element_bytes) scan_refs(queue, element, plan.element_refs);
}

void Marker::scan_grey(const StoppedWorld& stopped) {
  EdgeQueue queue = make_queue();
  while (true) {
    scan_stack(queue);
    if (flush(queue) || flush(reported_)) continue;
    if (!pieces_.empty()) {
      const Piece piece = pieces_.pop();
      scan_elements(queue, piece.object, *piece.plan, piece.next);
    } else if (std::exchange(overflowed_, false)) {
      ++queue.totals.overflows;
      rescan_overflowed(stopped);
    } else {
      break;
    }
  }
  totals_.add(queue.totals);
}

// Scans until the stack is empty. Each object popped waits its turn while its memory comes.
inline void Marker::scan_stack(EdgeQueue& queue) {
  std::array<const std::byte*, object_queue> waiting{};
  std::size_t at = 0;
  std::size_t count = 0;
  while (true) {
    const std::byte* next = nullptr;
    if (!stack_.empty()) {
      next = stack_.pop();
      prefetch(next);
      ++count;
    } else if (count == 0) {
      return;
    }
    const std::byte* ready = waiting[at];
    waiting[at] = next;
    at = (at + 1) % object_queue;
    if (ready == nullptr) continue;
    --count;
    scan(queue, ready);
  }
}

inline bool Marker::flush(EdgeQueue& queue) {
  bool any = false;
  for (const void*& waiting : queue.waiting) {
    const void* target = std::exchange(waiting, nullptr);
    if (target == nullptr) continue;
    any = true;
    test(queue, target);
  }
  return any;
}

void Marker::visit(const std::atomic<void*>* edges, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) offer(reported_, detail::load_edge(edges[i]));
}

void Marker::visit(const void* object) { offer(reported_, object); }

// With a queue of its own, so that the main one stays where it is.
void Marker::rescan_overflowed(const StoppedWorld& stopped) {
  EdgeQueue queue = make_queue();
  AddressSpace& space = heap_.address_space();
  heap_.for_each_space(stopped, [&](const Space& owner) {
    for (const BlockIndex first : owner.spans) {
      if (space.plan(first).is_leaf()) continue;
      const Block& head = space.block(first);
      for (std::uint32_t slot = 0; slot < head.slots; ++slot) {
        const std::byte* object = space.begin_of(first) + slot * head.slot_bytes;
        Metadata metadata = space.metadata(object);
        if ((metadata.load() & overflowed_flag) == 0) continue;
        metadata.clear(overflowed_flag);
        scan(queue, object);
        scan_stack(queue);
      }
    }
  });
  flush(queue);
  totals_.add(queue.totals);
}

}  // namespace midden::inline MIDDEN_ABI::collector
