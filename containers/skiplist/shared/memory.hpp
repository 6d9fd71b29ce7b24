#pragma once
// What a list with many writers asks of its surroundings: memory, room in its column, and ways to give
// memory back.
//
// In the runtime it makes leaf objects of the heap; in a test it may be calloc and a counter.
//
// Threads: any may call, also at the same time, each through a SharedMemory of its own. All of that but `keep` may be
// safepoints: the list holds no lock when it calls them. One thread at a time is at `segment` or `commit`.

#include <cstddef>
#include <cstdint>

#include <midden/build.hpp>

#include "containers/skiplist/memory.hpp"

namespace midden::inline MIDDEN_ABI::containers::skiplist {

// How memory comes to be free: grace periods as those of the Runtime (midden/grace.hpp), for which nobody waits here;
// and pages for the system.
class Reclaim : public Pages {
 public:
  virtual std::uint64_t begin_grace_period() noexcept = 0;
  virtual bool grace_period_over(std::uint64_t period) const noexcept = 0;
};

class SharedMemory : public Reclaim {
 public:
  // Memory for a segment: `bytes` bytes that stay where they are, of which the first `committed` may be touched.
  // Best when they begin at a cache line. May throw. Dropped at the next call, or the end, unless `keep` follows.
  virtual std::byte* segment(std::size_t bytes, std::size_t committed) = 0;
  // The memory that `segment` gave last has become the list's segment `index`. Under the list's lock.
  virtual void keep(unsigned index) noexcept = 0;
  // The first `bytes` bytes of that segment will be touched. May throw.
  virtual void commit(unsigned index, std::size_t bytes) = 0;

  // Another thread is at one of segment and commit: gives way to it. A safepoint. May throw.
  virtual void wait() = 0;

  // Lets the list's column have free indices, where it has one. May throw.
  virtual void grow_column() = 0;
};

}  // namespace midden::inline MIDDEN_ABI::containers::skiplist
