#include "runtime/housekeeper.hpp"

#include <new>
#include <system_error>

#include "runtime/quiet_thread.hpp"

namespace midden::inline MIDDEN_ABI::runtime {

void Housekeeper::wake() {
  {
    const std::lock_guard lock(mutex_);
    if (ending_ || std::exchange(awake_, true)) return;
    work_at_ = Clock::now() + period;
  }
  start();
}

void Housekeeper::send() {
  {
    const std::lock_guard lock(mutex_);
    if (ending_ || std::exchange(sent_, true)) return;
  }
  start();
}

void Housekeeper::start() {
  changed_.notify_all();
  if (thread_.joinable()) return;
  try {
    thread_ = start_quiet_thread("midden-house", placement_, [this] { live(); });
  } catch (const std::system_error&) {
    not_started();
  } catch (const std::bad_alloc&) {
    not_started();
  }
}

// So that the next cycle tries again.
void Housekeeper::not_started() {
  const std::lock_guard lock(mutex_);
  awake_ = sent_ = false;
}

void Housekeeper::live() {
  std::unique_lock lock(mutex_);
  while (!ending_) {
    // Work first where it is due: errands may come without end.
    if (awake_ && Clock::now() >= work_at_) {
      awake_ = false;  // a cycle that ends from here on wakes it again
      lock.unlock();
      const bool more = work_();
      lock.lock();
      if (!more || std::exchange(awake_, true)) continue;
      work_at_ = Clock::now() + period;
    } else if (std::exchange(sent_, false)) {
      lock.unlock();
      const bool one = errand_();
      lock.lock();
      sent_ = sent_ || one;
    } else if (awake_) {
      changed_.wait_until(lock, Clock::time_point(work_at_));
    } else {
      changed_.wait(lock);
    }
  }
}

void Housekeeper::end() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

}  // namespace midden::inline MIDDEN_ABI::runtime
