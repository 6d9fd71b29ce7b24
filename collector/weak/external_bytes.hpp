#pragma once
// Bytes outside of the heap that live objects keep: buffers, files' pages, handles of a library.
//
// A host declares them with an object, and they end with it. They count for the pacer as arenas do,
// by a trigger of their own, and for the soft limit; the hard one is about the heap's own memory.
//
// Threads: `end_dead` while the world is stopped, the rest from any mutator.

#include <atomic>
#include <cstdint>
#include <mutex>
#include <unordered_map>

#include "collector/heap/heap.hpp"

namespace midden::inline MIDDEN_ABI::collector {

class ExternalBytes {
 public:
  // Replaces what was declared with the object before; 0: none any more. Returns by how much that differs.
  // Throws std::bad_alloc. Requires: all that is declared is below 2^63 bytes.
  std::int64_t declare(const void* object, std::uint64_t bytes);
  std::uint64_t of(const void* object) const;
  // Forgets those of dead objects. Linear in the number of objects that have some.
  void end_dead(const StoppedWorld&, const Heap& heap);
  // Relaxed: a sum that is read as an estimate.
  std::uint64_t total() const { return total_.load(std::memory_order_relaxed); }

 private:
  mutable std::mutex mutex_;
  std::unordered_map<const void*, std::uint64_t> bytes_;
  std::atomic<std::uint64_t> total_{0};
};

}  // namespace midden::inline MIDDEN_ABI::collector
