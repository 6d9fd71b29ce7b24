#include "collector/mark/mark_worker.hpp"

#include <limits>

namespace midden::inline MIDDEN_ABI::collector {

namespace {

const void* load(const std::byte* edge) {
  return detail::load_edge(*reinterpret_cast<const std::atomic<void*>*>(edge));
}

void prefetch(const void* address) { __builtin_prefetch(address); }

constexpr std::uint64_t no_end = std::numeric_limits<std::uint64_t>::max();

}  // namespace

MarkWorker::MarkWorker(Heap& heap, const MarkSettings& settings)
    : heap_(heap),
      ahead_(settings.prefetch),
      stack_(settings.stack_limit),
      pieces_(settings.stack_limit),
      lane_(make_lane()),
      reported_(make_lane()) {}

void MarkWorker::when_reported(std::uint64_t references, std::function<void()> tell) {
  many_ = references;
  tell_ = std::move(tell);
}

void MarkWorker::begin(const StoppedWorld&) {
  lane_ = reported_ = make_lane();
  told_at_ = many_;
}

MarkWorker::Lane MarkWorker::make_lane() const {
  const AddressSpace& space = heap_.address_space();
  return {
      .base = space.base(), .metadata = space.metadata_base(), .plans = space.plans(), .colour = heap_.live_colour()};
}

void MarkWorker::settle(MarkTotals& totals) {
  settle(lane_, totals);
  settle(reported_, totals);
  stack_.release();
  pieces_.release();
}

// A leaf costs marking one metadata byte, whatever its size.
void MarkWorker::settle(const Lane& lane, MarkTotals& totals) {
  totals.objects += lane.objects;
  totals.references += lane.references;
  totals.live_bytes += lane.scanned_bytes + lane.leaf_bytes;
  totals.scannable_bytes += lane.scanned_bytes + lane.leaves * granule_bytes;
  totals.arena_bytes += lane.arena_bytes;
}

bool MarkWorker::give(MarkWorker& other) {
  constexpr std::size_t most = 4096;
  const std::size_t pieces = pieces_.give(other.pieces_, (pieces_.size() + 1) / 2);
  std::size_t objects = stack_.give(other.stack_, std::min(most, stack_.size() / 2));
  // What is about to be scanned may be all there is: of a tree a few nodes, each with much below it.
  if (objects == 0) {
    for (std::size_t half = lane_.grey.size() / 2; objects < half; ++objects) {
      const std::byte* object = lane_.grey.pop();
      if (!other.stack_.push(object)) {
        lane_.grey.push(object);
        break;
      }
    }
  }
  return pieces + objects > 0;
}

template <bool ahead>
inline void MarkWorker::offer(Lane& lane, const void* target) {
  if (target == nullptr) return;
  ++lane.references;
  if constexpr (ahead) {
    const auto offset = static_cast<std::size_t>(static_cast<const std::byte*>(target) - lane.base);
    prefetch(&lane.metadata[offset >> granule_log2]);
    target = lane.edges.exchange(target);
    if (target == nullptr) return;
  }
  test(lane, target);
}

inline void MarkWorker::test(Lane& lane, const void* target) {
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

inline void MarkWorker::count_leaf(Lane& lane, const std::byte* object, PlanWord word) {
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

// Another worker that marks it at the same moment may undo the flag, and then has it to scan.
void MarkWorker::note_overflow(const std::byte* object) {
  heap_.address_space().metadata(object).set(overflowed_flag);
  overflowed_ = true;
}

template <bool ahead>
inline void MarkWorker::scan(Lane& lane, const std::byte* object) {
  const PlanWord word = lane.plans[static_cast<std::size_t>(object - lane.base) >> block_log2];
  if (!word.is_fixed()) return scan_irregular<ahead>(lane, object, word);
  lane.scanned_bytes += word.plan().slot_bytes;
  scan_refs<ahead>(lane, object, word.plan().refs);
}

template <bool ahead>
inline void MarkWorker::scan_irregular(Lane& lane, const std::byte* object, PlanWord word) {
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
  scan_refs<ahead>(lane, object, plan.refs);
  if (plan.element_bytes == 0) return;
  const std::size_t used = *reinterpret_cast<const std::size_t*>(object + plan.used_offset);
  scan_elements<ahead>(lane, {object, &plan, 0, used});
}

template <bool ahead>
inline void MarkWorker::scan_refs(Lane& lane, const std::byte* from, std::span<const std::uint32_t> offsets) {
  for (const std::uint32_t offset : offsets) offer<ahead>(lane, load(from + offset));
}

template <bool ahead>
inline void MarkWorker::scan_elements(Lane& lane, Piece piece) {
  // The later halves wait below what this piece makes grey. Without room for them all is scanned now.
  while (piece.end - piece.next > piece_elements) {
    const std::size_t middle = piece.next + (piece.end - piece.next) / 2;
    if (!pieces_.push({piece.object, piece.plan, middle, piece.end})) break;
    piece.end = middle;
  }
  const ScanPlan& plan = *piece.plan;
  const std::byte* element = piece.object + plan.fixed_bytes + piece.next * plan.element_bytes;
  const std::byte* const end = element + (piece.end - piece.next) * plan.element_bytes;
  if (plan.element_bytes == sizeof(void*)) {  // nothing but a reference
    for (; element != end; element += sizeof(void*)) offer<ahead>(lane, load(element));
  } else {
    for (; element != end; element += plan.element_bytes) scan_refs<ahead>(lane, element, plan.element_refs);
  }
}

bool MarkWorker::scan_grey(std::uint64_t references) {
  return ahead_ ? scan_until<true>(references) : scan_until<false>(references);
}

template <bool ahead>
bool MarkWorker::scan_until(std::uint64_t references) {
  Lane lane = lane_;
  // Those that scan functions report count too: a map may be all there is to scan.
  const auto followed = [&] { return lane.references + reported_.references; };
  const std::uint64_t end = references > no_end - followed() ? no_end : followed() + references;
  bool left = true;
  while (left && followed() < end) left = scan_next<ahead>(lane);
  lane_ = lane;
  return left;
}

// One step; false where nothing is left.
template <bool ahead>
inline bool MarkWorker::scan_next(Lane& lane) {
  if constexpr (ahead) {
    while (!stack_.empty() && !lane.grey.full()) {
      const std::byte* object = stack_.pop();
      prefetch(object);
      lane.grey.push(object);
    }
    if (!lane.grey.empty()) {
      scan<ahead>(lane, lane.grey.pop());
      return true;
    }
    if (const void* target = lane.edges.pop()) {
      test(lane, target);
      return true;
    }
    if (const void* late = reported_.edges.pop()) {
      test(reported_, late);
      return true;
    }
  } else if (!stack_.empty()) {
    scan<ahead>(lane, stack_.pop());
    return true;
  }
  if (pieces_.empty()) return false;
  scan_elements<ahead>(lane, pieces_.pop());
  return true;
}

inline void MarkWorker::tell_many() {
  if (reported_.references < told_at_) [[likely]]
    return;
  told_at_ = no_end;
  tell_();
}

void MarkWorker::visit(const std::atomic<void*>* edges, std::size_t count) {
  if (ahead_) {
    for (std::size_t i = 0; i < count; ++i) offer<true>(reported_, detail::load_edge(edges[i]));
  } else {
    for (std::size_t i = 0; i < count; ++i) offer<false>(reported_, detail::load_edge(edges[i]));
  }
  tell_many();
}

void MarkWorker::visit(const void* object) {
  if (ahead_) {
    offer<true>(reported_, object);
  } else {
    offer<false>(reported_, object);
  }
  tell_many();
}

void MarkWorker::rescan_overflowed(const StoppedWorld& stopped) {
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
        ahead_ ? scan<true>(lane_, object) : scan<false>(lane_, object);
        scan_grey(no_end);
      }
    }
  }
}

}  // namespace midden::inline MIDDEN_ABI::collector
