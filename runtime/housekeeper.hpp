#pragma once
// The thread of a Runtime that finishes what nobody waits for: sweeping, and returning memory.
//
//   a cycle ends ──▶ `period` later: work ──▶ more to come? another period : asleep until the next cycle
//
// It comes a while after a cycle, so that threads that allocate sweep what they need themselves,
// with the memory in their own cache. A Runtime in which nothing happens wakes nobody.
//
// Threads: `wake` from those that collect, one at a time; `end` once.

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

#include <midden/build.hpp>

namespace midden::inline MIDDEN_ABI::runtime {

class Housekeeper {
 public:
  static constexpr std::chrono::milliseconds period{500};

  // `work` returns whether there will be more to do after another period.
  explicit Housekeeper(std::function<bool()> work) : work_(std::move(work)) {}
  ~Housekeeper() { end(); }

  // There is something to do. Starts the thread where there is none yet; that it cannot be had is no
  // error: what it would do is done by those who allocate, or in the next cycle.
  void wake();
  // Ends the thread after what it is doing.
  void end();
  // Asked by the work where it could stop.
  bool ending() const {
    const std::lock_guard lock(mutex_);
    return ending_;
  }

 private:
  void live();
  void not_started();

  const std::function<bool()> work_;
  std::thread thread_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  // Under the mutex.
  bool awake_ = false;
  bool ending_ = false;
};

}  // namespace midden::inline MIDDEN_ABI::runtime
