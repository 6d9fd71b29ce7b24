#include "collector/mark/mark_worker.hpp"

#include <limits>

#include <midden/fault.hpp>

namespace midden::inline MIDDEN_ABI::collector {

namespace {

using Edge = std::atomic<void*>;

const Edge* edge_at(const std::byte* address) { return reinterpret_cast<const Edge*>(address); }
const void* load(const std::byte* edge) { return detail::load_edge(*edge_at(edge)); }

void prefetch(const void* address) { __builtin_prefetch(address); }

std::size_t used_in(const std::byte* object, const ScanPlan& plan) {
  return *reinterpret_cast<const std::size_t*>(object + plan.used_offset);
}

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
  wide_ = wide_share * heap_.address_space().frontier();
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
  if (broken(Defect::stolen_mark) && stack_.size() > 1) stack_.pop();
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

inline void MarkWorker::prefetch_metadata(const Lane& lane, const void* target) {
  const auto offset = static_cast<std::size_t>(static_cast<const std::byte*>(target) - lane.base);
  prefetch(&lane.metadata[offset >> granule_log2]);
}

template <bool ahead>
inline void MarkWorker::offer(Lane& lane, const void* target) {
  if (target == nullptr) return;
  ++lane.references;
  if constexpr (ahead) {
    prefetch_metadata(lane, target);
    target = lane.edges.exchange(target);
    if (target == nullptr) return;
  }
  test(lane, target);
}

inline void MarkWorker::test(Lane& lane, const void* target) {
  const auto offset = static_cast<std::size_t>(static_cast<const std::byte*>(target) - lane.base);
  if (Metadata(lane.metadata[offset >> granule_log2]).mark(lane.colour)) make_grey(lane, offset);
}

inline void MarkWorker::make_grey(Lane& lane, std::size_t offset) {
  const std::byte* const object = lane.base + offset;
  ++lane.objects;
  const PlanWord word = lane.plans[offset >> block_log2];
  if (word.is_leaf()) return count_leaf(lane, object, word);
  if (!lane.in_place) [[likely]] {
    if (stack_.push(object)) [[likely]]
      return;
    overflowed_ = true;
    if (broken(Defect::full_stack)) return;
  }
  Metadata(lane.metadata[offset >> granule_log2]).wait();
  waiting_ = true;
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
  scan_elements<ahead>(lane, {object, &plan, 0, used_in(object, plan)});
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
    if (!broken(Defect::array_half) && !pieces_.push({piece.object, piece.plan, middle, piece.end})) break;
    piece.end = middle;
  }
  const ScanPlan& plan = *piece.plan;
  const std::byte* element = piece.object + plan.fixed_bytes + piece.next * plan.element_bytes;
  const std::size_t count = piece.end - piece.next - (broken(Defect::array_end) && piece.end > piece.next ? 1 : 0);
  lane.in_place = used_in(piece.object, plan) >= wide_;
  if (plan.element_bytes == sizeof(void*)) {  // nothing but a reference
    scan_run<ahead>(lane, edge_at(element), count);
  } else {
    const std::byte* const end = element + count * plan.element_bytes;
    for (; element != end; element += plan.element_bytes) scan_refs<ahead>(lane, element, plan.element_refs);
  }
  lane.in_place = false;
}

template <bool ahead>
inline void MarkWorker::scan_run(Lane& lane, const Edge* edges, std::size_t count) {
  if (!ahead || count < 4 * run_ahead) {
    for (const Edge* const end = edges + count; edges != end; ++edges) offer<ahead>(lane, detail::load_edge(*edges));
    return;
  }
  // In registers: most references are null or to what is marked already.
  const std::byte* const base = lane.base;
  std::uint8_t* const metadata = lane.metadata;
  const Colour colour = lane.colour;
  std::uint64_t references = 0;
  const auto follow = [&](const void* target) {
    if (target == nullptr) return;
    ++references;
    const auto offset = static_cast<std::size_t>(static_cast<const std::byte*>(target) - base);
    if (Metadata(metadata[offset >> granule_log2]).mark(colour)) make_grey(lane, offset);
  };
  const Edge* const last = edges + (count - run_ahead);
  for (; edges != last; ++edges) {
    if (const void* later = detail::load_edge(edges[run_ahead])) {
      prefetch(&metadata[static_cast<std::size_t>(static_cast<const std::byte*>(later) - base) >> granule_log2]);
    }
    follow(detail::load_edge(*edges));
  }
  for (std::size_t i = 0; i < run_ahead; ++i) follow(detail::load_edge(edges[i]));
  lane.references += references;
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

void MarkWorker::visit(const Edge* edges, std::size_t count) {
  if (ahead_) {
    scan_run<true>(reported_, edges, count);
  } else {
    scan_run<false>(reported_, edges, count);
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

void MarkWorker::scan_waiting(BlockIndex block) { ahead_ ? scan_waiting<true>(block) : scan_waiting<false>(block); }

template <bool ahead>
void MarkWorker::scan_waiting(BlockIndex index) {
  const AddressSpace& space = heap_.address_space();
  const Block& block = space.block(index);
  if (block.state == BlockState::free || block.state == BlockState::unused || space.plan(index).is_leaf()) return;
  const Block& head = space.block(block.first);
  const bool one_object = head.slots == 1;
  if (one_object && index != head.first) return;
  std::uint8_t* const bytes = space.metadata_of(index);
  const std::byte* const base = space.begin_of(head.first);
  const std::size_t before = std::size_t{index - head.first} << block_log2;
  Lane lane = lane_;
  for (std::size_t i = 0; i < (one_object ? 1 : granules_per_block); i += MetadataWord::bytes) {
    for (std::uint64_t waiting = MetadataWord::load(bytes + i).waiting(); waiting != 0; waiting &= waiting - 1) {
      const std::size_t granule = i + MetadataWord::first_of(waiting);
      Metadata(bytes[granule]).go_on();
      // The slot that begins in the granule.
      const std::size_t offset = before + (granule << granule_log2);
      const std::byte* object = base;
      if (!one_object) object += slot_of(offset + head.slot_bytes - 1, head.reciprocal) * head.slot_bytes;
      if constexpr (ahead) {
        prefetch(object);
        if (lane.grey.full()) scan<ahead>(lane, lane.grey.pop());
        lane.grey.push(object);
      } else {
        scan<ahead>(lane, object);
      }
    }
  }
  lane_ = lane;
}

}  // namespace midden::inline MIDDEN_ABI::collector
