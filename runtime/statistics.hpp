#pragma once
// The distributions of pauses and phases: an observer of every cycle.
//
// Threads: written by the thread that collects, read by any; under a mutex.

#include <mutex>

#include <midden/observer.hpp>
#include <midden/report.hpp>

namespace midden::inline MIDDEN_ABI::runtime {

class Statistics final : public Observer {
 public:
  void cycle_ended(const CycleReport& report) override {
    const std::lock_guard lock(mutex_);
    last_ = report;
    ++pauses_.cycles;
    pauses_.pause.record(report.pause_ns);
    for (std::size_t i = 0; i < phase_count; ++i) pauses_.phases[i].record(report.phase_ns[i]);
    pauses_.sweep_ns += report.sweep_ns;
    pauses_.collection_ns += report.collection_ns();
    pauses_.running_ns += report.running_ns;
    pauses_.capped += report.capped;
  }
  PauseReport pauses() const {
    const std::lock_guard lock(mutex_);
    return pauses_;
  }
  CycleReport last() const {
    const std::lock_guard lock(mutex_);
    return last_;
  }

 private:
  mutable std::mutex mutex_;
  PauseReport pauses_;
  CycleReport last_;
};

}  // namespace midden::inline MIDDEN_ABI::runtime
