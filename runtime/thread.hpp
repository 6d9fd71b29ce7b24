#pragma once
// An attached thread, seen from the runtime: the public Mutator and what only the runtime needs.
//
// Threads: fields belong to the thread, except `word` and what World says; the collector reads
// all of them while the world is stopped.

#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <midden/barrier.hpp>
#include <midden/histogram.hpp>
#include <midden/mutator.hpp>
#include <midden/report.hpp>

#include "collector/heap/local_allocator.hpp"
#include "runtime/audit/stack_words.hpp"
#include "runtime/own_roots.hpp"

namespace midden::inline MIDDEN_ABI::runtime {

class Core;

struct Thread : detail::Mutator {
  // Requires: the calling thread is the one.
  Thread(Core& core, collector::Heap& heap, std::string given_name);

  Core& core;
  const std::string name;
  collector::LocalAllocator allocator;
  OwnRoots own_roots;
  detail::BarrierLog barrier;
  // Types of C++ by type number, so that the table's lock is taken once for each.
  std::vector<collector::Type*> types;
  Stress stressed{};        // events of each kind since the last that had a consequence
  bool stress_due = false;  // an event asked for a collection at the next safepoint
  // The cycle that an allocation in a DeferSafepoints scope would have run.
  struct Refused {
    Cause cause = Cause::growth;
    std::uint64_t seen = 0;    // cycles that had begun
    std::uint64_t wanted = 0;  // bytes
  } refused;
  bool in_stop = false;   // World's: counted as still running
  bool in_grace = false;  // GracePeriods': the period under way waits for it
  // World's: times from each request to stop that found it running until it stopped. Made at the
  // first: it is large, and threads come for short visits.
  std::unique_ptr<Histogram> stops;
  // Null: roots are not audited. Recorded by the thread where it becomes quiet, read while it is.
  std::unique_ptr<StackWords> held;

  // From here on new roots belong to `list`, the thread's own or a task's.
  void use_roots(detail::RootPlace& list) {
    roots = &list;
    window = &list == &own_roots.list() ? own_roots.window() : detail::RootWindow{};
  }
  // For a root of the thread's own that did not find a place in `window`.
  void place_own(detail::RootPlace& root) noexcept {
    own_roots.place(root);
    use_roots(*roots);  // the window may have grown
  }

  void refresh_cursors() {
    cursors = allocator.cursors();
    cursor_count = allocator.cursor_count();
  }
};

// Every mutator is a Thread.
inline Thread& thread_of(detail::Mutator& mutator) { return static_cast<Thread&>(mutator); }

// Where the word of a mutator may change, and what each change pairs with.
class Word {
 public:
  explicit Word(detail::Mutator& mutator) : word_(mutator.word) {}

  // Running to blocked without a request pending. Releases: whoever sees `blocked` sees all this
  // thread did to the heap.
  bool try_block() {
    std::uint32_t expected = 0;
    return word_.compare_exchange_strong(expected, detail::blocked_bit, std::memory_order_release,
                                         std::memory_order_relaxed);
  }
  // Blocked to running. Acquires: this thread sees what a collection did meanwhile.
  bool try_unblock() {
    std::uint32_t expected = detail::blocked_bit;
    return word_.compare_exchange_strong(expected, 0, std::memory_order_acquire, std::memory_order_relaxed);
  }
  // Sets or clears request bits; both directions, for the pairings above. Returns the word before.
  std::uint32_t set(std::uint32_t bits) { return word_.fetch_or(bits, std::memory_order_acq_rel); }
  std::uint32_t clear(std::uint32_t bits) { return word_.fetch_and(~bits, std::memory_order_acq_rel); }
  bool has(std::uint32_t bits) const { return (word_.load(std::memory_order_acquire) & bits) != 0; }

 private:
  std::atomic<std::uint32_t>& word_;
};

}  // namespace midden::inline MIDDEN_ABI::runtime
