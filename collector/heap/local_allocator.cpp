#include "collector/heap/local_allocator.hpp"

#include <algorithm>
#include <cstring>

#include <midden/fault.hpp>

#include "collector/sweep/free_runs.hpp"

namespace midden::inline MIDDEN_ABI::collector {

LocalAllocator::LocalAllocator(Heap& heap) : heap_(heap), single_slots_(heap.checked()) {
  const std::lock_guard lock(heap_.allocators_mutex_);
  heap_.allocators_.push_back(this);
}

LocalAllocator::~LocalAllocator() {
  const std::lock_guard lock(heap_.allocators_mutex_);
  std::erase(heap_.allocators_, this);
}

void LocalAllocator::give_back() {
  for (auto* cursors : {&by_slot_, &by_space_}) {
    for (detail::AllocationCursor& cursor : *cursors) {
      if (cursor.span == no_block) continue;
      const OpenSpan open{cursor.span, cursor.from};
      let_go(cursor);
      heap_.give_back(*heap_.space_.block(open.head).space, open);
    }
  }
  flush_count();
}

Grant LocalAllocator::allocate(Type& type, std::size_t bytes, Effort effort) {
  const std::size_t alignment = type.info().alignment;
  const std::size_t slot = alignment > granule_bytes ? round_up(bytes, alignment) : bytes;
  if (slot > max_small_bytes) {
    flush_count();
    const Heap::Large large = heap_.allocate_large(type, bytes, effort);
    return {large.memory, large.verdict};
  }
  return take_by_space(heap_.space_for(type, class_of(slot, alignment)), type, effort);
}

Grant LocalAllocator::allocate_fixed(std::uint32_t slot, Type& type, Effort effort) {
  const TypeInfo& info = type.info();
  if (info.size > max_small_bytes || info.alignment > granule_bytes) return allocate(type, info.size, effort);
  Space& space =
      heap_.space_for(type, class_of(info.size, info.alignment) - (broken(Defect::size_class) && info.size == 40));
  if (space.shared()) return take_by_space(space, type, effort);
  if (by_slot_.size() <= slot) by_slot_.resize(slot + 1);
  return take(by_slot_[slot], space, type, effort);
}

Grant LocalAllocator::take_by_space(Space& space, Type& type, Effort effort) {
  if (by_space_.size() <= space.number) by_space_.resize(space.number + 1);
  return take(by_space_[space.number], space, type, effort);
}

Grant LocalAllocator::take(detail::AllocationCursor& cursor, Space& space, Type& type, Effort effort) {
  while (true) {
    if (std::byte* const object = take_in_span(cursor)) {
      if (space.shared()) {
        const auto offset = static_cast<std::size_t>(object - heap_.space_.begin_of(cursor.span));
        heap_.space_.column(cursor.span)[slot_of(offset, heap_.space_.block(cursor.span).reciprocal)] = type.id();
      }
      return {object, Verdict::memory};
    }
    cursor = {};
    flush_count();
    const auto [open, verdict] = heap_.acquire(space, effort);
    if (verdict != Verdict::memory) return {nullptr, verdict};
    cursor.slot_bytes = space.slot_bytes;
    cursor.span = open.head;
    cursor.from = open.from;
  }
}

std::byte* LocalAllocator::lay_out(detail::AllocationCursor& cursor) {
  constexpr std::uint32_t short_run = 8;
  const Block& head = heap_.space_.block(cursor.span);
  std::byte* const base = heap_.space_.begin_of(cursor.span);
  std::uint32_t wanted = single_slots_ ? 1 : std::max(1U, slot_of(run_bytes, head.reciprocal));
  detail::WaitingSlot** last = &cursor.waiting;
  while (wanted > 0) {
    const SlotRun run = find_free_run(heap_.space_, head, cursor.from, wanted);
    cursor.from = run.end;
    const std::uint32_t slots = run.end - run.begin;
    if (slots == 0) break;
    wanted -= slots;
    std::byte* const begin = base + run.begin * head.slot_bytes;
    std::byte* const end = base + run.end * head.slot_bytes;
    uncounted_ += static_cast<std::size_t>(end - begin);
    if (!head.zero) {
      heap_.note_used(head, static_cast<std::size_t>(begin - base), static_cast<std::size_t>(end - base));
      if (!broken(Defect::not_zeroed)) std::memset(begin, 0, static_cast<std::size_t>(end - begin));
    }
    if (head.zero || slots > short_run) {
      cursor.next = begin;
      cursor.end = end;
      break;
    }
    for (std::byte* slot = begin; slot != end; slot += head.slot_bytes) {
      *last = new (slot) detail::WaitingSlot{nullptr};
      last = &(*last)->next;
    }
  }
  std::byte* const object = cursor.empty() ? cursor.take_waiting() : cursor.take();
  if (heap_.checked() && object != nullptr) heap_.space_.metadata(object).set(born_flag);
  return object;
}

void LocalAllocator::let_go(detail::AllocationCursor& cursor) {
  uncounted_ -= static_cast<std::uint64_t>(cursor.end - cursor.next);
  while (cursor.take_waiting() != nullptr) uncounted_ -= cursor.slot_bytes;
  cursor = {};
}

void LocalAllocator::forget(const StoppedWorld&) {
  for (detail::AllocationCursor& cursor : by_slot_) let_go(cursor);
  for (detail::AllocationCursor& cursor : by_space_) let_go(cursor);
  flush_count();
}

void LocalAllocator::flush_count() {
  heap_.count_allocated(uncounted_);
  uncounted_ = 0;
}

}  // namespace midden::inline MIDDEN_ABI::collector
