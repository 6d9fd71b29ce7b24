#pragma once
// The public part of an attached thread: what the inlined fast paths touch.
//
//   word   bit  0        1       2          3             4           5
//               blocked  stop    handshake  no safepoint  always ask  grace
//
// The poll is one relaxed load of `word`: zero means go on. Entering and leaving Blocked are one
// compare-and-swap each between 0 and `blocked`; any other bit sends the thread to the slow path.
//
// Threads: a mutator belongs to one thread; `word` is shared with whoever stops the world.

#include <atomic>
#include <cstddef>
#include <cstdint>

#include <midden/build.hpp>
#include <midden/cursor.hpp>
#include <midden/root_place.hpp>

namespace midden::inline MIDDEN_ABI {

class Runtime;

namespace detail {

enum Request : std::uint32_t {
  blocked_bit = 1,
  stop_bit = 2,
  handshake_bit = 4,
  no_safepoint_bit = 8,
  always_ask_bit = 16,
  grace_bit = 32
};

struct Mutator {
  std::atomic<std::uint32_t> word{blocked_bit};
  std::uint32_t cursor_count = 0;
  AllocationCursor* cursors = nullptr;
  RootWindow window;                 // where new roots have a place; empty while a task's list is in use
  RootPlace* roots = nullptr;        // the list that the others join
  std::uint32_t stress_roots = 0;    // Stress::root
  std::uint32_t stress_resizes = 0;  // Stress::resize
  std::uint32_t nested = 1;          // Attach, Blocked and Unblocked of this mutator that are alive
  std::uint32_t reading = 0;         // read sections that are open
  bool grace_waits = false;          // the end of the last one lets a grace period go on
  std::uint32_t deferring = 0;       // DeferSafepoints scopes that are open
  std::uint32_t granted_cycles = 0;  // that ran because an allocation in one was refused
  Runtime* runtime = nullptr;

  // Relaxed: a request seen late is seen at the next poll; what it means is read under a lock.
  bool asked() const noexcept { return word.load(std::memory_order_relaxed) != 0; }
};

// The mutator of this thread; null where it is not attached or Blocked.
inline thread_local constinit Mutator* current = nullptr;

[[noreturn]] void throw_not_attached();
void poll_slow(Mutator& mutator);
void note_root_slow(Mutator& mutator);
void note_resize_slow(Mutator& mutator);
// Whether the write to a map that is to follow is one that Stress::rebuild asks for. Counts it.
bool is_rebuild_due(Mutator& mutator) noexcept;
// A root that does not stand in the window: makes that larger, or joins the list.
void place_slow(Mutator& mutator, RootPlace& root) noexcept;
// For one that takes over from a root in this thread's window, which is alone then: it stays with the thread,
// also while a task's list is in use. Fatal where the thread does not run, or runs in another Runtime.
void take_place_in_thread(RootPlace& root, RootPlace& from) noexcept;
// Fatal, but in a child of fork, where what its parent has begun ends in silence.
void fault_root() noexcept;
void fault_foreign_root() noexcept;
void fault_read_section() noexcept;
// The next poll is the end of this thread's part in a grace period.
void raise_grace(Mutator& mutator) noexcept;

inline Mutator& here() {
  Mutator* mutator = current;
  if (mutator == nullptr) [[unlikely]]
    throw_not_attached();
  return *mutator;
}

// Lets a collection, or another request, come where one waits. Requires: it is this thread's.
inline void poll(Mutator& mutator) {
  if (mutator.asked()) [[unlikely]]
    poll_slow(mutator);
}

// A table, an arena or an array is about to take another size (Stress::resize).
inline void note_resize(Mutator& mutator) {
  if (mutator.stress_resizes != 0) [[unlikely]]
    note_resize_slow(mutator);
}

// Throws NotAttached where `mutator` is not the one that this thread runs as: an Attach of another
// thread, or not the innermost one.
inline void require_current(const Mutator& mutator) {
  if (&mutator != current) [[unlikely]]
    throw_not_attached();
}

}  // namespace detail

}  // namespace midden::inline MIDDEN_ABI
