#pragma once
// Threads and the heap: attached, blocked, safepoints.
//
//              Attach                 Blocked
//   outside ───────────▶ running ───────────────▶ blocked
//           ◀───────────         ◀───────────────
//             ~Attach              ~Blocked, Unblocked inside
//
// A running thread may touch the heap and is asked to stop at its safepoints: every allocation
// and every `safepoint()`. A blocked one may not touch it and need not be waited for. No signals
// are sent: a running thread that neither allocates nor polls delays every collection.
//
// Threads: each object belongs to the thread that made it and ends in reverse order of making.

#include <cstdint>
#include <string_view>

#include <midden/build.hpp>
#include <midden/mutator.hpp>

namespace midden::inline MIDDEN_ABI {

class Runtime;

// While it lives this thread may touch `runtime`'s heap. If the thread is attached to another
// Runtime already, it is Blocked there until this ends; attaching again to the current one is
// allowed and does nothing. Inside a Blocked region it attaches anew, also to the same Runtime.
// All roots made on the thread must have ended before it: else fatal, as is ending it out of order.
class Attach {
 public:
  explicit Attach(Runtime& runtime, std::string_view name = {}) : outer_(detail::current) {
    if (outer_ != nullptr && outer_->runtime == &runtime) [[likely]] {
      mutator_ = outer_;
      depth_ = ++mutator_->nested;
    } else {
      begin(runtime, name);
    }
  }
  ~Attach() {
    if (depth_ != 1 && detail::current == mutator_ && mutator_->nested == depth_) [[likely]] {
      --mutator_->nested;
    } else {
      end();
    }
  }
  Attach(const Attach&) = delete;
  Attach& operator=(const Attach&) = delete;

  detail::Mutator& mutator() const { return *mutator_; }
  Runtime& runtime() const { return *mutator_->runtime; }

 private:
  void begin(Runtime& runtime, std::string_view name);
  void end();

  detail::Mutator* mutator_;
  detail::Mutator* outer_;              // what the thread ran as before
  detail::Mutator* blocked_ = nullptr;  // or was blocked as
  std::uint32_t depth_ = 1;             // how many of these classes are nested in the mutator, with this one
};

// A region in which the thread does not touch the heap: waiting, system calls, long computing.
// Collections do not wait for it. Requires: attached, or blocked already (then it does nothing).
// Ending it before what is nested in it, or on another thread, is fatal.
class Blocked {
 public:
  Blocked();
  ~Blocked();
  Blocked(const Blocked&) = delete;
  Blocked& operator=(const Blocked&) = delete;

 private:
  detail::Mutator* mutator_;
  std::uint32_t depth_;  // as in Attach
  bool outermost_;       // not inside of another
};

// Touches the heap again inside a Blocked region, for a callback or one turn of an event loop.
// Waits for a stop in progress. Requires: Blocked on this thread. Ending it before what is nested in
// it, or on another thread, is fatal.
class Unblocked {
 public:
  Unblocked();
  ~Unblocked();
  Unblocked(const Unblocked&) = delete;
  Unblocked& operator=(const Unblocked&) = delete;

 private:
  detail::Mutator* mutator_;
  std::uint32_t depth_;
};

// While it lives the thread reaches no safepoint: what would be one (allocation, safepoint,
// Blocked) is fatal. For short regions under a host's lock; collections wait for it.
class NoSafepoint {
 public:
  NoSafepoint();
  ~NoSafepoint();
  NoSafepoint(const NoSafepoint&) = delete;
  NoSafepoint& operator=(const NoSafepoint&) = delete;

 private:
  detail::Mutator& mutator_;
  bool outermost_;
};

// Where a loop that never allocates lets a collection happen. Throws NotAttached.
inline void safepoint() { detail::poll(detail::here()); }
inline void safepoint(Attach& here) { detail::poll(here.mutator()); }

}  // namespace midden::inline MIDDEN_ABI
