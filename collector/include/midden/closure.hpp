#pragma once
// What a cleanup will do, without its type. It is done once or not at all: who claims it first, the
// one that runs it or the one that cancels it, has it.
//
// Threads: `claim` and `claimed` from any; `run` and `drop` by the one that claimed it.

#include <atomic>

#include <midden/build.hpp>

namespace midden::inline MIDDEN_ABI::detail {

class Closure {
 public:
  Closure() = default;
  virtual ~Closure() = default;
  Closure(const Closure&) = delete;
  Closure& operator=(const Closure&) = delete;

  // `argument`: the object that was kept for it, or null. Rooted by the caller.
  virtual void run(void* argument) = 0;
  // Ends what it holds, without running. By the one that claimed it.
  virtual void drop() noexcept = 0;

  // Acquire and release: who runs it sees what was done before others failed to cancel it.
  bool claim() noexcept { return !claimed_.exchange(true, std::memory_order_acq_rel); }
  bool claimed() const noexcept { return claimed_.load(std::memory_order_acquire); }

 private:
  std::atomic<bool> claimed_{false};
};

}  // namespace midden::inline MIDDEN_ABI::detail
