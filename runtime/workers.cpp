#include "runtime/workers.hpp"

#include <new>
#include <system_error>

#include "runtime/fatal.hpp"
#include "runtime/quiet_thread.hpp"

namespace midden::inline MIDDEN_ABI::runtime {

void Workers::call(collector::Chore& chore) {
  if (threads_.size() < helpers_) start();
  {
    const std::lock_guard lock(mutex_);
    chore_ = &chore;
    ++calls_;
  }
  called_.notify_all();
}

void Workers::start() {
  try {
    threads_.reserve(helpers_);
    while (threads_.size() < helpers_) {
      threads_.push_back(start_quiet_thread(
          "midden-mark", placement_, [this, number = threads_.size() + 1, calls = calls_] { live(number, calls); }));
    }
  } catch (const std::system_error&) {
    // The system has no more threads: those there are will do, and the next call tries again.
  } catch (const std::bad_alloc&) {
  }
}

void Workers::live(std::size_t number, std::uint64_t calls) {
  begin_();
  std::unique_lock lock(mutex_);
  while (true) {
    called_.wait(lock, [&] { return ending_ || calls_ != calls; });
    if (ending_) return;
    calls = calls_;
    collector::Chore& chore = *chore_;
    lock.unlock();
    try {
      chore.help(number);
    } catch (const std::exception& error) {
      fatal("an exception left a collection; root sources and scan functions may not throw", error.what());
    } catch (...) {
      fatal("something that is no std::exception left a collection");
    }
    lock.lock();
  }
}

void Workers::end() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  called_.notify_all();
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

}  // namespace midden::inline MIDDEN_ABI::runtime
