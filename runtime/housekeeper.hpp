#pragma once
// The thread of a Runtime that finishes what nobody waits for: sweeping and returning memory, and
// errands that are due at once.
//
//   wake ──▶ `period` later: work ──▶ more to come? another period : asleep until the next cycle
//   send ──▶ errand, errand ... until none is left
//
// Work comes a while after a cycle, so that threads that allocate sweep what they need themselves,
// with the memory in their own cache. A Runtime in which nothing happens wakes nobody.
//
// Threads: `wake` and `send` from those that collect, one at a time; `end` once.

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

#include <midden/build.hpp>

#include "runtime/processors.hpp"

namespace midden::inline MIDDEN_ABI::runtime {

class Housekeeper {
 public:
  static constexpr std::chrono::milliseconds period{500};

  // `work` returns whether there will be more to do after another period.
  // `errand` runs one, and returns whether there was one. Requires: the placement outlives this.
  Housekeeper(std::function<bool()> work, std::function<bool()> errand, const Placement& placement)
      : work_(std::move(work)), errand_(std::move(errand)), placement_(placement) {}
  ~Housekeeper() { end(); }

  // There is something to do. Starts the thread where there is none yet; that it cannot be had is no
  // error: what it would do is done by those who allocate, or in the next cycle.
  void wake();
  void send();
  // Ends the thread after what it is doing. Requires: it is not this one.
  void end();
  bool is_this_thread() const { return thread_.get_id() == std::this_thread::get_id(); }
  // Asked by the work where it could stop.
  bool ending() const {
    const std::lock_guard lock(mutex_);
    return ending_;
  }

 private:
  using Clock = std::chrono::steady_clock;

  void live();
  // Starts the thread where there is none. Outside of the mutex.
  void start();
  void not_started();

  const std::function<bool()> work_;
  const std::function<bool()> errand_;
  const Placement& placement_;
  std::thread thread_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  // Under the mutex.
  bool awake_ = false;
  Clock::time_point work_at_{};  // while awake
  bool sent_ = false;
  bool ending_ = false;
};

}  // namespace midden::inline MIDDEN_ABI::runtime
