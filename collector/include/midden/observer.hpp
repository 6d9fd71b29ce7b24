#pragma once
// Who is told what the collector does. Statistics, trace lines and exporters are observers.
//
// Order of calls for one cycle, all on the thread that collects:
//
//   cycle_begins -> phase_begins(stop) -> phase_ends(stop) -> ... -> phase_ends(resume) -> cycle_ended
//
// Between the end of `stop` and the begin of `resume` no mutator runs. An observer may not
// touch the heap or throw, and during a phase it may not allocate or lock what a stopped thread may
// hold.

#include <cstdint>

#include <midden/build.hpp>
#include <midden/phase.hpp>
#include <midden/report.hpp>

namespace midden::inline MIDDEN_ABI {

class Observer {
 public:
  virtual ~Observer() = default;
  virtual void cycle_begins(std::uint64_t number, Cause cause) { static_cast<void>(number), static_cast<void>(cause); }
  virtual void phase_begins(Phase phase) { static_cast<void>(phase); }
  virtual void phase_ends(Phase phase, std::uint64_t nanoseconds) {
    static_cast<void>(phase), static_cast<void>(nanoseconds);
  }
  virtual void cycle_ended(const CycleReport& report) { static_cast<void>(report); }
};

}  // namespace midden::inline MIDDEN_ABI
