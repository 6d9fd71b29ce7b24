#pragma once
// Grace periods: when memory that somebody may still be reading can be used again.
//
//   quiescent   a mutator at a poll, Blocked or gone, and in no ReadSection
//   period      over when every mutator that ran at its begin has been quiescent since
//
//   asked ──▶ [ period 1 ............ ]
//   asked ............. ──▶ waits    ──▶ [ period 2 .... ]     one at a time: who asks while one
//   asked .................. ──▶ waits                         is under way shares the next
//
// Who has taken something out of a structure asks for a period, and uses the memory again when it is
// over: a thread that had found it before has polled since, outside of any read section. Nobody
// is stopped and nobody waits. This is quiescent-state based reclamation (Hart, McKenney, Brown,
// Walpole, "Performance of memory reclamation for lockless synchronization", 2007).
//
// A period raises `grace` in the word of each mutator it waits for. A poll that finds it raised is
// the end of the thread's part, or, inside a read section, a note that the section's end raises it
// again; so polls cost nothing more while a section is open.
//
// Invariants
//   1. `pending` mutators have `in_grace`; it is 0 only while no period is under way.
//   2. A mutator with in_grace has the bit raised, or is in a read section and has `grace_waits`.
//
// Threads: everything under World's mutex, but over() and wait().

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include <midden/runtime.hpp>

#include "runtime/thread.hpp"

namespace midden::inline MIDDEN_ABI::runtime {

class GracePeriods {
 public:
  using Threads = std::vector<std::unique_ptr<Thread>>;

  // Returns the number of a period that begins now or later.
  std::uint64_t ask(const Threads& threads);
  // The thread is at a poll with the bit raised, or on its way into Blocked.
  void pass(Thread& thread, const Threads& threads);
  // It ends, in no read section.
  void leave(Thread& thread, const Threads& threads);

  // The last period that is over. Acquires from its end: what readers did comes before what follows.
  std::uint64_t over() const noexcept { return over_.load(std::memory_order_acquire); }
  void wait(std::uint64_t period) const noexcept;

  GraceReport report(const Threads& threads) const;

 private:
  void begin(const Threads& threads);
  // Releases to over().
  void end() noexcept { over_.store(under_way_, std::memory_order_release); }
  void settle(Thread& thread, const Threads& threads);

  std::atomic<std::uint64_t> over_{0};
  std::uint64_t wanted_ = 0;     // the last period that was asked for
  std::uint64_t under_way_ = 0;  // its number, or that of the last one
  std::size_t pending_ = 0;      // mutators it waits for
  std::uint64_t begun_ns_ = 0;
};

}  // namespace midden::inline MIDDEN_ABI::runtime
