#pragma once
// The ledger of a cycle: which phase it is in, what each took, what the cycle found.
//
//   begin ─▶ enter(stop) ─▶ enter(roots) ─▶ ... ─▶ enter(resume) ─▶ finish
//
// Entering a phase ends the one before with the same reading of the clock, so phases neither
// overlap nor leave gaps, and their sum is the pause; pauses and the time between them are all there
// is. Observers hear of each boundary.
//
// Threads: the one that collects. The clock is monotonic nanoseconds; tests bring their own.

#include <cstdint>
#include <vector>

#include <midden/observer.hpp>
#include <midden/report.hpp>

namespace midden::inline MIDDEN_ABI::collector {

using Clock = std::uint64_t (*)();
std::uint64_t steady_ns();

class Ledger {
 public:
  explicit Ledger(Clock clock = steady_ns) : clock_(clock), pause_end_(clock()) {}

  void add_observer(Observer& observer) { observers_.push_back(&observer); }
  void remove_observer(Observer& observer) { std::erase(observers_, &observer); }

  void begin(std::uint64_t number, Cause cause);
  // Requires: phases are entered in their order, each once.
  void enter(Phase phase);
  // Ends the last phase. The rest of the report is then filled in by the caller.
  CycleReport& finish();
  // Tells the observers of the whole report, which is returned.
  const CycleReport& publish();

 private:
  void end_phase(std::uint64_t now);

  Clock clock_;
  std::vector<Observer*> observers_;
  CycleReport report_;
  std::uint64_t pause_end_;  // of the cycle before; first: when this was made
  std::uint64_t phase_begin_ = 0;
  Phase phase_ = Phase::stop;
  bool in_phase_ = false;
};

}  // namespace midden::inline MIDDEN_ABI::collector
