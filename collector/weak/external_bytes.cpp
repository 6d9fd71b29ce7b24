#include "collector/weak/external_bytes.hpp"

namespace midden::inline MIDDEN_ABI::collector {

namespace {

// Relaxed: a sum that is read as an estimate.
constexpr auto relaxed = std::memory_order_relaxed;

}  // namespace

std::int64_t ExternalBytes::declare(const void* object, std::uint64_t bytes) {
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
  return static_cast<std::int64_t>(bytes - before);
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

}  // namespace midden::inline MIDDEN_ABI::collector
