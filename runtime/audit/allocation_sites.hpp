#pragma once
// Where each object of a heap was allocated: the address of the object, and the call stack that asked for it. Stacks
// that are alike are kept once.
//
// Who is in the table is alive, or has died since the last `forget_dead`.
//
// Threads: `note` on any thread that allocates; the rest while the world is stopped.

#include <cstddef>
#include <mutex>
#include <set>
#include <unordered_map>
#include <vector>

#include "collector/heap/heap.hpp"
#include "runtime/backtrace.hpp"

namespace midden::inline MIDDEN_ABI::runtime {

class AllocationSites {
 public:
  using Frames = std::vector<void*>;

  // The caller's stack is that of the object. Where the host's allocator has no memory, nothing is noted of it.
  void note(const void* object) noexcept;
  // The innermost frames first; null: not noted.
  const Frames* find(const void* object) const;
  void forget_dead(const collector::Heap& heap);

 private:
  static constexpr std::size_t most_frames = 12;

  std::mutex mutex_;
  std::set<Frames> known_;
  std::unordered_map<const void*, const Frames*> by_object_;
};

}  // namespace midden::inline MIDDEN_ABI::runtime
