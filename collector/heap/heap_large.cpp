// The heap's part of large objects: a span for each. They are made, and grow, without their pages being
// touched: what the system gives is zero, and what was used before it is asked to make zero again.
//
// An object grows in place where the blocks behind it are free, or it is the last of the heap. Its owner
// promises that nobody else asks what it is meanwhile: descriptors are read without a lock.

#include <algorithm>
#include <cstring>

#include "collector/heap/heap.hpp"

namespace midden::inline MIDDEN_ABI::collector {

namespace {

// Relaxed: sums and thresholds read as estimates; nothing is published by them.
constexpr auto relaxed = std::memory_order_relaxed;

}  // namespace

Heap::Large Heap::allocate_large(Type& type, std::size_t bytes, Effort effort) {
  const bool segment = type.info().segment;
  if (effort == Effort::normal && objects_due(segment ? 0 : bytes)) return {nullptr, Verdict::cycle_needed};
  if (bytes > space_.reserved_blocks() * block_bytes) return {nullptr, Verdict::out_of_memory};
  const std::size_t blocks = blocks_for(bytes);
  std::size_t budget = budget_of(effort);
  // Before the pool is asked: what large objects take, large ones that are dead give.
  sweep_large_for(blocks, budget);
  Verdict verdict = Verdict::memory;
  const auto use = segment ? BlockSupply::Use::segment : BlockSupply::Use::objects;
  const BlockIndex first = take_blocks({.blocks = blocks, .use = use}, budget, verdict);
  if (first == no_block) return {nullptr, verdict};
  std::byte* const memory = space_.begin_of(first);
  init_span(first, *large_, round_up(bytes, page_bytes), blocks, type.id(), type.plan_word());
  // Before it can be released as a span whose memory is known.
  if (!space_.block(first).zero) clear_large(first, blocks, segment);
  add_span(*large_, first);
  if (checked_) space_.metadata(memory).set(born_flag);
  if (!segment) count_allocated(blocks * block_bytes);
  return {memory, Verdict::memory};
}

void Heap::clear_large(BlockIndex first, std::size_t blocks, bool segment) {
  if (segment) {
    // Its pages, and those of its part of the tables, count when they are committed: before that it may hold none.
    space_.discard(first, blocks);
  } else if (blocks * block_bytes >= discard_bytes) {
    space_.pages().discard(space_.begin_of(first), blocks * block_bytes);
  } else {
    std::memset(space_.begin_of(first), 0, blocks * block_bytes);
  }
}

void Heap::sweep_large_for(std::size_t blocks, std::size_t& budget) {
  for (std::size_t all = 0; all < blocks && budget > 0; --budget) {
    const std::optional<std::size_t> freed = sweep_next(*large_);
    if (!freed) return;
    all += *freed;
  }
}

void Heap::sweep_large_at(BlockIndex begin, std::size_t blocks) {
  const std::lock_guard lock(large_->mutex);
  std::vector<BlockIndex>& spans = large_->spans;
  // From the back: what takes a freed span's place has been looked at.
  for (std::size_t i = spans.size(); i > large_->next_unswept;) {
    if (static_cast<BlockIndex>(spans[i - 1] - begin) >= blocks) {
      --i;
      continue;
    }
    std::swap(spans[i - 1], spans[large_->next_unswept]);
    sweep_and_keep(*large_);
    i = std::min(i, spans.size());
  }
}

bool Heap::extend_large(void* object, std::size_t bytes) {
  Block& head = space_.head_of(object);
  if (!head.space->large() || bytes > space_.reserved_blocks() * block_bytes) return false;
  const std::size_t blocks = blocks_for(bytes);
  const std::size_t before = head.blocks;
  if (blocks > before) {
    const auto next = static_cast<BlockIndex>(head.first + before);
    sweep_large_at(next, blocks - before);
    if (!blocks_.take_behind(next, blocks - before)) return false;
    // Zero before anybody can know of it: the object's owner, then the collector.
    bool zero = true;
    for (std::size_t i = 0; i < blocks - before; ++i)
      zero = zero && space_.block(static_cast<BlockIndex>(next + i)).zero;
    if (!zero) clear_large(next, blocks - before, false);
    count_allocated((blocks - before) * block_bytes);
  }
  const std::lock_guard lock(large_->mutex);
  for (std::size_t i = before; i < blocks; ++i) {
    const auto index = static_cast<BlockIndex>(head.first + i);
    space_.block(index) = head;
    space_.block(index).state = BlockState::tail;
    space_.plan(index) = space_.plan(head.first);
  }
  for (std::size_t i = 0; i < blocks; ++i) {
    Block& block = space_.block(static_cast<BlockIndex>(head.first + i));
    block.blocks = static_cast<std::uint32_t>(blocks);
    block.slot_bytes = round_up(bytes, page_bytes);
  }
  return true;
}

Verdict Heap::commit_segment(void* object, std::uint64_t bytes, Effort effort) {
  Block& head = space_.head_of(object);
  if (!head.space->large()) return Verdict::memory;  // a small segment counts as any object
  const std::uint64_t wanted = std::min<std::uint64_t>(round_up(bytes, page_bytes), head.slot_bytes);
  if (wanted <= head.committed_bytes) return Verdict::memory;
  const std::uint64_t more = wanted - head.committed_bytes;
  if (effort == Effort::normal && over_trigger(arena_allocated_, arena_trigger_, more)) return Verdict::cycle_needed;
  if (!blocks_.commit_segment(more)) return Verdict::limit_reached;
  head.committed_bytes = wanted;
  arena_allocated_.fetch_add(more, relaxed);
  return Verdict::memory;
}

void Heap::discard_in_segment(std::byte* begin, std::size_t bytes) {
  if (!space_.contains(begin)) return;
  const Block& head = space_.head_of(begin);
  if (head.space != large_ || !type_of(space_.begin_of(head.first)).info().segment) return;
  const auto from = reinterpret_cast<std::uintptr_t>(begin);
  const std::uintptr_t first = round_up(from, page_bytes);
  const std::uintptr_t last = (from + bytes) / page_bytes * page_bytes;
  if (first < last) space_.pages().discard(begin + (first - from), last - first);
}

}  // namespace midden::inline MIDDEN_ABI::collector
