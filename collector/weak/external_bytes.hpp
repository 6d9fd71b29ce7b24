#pragma once
// Bytes outside of the heap that live objects keep: buffers, files' pages, handles of a library.
//
// A host declares them with an object, and they end with it. They count for the pacer as arenas do,
// by a trigger of their own, and for the soft limit; the hard one is about the heap's own memory.
//
// Threads: `declare`, `of`, `total` and `over_trigger` from any mutator; `end_dead` while the world
// is stopped.

#include <atomic>
#include <cstdint>
#include <mutex>
#include <unordered_map>

#include "collector/heap/heap.hpp"

namespace midden::inline MIDDEN_ABI::collector {

class ExternalBytes {
 public:
  // Replaces what was declared with the object before; 0: none any more. Throws std::bad_alloc.
  void declare(const void* object, std::uint64_t bytes);
  std::uint64_t of(const void* object) const;
  // Forgets those of dead objects. Linear in the number of objects that have some.
  void end_dead(const StoppedWorld&, const Heap& heap);
  // A cycle is due after this many more bytes have been declared.
  void set_trigger(const StoppedWorld&, std::uint64_t bytes);

  // Relaxed: sums that are read as estimates.
  std::uint64_t total() const { return total_.load(std::memory_order_relaxed); }
  bool over_trigger() const {
    return declared_.load(std::memory_order_relaxed) >= trigger_.load(std::memory_order_relaxed);
  }

 private:
  mutable std::mutex mutex_;
  std::unordered_map<const void*, std::uint64_t> bytes_;
  std::atomic<std::uint64_t> total_{0};
  std::atomic<std::uint64_t> declared_{0};  // since the last cycle
  std::atomic<std::uint64_t> trigger_{no_trigger};
};

}  // namespace midden::inline MIDDEN_ABI::collector
