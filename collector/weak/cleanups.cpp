#include "collector/weak/cleanups.hpp"

#include <algorithm>
#include <new>
#include <utility>

#include <midden/fault.hpp>

namespace midden::inline MIDDEN_ABI::collector {

void Cleanups::add(void* object, void* argument, std::shared_ptr<detail::Closure> closure) {
  const std::lock_guard lock(mutex_);
  if (closed_) return;
  cleanups_.push_back({object, argument, std::move(closure)});
}

void Cleanups::add_destructor(void* object, Destroy destroy) {
  const std::lock_guard lock(mutex_);
  if (closed_) return;
  destructors_.push_back({object, destroy});
}

// --- the weak phase ---------------------------------------------------------------------------

void Cleanups::keep_arguments(const StoppedWorld& stopped, const Heap& heap, Marker& marker) {
  const std::lock_guard lock(mutex_);
  if (broken(Defect::cleanup_argument)) return;
  self_kept_.reset();
  const auto keeps = [](const Cleanup& entry) {
    return entry.object != nullptr && entry.argument != nullptr && !entry.closure->claimed();
  };
  // Those of live objects first: what they keep is no cleanup's own doing.
  for (const Cleanup& entry : cleanups_) {
    if (keeps(entry) && heap.marked(entry.object)) marker.add(stopped, entry.argument);
  }
  marker.drain_added(stopped);
  for (Cleanup& entry : cleanups_) {
    if (!keeps(entry) || heap.marked(entry.argument)) continue;
    const bool dead = !heap.marked(entry.object);
    marker.add(stopped, entry.argument);
    marker.drain_added(stopped);
    if (!dead || !heap.marked(entry.object) || entry.told || self_kept_) continue;
    entry.told = true;
    self_kept_ = {entry.object, entry.argument};
  }
}

void Cleanups::find_dead(const StoppedWorld& stopped, const Heap& heap, Marker& marker) {
  const std::lock_guard lock(mutex_);
  // All of them before any is marked for its own sake: one that another leads to is as dead.
  for (Destructor& entry : destructors_) {
    if (entry.due || heap.marked(entry.object)) continue;
    entry.due = true;
    ++due_;
  }
  for (const Destructor& entry : destructors_) {
    if (entry.due && !broken(Defect::destructor_freed)) marker.add(stopped, entry.object);
  }
  marker.drain_added(stopped);
  for (Cleanup& entry : cleanups_) {
    const bool cancelled = entry.closure->claimed();
    if (entry.object == nullptr || (heap.marked(entry.object) && !cancelled)) continue;
    entry.object = nullptr;
    if (cancelled) entry.argument = nullptr;  // perhaps not kept
    ++due_;
  }
}

void Cleanups::trace(Tracer& tracer) {
  const std::lock_guard lock(mutex_);
  for (const Due& due : queue_) tracer.object(due.argument);
  if (due_ == 0) return;
  for (const Cleanup& entry : cleanups_) {
    if (entry.object == nullptr) tracer.object(entry.argument);
  }
  for (const Destructor& entry : destructors_) {
    if (entry.due) tracer.object(entry.object);
  }
}

// --- outside of it ----------------------------------------------------------------------------

void Cleanups::gather() {
  const std::lock_guard lock(mutex_);
  if (due_ == 0) return;
  const std::size_t before = queue_.size();
  try {
    for (auto entry = destructors_.rbegin(); entry != destructors_.rend(); ++entry) {
      if (entry->due) queue_.push_back({entry->object, nullptr, entry->destroy});
    }
    for (auto entry = cleanups_.rbegin(); entry != cleanups_.rend(); ++entry) {
      if (broken(Defect::cleanup_lost) && entry == cleanups_.rbegin()) continue;
      if (entry->object == nullptr) queue_.push_back({entry->argument, entry->closure, nullptr});
    }
  } catch (const std::bad_alloc&) {
    queue_.resize(before);
    return;
  }
  std::erase_if(destructors_, [](const Destructor& entry) { return entry.due; });
  std::erase_if(cleanups_, [](const Cleanup& entry) { return entry.object == nullptr; });
  due_ = 0;
}

void Cleanups::close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
}

void Cleanups::make_all_due() {
  {
    const std::lock_guard lock(mutex_);
    due_ = cleanups_.size() + destructors_.size();
    for (Cleanup& entry : cleanups_) entry.object = nullptr;
    for (Destructor& entry : destructors_) entry.due = true;
  }
  gather();
}

std::optional<Cleanups::Due> Cleanups::take() {
  const std::lock_guard lock(mutex_);
  if (queue_.empty()) return std::nullopt;
  std::optional<Due> due(std::move(queue_.front()));
  queue_.pop_front();
  return due;
}

std::size_t Cleanups::queued() const {
  const std::lock_guard lock(mutex_);
  return queue_.size() + due_;
}

std::size_t Cleanups::registered() const {
  const std::lock_guard lock(mutex_);
  return cleanups_.size() + destructors_.size() - due_;
}

}  // namespace midden::inline MIDDEN_ABI::collector
