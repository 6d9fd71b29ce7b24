#include "collector/heap/heap.hpp"

#include <algorithm>

namespace midden::inline MIDDEN_ABI::collector {

namespace {

// A slot of a class: rounded up where the type's alignment is above a granule.
std::size_t slot_bytes_for(const Type& type, SizeClass c) {
  const std::size_t alignment = type.info().alignment;
  return alignment > granule_bytes ? round_up(class_bytes(c), alignment) : class_bytes(c);
}

// Relaxed throughout: these are sums and thresholds read as estimates; nothing is published by them.
constexpr auto relaxed = std::memory_order_relaxed;

}  // namespace

Heap::Heap(PageSource& pages, const HeapLimits& limits, bool checked)
    : checked_(checked), space_(pages, limits.reserve), blocks_(space_, limits.heap_max) {
  large_ = &add_space({});
}

Heap::~Heap() = default;

// --- allocation -----------------------------------------------------------------------------

Space& Heap::space_for(Type& type, SizeClass c) {
  Home& home = type.home(c);
  if (Space* own = home.own()) return *own;
  if (type.info().alignment > granule_bytes || home.note_shared(class_bytes(c), cycle())) {
    promote(type, c);
    return *home.own();
  }
  return shared_space(c);
}

Space& Heap::shared_space(SizeClass c) {
  if (Space* known = shared_[c].load(std::memory_order_acquire)) return *known;
  const std::lock_guard lock(spaces_mutex_);
  Space* space = shared_[c].load(std::memory_order_acquire);
  if (space == nullptr) {
    const std::size_t bytes = class_bytes(c);
    space = &add_space({.slot_bytes = bytes, .span_blocks = span_blocks_for(bytes), .plan = PlanWord::shared()});
    shared_[c].store(space, std::memory_order_release);
  }
  return *space;
}

void Heap::promote(Type& type, SizeClass c) {
  const std::lock_guard lock(spaces_mutex_);
  Home& home = type.home(c);
  if (home.own() != nullptr) return;
  const std::size_t bytes = slot_bytes_for(type, c);
  home.promote(add_space(
      {.type = type.id(), .slot_bytes = bytes, .span_blocks = span_blocks_for(bytes), .plan = type.make_plan(bytes)}));
}

Space& Heap::add_space(SpaceShape shape) {
  if (vacant_.empty()) {
    shape.number = static_cast<std::uint32_t>(spaces_.size());
    return spaces_.emplace_back(shape);
  }
  Space& space = *vacant_.back();
  vacant_.pop_back();
  shape.number = space.number;
  static_cast<SpaceShape&>(space) = shape;
  return space;
}

Heap::Span Heap::acquire(Space& space, Effort effort) {
  if (effort == Effort::normal && objects_due()) return {{}, Verdict::cycle_needed};
  std::size_t budget = budget_of(effort);
  while (true) {
    BlockIndex head = no_block;
    {
      const std::lock_guard lock(space.mutex);
      space.taken_from = true;
      if (!space.ready.empty()) return {space.take_ready(), Verdict::memory};
      if (space.next_unswept == space.spans.size() || budget == 0) break;
      head = space.spans[space.next_unswept++];
    }
    // Without the lock: among the swept ones, and not ready, it is this thread's alone.
    if (sweep_small(space_.block(head)) > 0) return {{head, 0}, Verdict::memory};
    budget -= std::min(budget, space.span_blocks);
  }
  const BlockSupply::Wanted wanted{.blocks = space.span_blocks, .column_bytes = space.column_bytes()};
  Verdict verdict = Verdict::memory;
  BlockIndex first = take_blocks(wanted, budget, verdict);
  if (verdict == Verdict::poll_needed) {
    Verdict limit = Verdict::memory;
    first = blocks_.take(wanted, BlockSupply::Source::frontier, limit);
  }
  if (first == no_block) return {{}, verdict};
  init_span(first, space, space.slot_bytes, space.span_blocks, space.type, space.plan);
  add_span(space, first);
  return {{first, 0}, Verdict::memory};
}

void Heap::add_span(Space& space, BlockIndex first) {
  try {
    const std::lock_guard lock(space.mutex);
    space.add(first);
  } catch (...) {
    release_span(space_.block(first));
    throw;
  }
}

void Heap::give_back(Space& space, OpenSpan open) {
  const std::lock_guard lock(space.mutex);
  space.ready.push_back(open);
}

void Heap::count_allocated(std::uint64_t bytes) {
  if (bytes == 0) return;
  allocated_.fetch_add(bytes, relaxed);
  allocated_total_.fetch_add(bytes, relaxed);
}

// What was declared since the last cycle and ended before the next has cost nobody anything.
void Heap::count_external(std::int64_t change) {
  std::uint64_t now = external_declared_.load(relaxed);
  std::uint64_t next = 0;
  do {
    const auto bytes = static_cast<std::uint64_t>(change < 0 ? -change : change);
    next = change < 0 ? now - std::min(now, bytes) : now + std::min(bytes, no_trigger - now);
  } while (!external_declared_.compare_exchange_weak(now, next, relaxed));
}

bool Heap::over_trigger(const Count& bytes, const Count& trigger, std::uint64_t wanted) const {
  if (bytes.load(relaxed) >= trigger.load(relaxed)) return true;
  const Pressure added = new_bytes();
  return added.sum() >= together_trigger_.load(relaxed) || added.passes(ahead_trigger_.load(relaxed), wanted);
}

void Heap::set_triggers(const Triggers& triggers) {
  trigger_.store(triggers.growth.allocated, relaxed);
  arena_trigger_.store(triggers.growth.arena, relaxed);
  external_trigger_.store(triggers.growth.external, relaxed);
  together_trigger_.store(triggers.together, relaxed);
  ahead_trigger_.store(triggers.ahead, relaxed);
}

BlockIndex Heap::take_blocks(const BlockSupply::Wanted& wanted, std::size_t& budget, Verdict& verdict) {
  using Source = BlockSupply::Source;
  BlockIndex first = blocks_.take(wanted, Source::pool, verdict);
  // Before the heap grows, or for what it has grown by: whole free blocks among what other spaces have not swept yet.
  const bool fresh = first != no_block && space_.block(first).zero;
  if (fresh) budget = std::min(budget, sweep_budget);
  while (first == no_block || (fresh && budget > 0)) {
    std::size_t number = reclaim_cursor_.load(relaxed);
    Space* const space = find_space(number);
    if (space == nullptr) return fresh ? first : blocks_.take(wanted, Source::frontier, verdict);
    if (budget == 0) {
      verdict = Verdict::poll_needed;
      return no_block;
    }
    budget -= std::min(budget, std::max<std::size_t>(1, space->span_blocks));
    const std::optional<std::size_t> freed = sweep_next(*space);
    if (!freed) reclaim_cursor_.compare_exchange_strong(number, number + 1, relaxed);
    if (!fresh && freed.value_or(0) > 0) first = blocks_.take(wanted, Source::pool, verdict);
  }
  return first;
}

void Heap::init_span(BlockIndex first, Space& space, std::size_t slot_bytes, std::size_t blocks, TypeId type,
                     PlanWord plan) {
  const auto slots = static_cast<std::uint32_t>(space.large() ? 1 : blocks * block_bytes / slot_bytes);
  bool zero = true;
  for (std::size_t i = 0; i < blocks; ++i) zero = zero && space_.block(static_cast<BlockIndex>(first + i)).zero;
  for (std::size_t i = 0; i < blocks; ++i) {
    const auto index = static_cast<BlockIndex>(first + i);
    space_.block(index) = Block{.state = i == 0 ? BlockState::head : BlockState::tail,
                                .zero = zero,
                                .shared = space.shared(),
                                .type = type,
                                .first = first,
                                .blocks = static_cast<std::uint32_t>(blocks),
                                .slots = slots,
                                .slot_bytes = slot_bytes,
                                .reciprocal = reciprocal_of(slot_bytes),
                                .swept_cycle = cycle(),
                                .space = &space};
    space_.plan(index) = plan;
    // The page of its metadata is had from the system here and not while marking, in the pause.
    if (zero && !space.large()) Metadata(space_.metadata_of(index)[0]).reset();
  }
}

// --- questions ------------------------------------------------------------------------------

Type& Heap::type_of(const void* object) const {
  const Block& head = space_.head_of(object);
  if (!head.shared) return types_[head.type];
  const auto offset = static_cast<std::size_t>(static_cast<const std::byte*>(object) - space_.begin_of(head.first));
  return types_[space_.column(head.first)[slot_of(offset, head.reciprocal)]];
}

const void* Heap::slot_around(const void* address) const {
  if (!space_.contains(address)) return nullptr;
  const BlockState state = space_.block(space_.index_of(address)).state;
  if (state != BlockState::head && state != BlockState::tail) return nullptr;
  const Block& head = space_.head_of(address);
  const std::byte* begin = space_.begin_of(head.first);
  const std::size_t slot = static_cast<std::size_t>(static_cast<const std::byte*>(address) - begin) / head.slot_bytes;
  return slot < head.slots ? begin + slot * head.slot_bytes : nullptr;
}

std::uint64_t Heap::take_sweep_ns() { return sweep_ns_.exchange(0, relaxed); }

HeapReport Heap::report() const {
  const BlockSupply::Figures blocks = blocks_.figures();
  return {.committed_bytes = blocks.committed_bytes,
          .used_bytes = blocks.used_bytes,
          .free_bytes = blocks.free_bytes,
          .returned_bytes = returned_pages_.load(relaxed) * page_bytes,
          .arena_bytes = blocks.segment_bytes,
          .allocated_bytes = allocated_total_.load(relaxed),
          .cycles = cycle()};
}

Space* Heap::find_space(std::size_t number) const {
  const std::lock_guard lock(spaces_mutex_);
  return number < spaces_.size() ? &spaces_[number] : nullptr;
}

}  // namespace midden::inline MIDDEN_ABI::collector
