#pragma once
// The world of mutators: attaching, blocking, stopping, handshakes, grace periods.
//
//   running ──try_block──▶ blocked      a compare-and-swap, when nothing is asked of the thread
//           ◀─try_unblock─
//   asked:  running ──under the mutex: serve a handshake, count down a stop──▶ blocked
//           blocked ──under the mutex: wait for the stop's end──▶ running
//
// A thread that stops at a safepoint is simply blocked until the stop ends, so there is one
// quiet state. A stop raises `stop` in every word and waits until each mutator is blocked. A
// handshake raises `handshake`; a running mutator runs the function at its next poll, for a
// blocked one the asker runs it: the raised bit keeps it from unblocking meanwhile.
//
// Invariants
//   1. The list of mutators changes only under the mutex and not while the world is stopped.
//   2. While the world is stopping, a mutator without `blocked` is one that has not yet polled.
//   3. Stops and handshakes take turns; who waits for a turn is itself blocked.
//   4. A time to stop runs from the request until the thread counts itself down, whatever it does
//      there: polls, enters Blocked, ends its Attach. Who was blocked already has none.
//   5. A late thread records its stack after it has counted itself down, so that nobody waits for
//      that in the pause, and hands it over before it runs or ends: nobody looks into a thread.
//
// Threads: any. Lock order: turn_, then mutex_. No function that is given to a handshake takes
// either. mutex_ is not held while the world is stopped.

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include <midden/runtime.hpp>

#include "collector/ports.hpp"
#include "runtime/backtrace.hpp"
#include "runtime/grace.hpp"
#include "runtime/thread.hpp"

namespace midden::inline MIDDEN_ABI::runtime {

// What is to be said of a stop that took too long.
struct LateStop {
  std::size_t threads = 0;  // that were late
  CallStack stack;          // of the latest one, where it arrived
};

// Whether the world is stopped, for those who wait until it runs: a count of changes, odd while it
// is. No condition variable: glibc's lets who notifies wait until all whom it woke before have run,
// which, with more threads than processors, took tens of milliseconds.
class Turns {
 public:
  // Relaxed: what it orders is ordered by the mutex under which it changes, or by the word of a thread.
  bool stopping() const { return (count_.load(std::memory_order_relaxed) & 1) != 0; }
  // Releases to wait_until_running.
  void next() { count_.fetch_add(1, std::memory_order_release); }
  void wake() { count_.notify_all(); }
  // Acquires from `next`.
  void wait_until_running() const {
    for (std::uint32_t count = 0; ((count = count_.load(std::memory_order_acquire)) & 1) != 0;) {
      count_.wait(count, std::memory_order_acquire);
    }
  }

 private:
  std::atomic<std::uint32_t> count_{0};
};

class World final : public collector::World {
 public:
  // A thread that takes longer to stop than `patience` is late; 0: none is.
  explicit World(std::chrono::nanoseconds patience)
      : patience_ns_(patience.count() == 0 ? std::numeric_limits<std::uint64_t>::max()
                                           : static_cast<std::uint64_t>(patience.count())) {}

  // Adds a mutator, which then runs.
  void attach(std::unique_ptr<Thread> thread);
  // Requires: the calling thread runs as `thread`. Ends it.
  void detach(Thread& thread);

  void block(Thread& thread);
  void unblock(Thread& thread);
  // The slow path of the poll: stops, handshakes and grace periods that were asked for.
  void poll(Thread& thread);

  collector::StoppedWorld stop() override;
  std::size_t mutators() const override { return stopped_count_; }
  collector::Latest latest() const override;
  // Of the last stop, if a thread was late; waits until all that were have recorded their stacks.
  // Requires: as `latest`.
  std::optional<LateStop> late_stop();
  // Runs `f` once for each mutator. Requires: the calling thread is not a running mutator.
  void handshake(const std::function<void(Thread&)>& f);

  // A grace period (grace.hpp); never waits but for the mutex.
  std::uint64_t begin_grace_period();
  std::uint64_t grace_periods_over() const noexcept { return grace_.over(); }
  // Requires: the calling thread is not a running mutator.
  void wait_for_grace_period();
  GraceReport grace() const;

  // Names of attached threads.
  std::vector<std::string> names() const;
  std::vector<ThreadReport> reports() const;
  // Requires: the world is stopped.
  const std::vector<std::unique_ptr<Thread>>& threads() const { return threads_; }

 private:
  void resume() override;
  void block_slowly(Thread& thread);
  void unblock_slowly(Thread& thread);
  void serve_handshake(Thread& thread);
  // Locks the mutex while the world is not stopped.
  std::unique_lock<std::mutex> lock_running();
  // Whether it was late.
  bool arrive(Thread& thread);
  void record_stack(const Thread& thread);

  const std::uint64_t patience_ns_;
  std::mutex turn_;
  mutable std::mutex mutex_;
  std::condition_variable all_quiet_;  // to the stopper, or the one who waits for a handshake
  Turns turns_;                        // changed under mutex_
  std::condition_variable recorded_;   // to the one who asks for a late stop
  // Under mutex_.
  std::vector<std::unique_ptr<Thread>> threads_;
  std::size_t still_running_ = 0;
  std::uint64_t asked_ns_ = 0;  // when the stop was asked for
  std::uint64_t last_arrival_ns_ = 0;
  const Thread* last_to_arrive_ = nullptr;
  collector::Latest latest_;  // its string has room for every name
  LateStop late_;
  std::size_t recording_ = 0;  // late threads that have not recorded their stacks yet
  const std::function<void(Thread&)>* handshake_ = nullptr;
  std::size_t handshakes_left_ = 0;
  GracePeriods grace_;
  // Written by the stopper.
  std::size_t stopped_count_ = 0;
};

}  // namespace midden::inline MIDDEN_ABI::runtime
