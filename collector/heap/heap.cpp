#include "collector/heap/heap.hpp"

#include <algorithm>
#include <cstring>
#include <new>

#include "collector/check/poison.hpp"
#include "collector/heap/local_allocator.hpp"
#include "collector/report/ledger.hpp"
#include "collector/sweep/sweeper.hpp"

namespace midden::inline MIDDEN_ABI::collector {

namespace {

// A slot of a class: rounded up where the type's alignment is above a granule.
std::size_t slot_bytes_for(const Type& type, SizeClass c) {
  const std::size_t alignment = type.info().alignment;
  return alignment > granule_bytes ? round_up(class_bytes(c), alignment) : class_bytes(c);
}

// From this size on the system zeroes memory faster, by handing out fresh pages when they are touched.
constexpr std::size_t discard_bytes = std::size_t{1} << 20;

// Relaxed throughout: these are sums and thresholds read as estimates; nothing is published by them.
constexpr auto relaxed = std::memory_order_relaxed;

}  // namespace

Heap::Heap(PageSource& pages, const HeapLimits& limits, bool checked)
    : pages_(pages), limits_(limits), checked_(checked), space_(pages, limits.reserve), pool_(space_) {
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
  if (effort == Effort::normal && over_trigger()) return {{}, Verdict::cycle_needed};
  {
    const std::lock_guard lock(space.mutex);
    if (!space.ready.empty()) {
      const OpenSpan open = space.ready.back();
      space.ready.pop_back();
      return {open, Verdict::memory};
    }
    while (space.next_unswept < space.spans.size()) {
      std::uint32_t free_slots = 0;
      const BlockIndex head = space.spans[space.next_unswept];
      sweep_next(space, false, free_slots);
      if (free_slots > 0) return {{head, 0}, Verdict::memory};
    }
  }
  Verdict verdict = Verdict::memory;
  const BlockIndex first = take_blocks(space.span_blocks, false, verdict);
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

Heap::Large Heap::allocate_large(Type& type, std::size_t bytes, Effort effort) {
  if (effort == Effort::normal && over_trigger()) return {nullptr, Verdict::cycle_needed};
  if (bytes > space_.reserved_blocks() * block_bytes) return {nullptr, Verdict::out_of_memory};
  {
    const std::lock_guard lock(large_->mutex);
    sweep_rest(*large_);
  }
  const std::size_t blocks = blocks_for(bytes);
  const bool segment = type.info().segment;
  Verdict verdict = Verdict::memory;
  const BlockIndex first = take_blocks(blocks, segment, verdict);
  if (first == no_block) return {nullptr, verdict};
  std::byte* const memory = space_.begin_of(first);
  init_span(first, *large_, round_up(bytes, page_bytes), blocks, type.id(), type.plan_word());
  add_span(*large_, first);
  if (!space_.block(first).zero) {
    // A segment's pages count when they are committed: before that it may hold none.
    if (segment || blocks * block_bytes >= discard_bytes) {
      pages_.discard(memory, blocks * block_bytes);
    } else {
      std::memset(memory, 0, bytes);
    }
  }
  if (checked_) space_.metadata(memory).set(born_flag);
  if (!segment) count_allocated(blocks * block_bytes);
  return {memory, Verdict::memory};
}

Verdict Heap::commit_segment(void* object, std::uint64_t bytes, Effort effort) {
  Block& head = space_.head_of(object);
  if (!head.space->large()) return Verdict::memory;  // a small segment counts as any object
  const std::uint64_t wanted = std::min<std::uint64_t>(round_up(bytes, page_bytes), head.slot_bytes);
  if (wanted <= head.committed_bytes) return Verdict::memory;
  if (effort == Effort::normal && arena_allocated_.load(relaxed) >= arena_trigger_.load(relaxed)) {
    return Verdict::cycle_needed;
  }
  const std::uint64_t more = wanted - head.committed_bytes;
  const std::lock_guard lock(pool_mutex_);
  if (!fits_limit(more)) return Verdict::limit_reached;
  segment_committed_ += more;
  head.committed_bytes = wanted;
  arena_allocated_.fetch_add(more, relaxed);
  return Verdict::memory;
}

void Heap::count_allocated(std::uint64_t bytes) {
  if (bytes == 0) return;
  allocated_.fetch_add(bytes, relaxed);
  allocated_total_.fetch_add(bytes, relaxed);
}

bool Heap::over_trigger() const { return allocated_.load(relaxed) >= trigger_.load(relaxed); }

void Heap::set_trigger(std::uint64_t allocated, std::uint64_t arena) {
  trigger_.store(allocated, relaxed);
  arena_trigger_.store(arena, relaxed);
}

BlockIndex Heap::take_blocks(std::size_t blocks, bool segment, Verdict& verdict) {
  BlockIndex first = take_free(blocks, segment, false, verdict);
  if (first != no_block) return first;
  // Before the heap grows: whole free blocks among what other spaces have not swept yet.
  while (true) {
    Space* space = nullptr;
    {
      const std::lock_guard lock(spaces_mutex_);
      if (reclaim_cursor_ == spaces_.size()) break;
      space = &spaces_[reclaim_cursor_++];
    }
    {
      const std::lock_guard lock(space->mutex);
      if (space->next_unswept == space->spans.size()) continue;
      sweep_rest(*space);
    }
    first = take_free(blocks, segment, false, verdict);
    if (first != no_block) return first;
  }
  return take_free(blocks, segment, true, verdict);
}

BlockIndex Heap::take_free(std::size_t blocks, bool segment, bool may_extend, Verdict& verdict) {
  const std::lock_guard lock(pool_mutex_);
  BlockIndex first = pool_.take(blocks);
  if (first == no_block && may_extend) {
    // Before the frontier moves, for it does not move back. A segment costs its tables only.
    if (!fits_limit(blocks * (AddressSpace::overhead_per_block + (segment ? 0 : block_bytes)))) {
      verdict = Verdict::limit_reached;
      return no_block;
    }
    const BlockIndex from = space_.frontier();
    pool_.make_room();
    if (!space_.extend(blocks - pool_.free_before(from))) {
      verdict = Verdict::out_of_memory;
      return no_block;
    }
    pool_.add(from, space_.frontier() - from);
    first = pool_.take(blocks);
  }
  verdict = Verdict::memory;
  if (first == no_block) return no_block;
  if (segment) segment_blocks_ += blocks;
  if (!fits_limit(0)) {
    if (segment) segment_blocks_ -= blocks;
    pool_.put(first, blocks);
    verdict = Verdict::limit_reached;
    return no_block;
  }
  return first;
}

bool Heap::fits_limit(std::uint64_t more) {
  if (committed_locked() + more <= limits_.heap_max) return true;
  pool_.discard();  // free memory that was used counts until the system has it back
  return committed_locked() + more <= limits_.heap_max;
}

std::uint64_t Heap::committed_locked() const {
  const std::uint64_t blocks = space_.frontier() - pool_.zero_blocks() - segment_blocks_;
  return blocks * (block_bytes + AddressSpace::overhead_per_block) + segment_committed_;
}

void Heap::discard_above(std::uint64_t bytes) {
  const std::lock_guard lock(pool_mutex_);
  if (committed_locked() > bytes) pool_.discard();
}

std::uint64_t Heap::committed_bytes() const {
  const std::lock_guard lock(pool_mutex_);
  return committed_locked();
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
  }
}

// --- sweeping -------------------------------------------------------------------------------

void Heap::sweep_next(Space& space, bool release_free, std::uint32_t& free_slots) {
  const std::uint64_t begin_ns = steady_ns();
  Block& head = space_.block(space.spans[space.next_unswept++]);
  if (space.large()) {
    const Metadata mark = space_.metadata(space_.begin_of(head.first));
    free_slots = mark.has(live_colour()) ? 0 : 1;
    if (free_slots != 0) space_.metadata_of(head.first)[0] = 0;
    if (free_slots != 0 && checked_) {
      const bool segment = types_[head.type].info().segment;
      std::memset(space_.begin_of(head.first), poison_byte, segment ? head.committed_bytes : head.slot_bytes);
    }
    head.swept_cycle = cycle();
  } else {
    free_slots = sweep_span(space_, head, live_colour(), cycle());
    if (checked_) poison_free_slots(space_, head);
  }
  if (release_free && free_slots == head.slots) {
    space.remove_last_swept();
    release_span(head);
  }
  sweep_ns_.fetch_add(steady_ns() - begin_ns, relaxed);
}

void Heap::sweep_and_keep(Space& space) {
  std::uint32_t free_slots = 0;
  const BlockIndex head = space.spans[space.next_unswept];
  const std::uint32_t slots = space_.block(head).slots;
  sweep_next(space, true, free_slots);
  if (free_slots > 0 && free_slots < slots) space.ready.push_back({head, 0});
}

void Heap::sweep_rest(Space& space) {
  while (space.next_unswept < space.spans.size()) sweep_and_keep(space);
}

void Heap::release_span(Block& head) {
  const BlockIndex first = head.first;
  const std::size_t blocks = head.blocks;
  const bool discard = blocks * block_bytes >= discard_bytes;
  const bool segment = head.space->large() && types_[head.type].info().segment;
  const std::uint64_t committed = head.committed_bytes;
  if (discard) pages_.discard(space_.begin_of(first), blocks * block_bytes);
  for (std::size_t i = 0; i < blocks; ++i) {
    const auto index = static_cast<BlockIndex>(first + i);
    space_.block(index) = Block{.state = BlockState::free, .zero = discard};
    space_.plan(index) = PlanWord();
  }
  const std::lock_guard lock(pool_mutex_);
  if (segment) {
    segment_blocks_ -= blocks;
    segment_committed_ -= committed;
  }
  pool_.put(first, blocks);
}

void Heap::sweep_overdue() {
  // With C colours the next cycle reuses the colour of C cycles ago: marks that old must be gone.
  const std::uint64_t next = cycle() + 1;
  for (std::size_t i = 0; Space* space = find_space(i); ++i) {
    const std::lock_guard lock(space->mutex);
    const auto overdue = [&](BlockIndex head) { return space_.block(head).swept_cycle + mark_colours <= next; };
    const auto unswept = space->spans.begin() + static_cast<std::ptrdiff_t>(space->next_unswept);
    if (std::any_of(unswept, space->spans.end(), overdue)) sweep_rest(*space);
  }
}

bool Heap::sweep_until(std::uint64_t deadline_ns) {
  for (std::size_t i = 0; Space* space = find_space(i); ++i) {
    while (true) {
      const std::lock_guard lock(space->mutex);
      if (space->next_unswept == space->spans.size()) break;
      if (steady_ns() >= deadline_ns) return false;
      sweep_and_keep(*space);
    }
  }
  return true;
}

// --- the cycle ------------------------------------------------------------------------------

void Heap::reclaim(const StoppedWorld& stopped) {
  {
    const std::lock_guard lock(allocators_mutex_);
    for (LocalAllocator* allocator : allocators_) allocator->forget(stopped);
  }
  for (Space& space : spaces_) {
    space.next_unswept = 0;
    space.ready.clear();
  }
  reclaim_cursor_ = 0;
  arena_allocated_.store(0, relaxed);
}

void Heap::retire(Type& type) {
  const std::lock_guard lock(spaces_mutex_);
  retired_.push_back(&type);
}

void Heap::drop_retired(const StoppedWorld&) {
  const std::lock_guard lock(spaces_mutex_);
  if (retired_.empty()) return;
  try {
    const std::vector<bool> alive = types_alive();
    for (std::size_t i = 0; i < retired_.size();) {
      if (alive[retired_[i]->id()]) {
        ++i;
        continue;
      }
      forget(*retired_[i]);
      retired_[i] = retired_.back();
      retired_.pop_back();
    }
  } catch (const std::bad_alloc&) {
    // The cycle must go on. What the host had no memory for is left to the next.
  }
}

std::vector<bool> Heap::types_alive() const {
  std::vector<bool> alive(types_.end_id());
  for (const Space& space : spaces_) {
    for (const BlockIndex first : space.spans) {
      const Block& head = space_.block(first);
      for (std::uint32_t slot = 0; slot < head.slots; ++slot) {
        const std::byte* object = space_.begin_of(first) + slot * head.slot_bytes;
        if (!space_.metadata(object).has(live_colour())) continue;
        alive[type_of(object).id()] = true;
        if (!head.shared) break;
      }
    }
  }
  return alive;
}

void Heap::forget(Type& type) {
  const auto holds = [&](const Space& space) {
    if (!space.large()) return space.type == type.id();
    return std::any_of(space.spans.begin(), space.spans.end(),
                       [&](BlockIndex first) { return space_.block(first).type == type.id(); });
  };
  // No block may name a freed id: the spans of this type are all dead, and go at once. Its own
  // spaces are then empty, and the next type's.
  vacant_.reserve(spaces_.size());
  for (Space& space : spaces_) {
    if (!holds(space)) continue;
    space.next_unswept = 0;
    sweep_rest(space);
    if (space.large()) continue;
    space.type = no_type;
    vacant_.push_back(&space);
  }
  types_.remove(type);
}

// --- questions ------------------------------------------------------------------------------

Type& Heap::type_of(const void* object) const {
  const Block& head = space_.head_of(object);
  if (!head.shared) return types_[head.type];
  const auto offset = static_cast<std::size_t>(static_cast<const std::byte*>(object) - space_.begin_of(head.first));
  return types_[space_.column(head.first)[slot_of(offset, head.reciprocal)]];
}

bool Heap::is_slot(const void* address) const {
  if (!space_.contains(address)) return false;
  const BlockState state = space_.block(space_.index_of(address)).state;
  if (state != BlockState::head && state != BlockState::tail) return false;
  const Block& head = space_.head_of(address);
  const auto offset = static_cast<std::size_t>(static_cast<const std::byte*>(address) - space_.begin_of(head.first));
  return offset % head.slot_bytes == 0 && offset / head.slot_bytes < head.slots;
}

std::uint64_t Heap::take_sweep_ns() { return sweep_ns_.exchange(0, relaxed); }

HeapReport Heap::report() const {
  const std::lock_guard lock(pool_mutex_);
  const std::uint64_t used = space_.frontier() - pool_.free_blocks() - segment_blocks_;
  return {.committed_bytes = committed_locked(),
          .used_bytes = used * block_bytes,
          .free_bytes = (pool_.free_blocks() - pool_.zero_blocks()) * block_bytes,
          .arena_bytes = segment_committed_,
          .allocated_bytes = allocated_total_.load(relaxed),
          .cycles = cycle()};
}

Space* Heap::find_space(std::size_t number) const {
  const std::lock_guard lock(spaces_mutex_);
  return number < spaces_.size() ? &spaces_[number] : nullptr;
}

}  // namespace midden::inline MIDDEN_ABI::collector
