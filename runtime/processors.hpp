#pragma once
// Which processors a thread may be placed on, and how many of them this process may use at a time.
//
//   the least of   those of the placement (sched_getaffinity)
//                  the quotas of its control group and those above it, rounded up (cgroup v2, cpu.max)
//
// A thread begins with the placement of the one that starts it. A Runtime's threads are started by
// whichever thread happens to need them, which a host may have tied to one processor, so they take the
// placement that their number was counted from: that of the thread that made the Runtime.
//
// Threads: any.

#include <sched.h>
#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include <midden/build.hpp>

namespace midden::inline MIDDEN_ABI::runtime {

// The processors that a thread may be placed on, of however many the machine has.
class Placement {
 public:
  using Ask = int (*)(::pid_t thread, std::size_t bytes, ::cpu_set_t* set);

  // This thread's, as it is now. Throws std::bad_alloc.
  explicit Placement(Ask ask = ::sched_getaffinity);
  // At least 1.
  std::uint32_t count() const;
  // Makes it this thread's. Where the system refuses that, the thread keeps its own.
  void take() const;

 private:
  std::size_t bytes() const { return sets_.size() * sizeof(::cpu_set_t); }

  std::vector<::cpu_set_t> sets_;  // of 1024 processors each; empty: the system did not tell
};

// At least 1.
std::uint32_t processors(const Placement& placement);

// The least quota of a control group and those above it, where `mount` is the folder of the topmost.
std::uint32_t quota_of_group(std::string_view mount, std::string_view group);

// What a file cpu.max says: "max 100000", or a quota and a period: "150000 100000" is 2. Without a
// limit, or where it is not understood, the largest number.
std::uint32_t quota_of(std::string_view cpu_max);

}  // namespace midden::inline MIDDEN_ABI::runtime
