#pragma once
// The write barrier: snapshot at the beginning. Off unless built with -Dbarrier=true.
//
// While marking runs beside mutators, the old target of every overwritten edge must be marked,
// or an object moved from an unscanned field to a scanned one would be lost (Yuasa 1990). This
// collector marks only while the world is stopped, so no marking needs it today. The branch
// exists so that its cost is known and hosts' code already passes it: load a flag, and when it
// is up, log the old target in a per-thread buffer, which is traced with the thread's roots.
// In Ref and AtomicRef the flag comes first: the old target of an object that is not in the cache is a
// load that the store itself would not wait for.
//
// Threads: any attached thread; each has its own buffer.

#include <atomic>
#include <cstddef>
#include <vector>

#include <midden/build.hpp>

namespace midden::inline MIDDEN_ABI {

namespace detail {

// One thread's log of overwritten targets: its owner appends, a collector reads it stopped.
struct BarrierLog {
  bool active = false;  // written only while the owner is stopped
  std::vector<void*> overwritten;
};

inline thread_local constinit BarrierLog* barrier_log = nullptr;

// Whether this thread's stores are to note what they overwrite.
inline bool barrier_active() noexcept {
  if constexpr (!store_barrier_built) return false;
  const BarrierLog* log = barrier_log;
  return log != nullptr && log->active;
}

// Apart: with it a store would be too large for compilers to inline.
[[gnu::noinline, gnu::cold]] inline void log_overwritten(void* old_target) noexcept {
  barrier_log->overwritten.push_back(old_target);
}

}  // namespace detail

// Call before a reference word at `slot` changes from `old_target` to `new_target`; targets are
// starts of objects or null. Ref does so by itself: this is for a host's own word type.
inline void store_barrier(void* slot, void* old_target, void* new_target) noexcept {
  static_cast<void>(slot);
  static_cast<void>(new_target);
  if (detail::barrier_active() && old_target != nullptr) [[unlikely]]
    detail::log_overwritten(old_target);
}

}  // namespace midden::inline MIDDEN_ABI
