#include "runtime/audit/allocation_sites.hpp"

#include <iterator>
#include <new>

namespace midden::inline MIDDEN_ABI::runtime {

void AllocationSites::note(const void* object) noexcept try {
  const CallStack stack = capture_stack(1, most_frames);
  const Frames frames(stack.frames.begin(), std::next(stack.frames.begin(), static_cast<std::ptrdiff_t>(stack.count)));
  const std::lock_guard lock(mutex_);
  by_object_.erase(object);  // of the one that was there before
  by_object_[object] = &*known_.insert(frames).first;
} catch (const std::bad_alloc&) {
}

const AllocationSites::Frames* AllocationSites::find(const void* object) const {
  const auto found = by_object_.find(object);
  return found == by_object_.end() ? nullptr : found->second;
}

void AllocationSites::forget_dead(const collector::Heap& heap) {
  std::erase_if(by_object_, [&](const auto& entry) { return !heap.marked(entry.first); });
}

}  // namespace midden::inline MIDDEN_ABI::runtime
