#include "runtime/housekeeper.hpp"

#include <new>
#include <system_error>

#include "runtime/quiet_thread.hpp"

namespace midden::inline MIDDEN_ABI::runtime {

void Housekeeper::wake() {
  {
    const std::lock_guard lock(mutex_);
    if (ending_ || std::exchange(awake_, true)) return;
  }
  changed_.notify_all();
  if (thread_.joinable()) return;
  try {
    thread_ = start_quiet_thread("midden-house", [this] { live(); });
  } catch (const std::system_error&) {
    not_started();
  } catch (const std::bad_alloc&) {
    not_started();
  }
}

// So that the next cycle tries again.
void Housekeeper::not_started() {
  const std::lock_guard lock(mutex_);
  awake_ = false;
}

void Housekeeper::live() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [&] { return awake_ || ending_; });
    if (changed_.wait_for(lock, period, [&] { return ending_; })) return;
    awake_ = false;  // a cycle that ends from here on wakes it again
    lock.unlock();
    const bool more = work_();
    lock.lock();
    awake_ = awake_ || more;
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
