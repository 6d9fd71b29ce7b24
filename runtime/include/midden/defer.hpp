#pragma once
// Deferring safepoints: allocation under a host's lock.
//
//   const auto made = midden::without_safepoints(here, [&] {
//     const std::lock_guard lock(mutex);
//     return table.insert(here, ...);               // allocates
//   });
//
// A thread that stops while it holds a lock stops all who want the lock, and whoever waits for them
// to stop waits for ever. NoSafepoint refuses all allocation there. In a DeferSafepoints scope what
// the heap can give at once is given, and polls do nothing: requests stay raised until the first
// poll behind the scope. Only where a collection would have to come first an allocation throws
// SafepointDeferred, so what it is part of must leave its data as they were, as for OutOfMemory.
//
//   scope        while a DeferSafepoints lives
//   refused      an allocation in a scope that has thrown
//
// Between the scopes without_safepoints does what was refused, and calls again: each time with the effort, and
// at last with the OutOfMemory, that the allocation would have had outside. Collections of stress modes come at
// the first poll behind the scope.
//
// A scope is to be short: a collection waits for it, as for a thread that does not poll.
//
// Threads: a scope belongs to the thread that made it. Scopes nest. Blocked and the end of the Attach are
// fatal inside, and so is what waits: a collection, a handshake, a grace period.

#include <cstdint>

#include <midden/attach.hpp>
#include <midden/build.hpp>
#include <midden/error.hpp>
#include <midden/mutator.hpp>

namespace midden::inline MIDDEN_ABI {

class DeferSafepoints {
 public:
  explicit DeferSafepoints(Attach& here) : mutator_(here.mutator()) {
    if constexpr (checked) detail::require_current(mutator_);
    ++mutator_.deferring;
  }
  ~DeferSafepoints() { --mutator_.deferring; }
  DeferSafepoints(const DeferSafepoints&) = delete;
  DeferSafepoints& operator=(const DeferSafepoints&) = delete;

 private:
  detail::Mutator& mutator_;
};

namespace detail {

// Collects as the allocation would have done that was refused last. Throws NotAttached.
void run_refused_cycle(Mutator& mutator);

// Forgets at its end which cycles were for the sake of one call.
class GrantedCycles {
 public:
  explicit GrantedCycles(Mutator& mutator) : mutator_(mutator) {}
  ~GrantedCycles() {
    if (mutator_.deferring == 0) mutator_.granted_cycles = 0;
  }
  GrantedCycles(const GrantedCycles&) = delete;
  GrantedCycles& operator=(const GrantedCycles&) = delete;

 private:
  Mutator& mutator_;
};

}  // namespace detail

// What f() returns, which is called in a scope, again and again until no allocation in it is refused. A safepoint,
// but inside of another scope, where it lets SafepointDeferred pass. Throws OutOfMemory, and what f throws.
template <class F>
auto without_safepoints(Attach& here, F&& f) {
  detail::Mutator& mutator = here.mutator();
  const detail::GrantedCycles granted(mutator);
  while (true) {
    try {
      const DeferSafepoints deferred(here);
      return f();
    } catch (const SafepointDeferred&) {
      if (mutator.deferring != 0) throw;
    }
    detail::run_refused_cycle(mutator);
  }
}

}  // namespace midden::inline MIDDEN_ABI
