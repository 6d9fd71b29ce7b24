#pragma once
// How a writer waits for a lock that another holds for some hundred nanoseconds.
//
// The holder reaches no safepoint, so it is never stopped by a collection; where the system has put it
// aside, the waiting thread gives way.

#include <thread>

#include <midden/build.hpp>

namespace midden::inline MIDDEN_ABI::containers::skiplist {

class Spin {
 public:
  void wait() noexcept {
    if (++rounds_ % rounds_before_yield == 0) return std::this_thread::yield();
#if defined(__x86_64__)
    __builtin_ia32_pause();
#endif
  }

 private:
  static constexpr unsigned rounds_before_yield = 64;
  unsigned rounds_ = 0;
};

// One bit of its own. Meets std::lock_guard's needs.
class SpinLock {
 public:
  // Acquires from unlock().
  bool try_lock() noexcept { return !__atomic_exchange_n(&held_, true, __ATOMIC_ACQUIRE); }
  void lock() noexcept {
    for (Spin spin; !try_lock();) spin.wait();
  }
  // Releases to try_lock().
  void unlock() noexcept { __atomic_store_n(&held_, false, __ATOMIC_RELEASE); }

 private:
  bool held_ = false;
};

}  // namespace midden::inline MIDDEN_ABI::containers::skiplist
