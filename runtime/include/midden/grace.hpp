#pragma once
// Grace periods: for a host's own structures that threads read without a lock.
//
//   reader                                  writer
//     const midden::ReadSection reading(here);    take `old` out of the structure
//     Item* item = find(...);                     period = runtime.begin_grace_period();
//     use(*item), poll, allocate                  ...
//                                                 if (runtime.grace_period_over(period)) reuse(old);
//
// Between two polls a thread needs no section: what it finds stays until it polls, blocks or ends
// its Attach. A section carries that across polls, which still stop for a collection. Sections are
// short or seldom: memory that was taken out piles up while one is open. Runtime::grace tells of
// threads that are waited for.
//
// Threads: a section belongs to the thread that made it, and ends there, while attached; else fatal.

#include <cstdint>

#include <midden/attach.hpp>
#include <midden/build.hpp>
#include <midden/mutator.hpp>

namespace midden::inline MIDDEN_ABI {

class ReadSection {
 public:
  explicit ReadSection(Attach& here) noexcept : ReadSection(here.mutator()) {}
  explicit ReadSection(detail::Mutator& mutator) noexcept : mutator_(mutator) { ++mutator_.reading; }
  ReadSection(const ReadSection&) = delete;
  ReadSection& operator=(const ReadSection&) = delete;
  ~ReadSection() {
    if (detail::current != &mutator_) [[unlikely]]
      detail::fault_read_section();
    // The thread is not quiescent here, but at its next poll.
    if (--mutator_.reading == 0 && mutator_.grace_waits) [[unlikely]]
      detail::raise_grace(mutator_);
  }

 private:
  detail::Mutator& mutator_;
};

}  // namespace midden::inline MIDDEN_ABI
