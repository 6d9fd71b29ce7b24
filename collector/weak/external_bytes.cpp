#include "collector/weak/external_bytes.hpp"

namespace midden::inline MIDDEN_ABI::collector {

namespace {

// Relaxed: sums that are read as estimates.
constexpr auto relaxed = std::memory_order_relaxed;

}  // namespace

void ExternalBytes::declare(const void* object, std::uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  const auto found = bytes_.find(object);
  const std::uint64_t before = found == bytes_.end() ? 0 : found->second;
  if (bytes == 0) {
    if (found != bytes_.end()) bytes_.erase(found);
  } else if (found != bytes_.end()) {
    found->second = bytes;
  } else {
    bytes_.emplace(object, bytes);
  }
  total_.fetch_add(bytes - before, relaxed);
  if (bytes > before) declared_.fetch_add(bytes - before, relaxed);
}

std::uint64_t ExternalBytes::of(const void* object) const {
  const std::lock_guard lock(mutex_);
  const auto found = bytes_.find(object);
  return found == bytes_.end() ? 0 : found->second;
}

void ExternalBytes::end_dead(const StoppedWorld&, const Heap& heap) {
  const std::lock_guard lock(mutex_);
  for (auto entry = bytes_.begin(); entry != bytes_.end();) {
    if (heap.marked(entry->first)) {
      ++entry;
    } else {
      total_.fetch_sub(entry->second, relaxed);
      entry = bytes_.erase(entry);
    }
  }
}

void ExternalBytes::set_trigger(const StoppedWorld&, std::uint64_t bytes) {
  declared_.store(0, relaxed);
  trigger_.store(bytes, relaxed);
}

}  // namespace midden::inline MIDDEN_ABI::collector
