#include "collector/weak/weak_refs.hpp"

#include <utility>

#include <midden/fault.hpp>

namespace midden::inline MIDDEN_ABI::collector {

namespace {

// Entries whose metadata is fetched ahead: each look at a byte that nobody else looks at now misses.
constexpr std::size_t ahead = 16;

// Relaxed: mutators are stopped.
void make_null(std::atomic<void*>& word) { word.store(nullptr, std::memory_order_relaxed); }

}  // namespace

void WeakRefs::add(std::atomic<void*>& word, const void* target) {
  const std::lock_guard lock(mutex_);
  entries_.push_back({&word, target});
}

std::size_t WeakRefs::clear(const StoppedWorld&, const Heap& heap) {
  const std::lock_guard lock(mutex_);
  std::size_t cleared = 0;
  auto kept = entries_.begin();
  for (auto entry = entries_.begin(); entry != entries_.end(); ++entry) {
    if (static_cast<std::size_t>(entries_.end() - entry) > ahead) {
      heap.prefetch_mark(entry[ahead].word);
      heap.prefetch_mark(entry[ahead].target);
    }
    const bool alive = heap.marked(entry->word);
    if (broken(Defect::weak_late) || (heap.marked(entry->target) && !(broken(Defect::weak_early) && entry == kept))) {
      *kept++ = *entry;
      dead_words_ = dead_words_ || !alive;
    } else {
      make_null(*entry->word);
      cleared += alive;
    }
  }
  entries_.erase(kept, entries_.end());
  return cleared;
}

void WeakRefs::forget_dead(const StoppedWorld&, const Heap& heap) {
  const std::lock_guard lock(mutex_);
  if (!std::exchange(dead_words_, false)) return;
  std::erase_if(entries_, [&](const Entry& entry) { return !heap.marked(entry.word); });
}

std::size_t WeakRefs::count() const {
  const std::lock_guard lock(mutex_);
  return entries_.size();
}

}  // namespace midden::inline MIDDEN_ABI::collector
