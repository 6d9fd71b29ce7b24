#include "collector/report/ledger.hpp"

#include <chrono>

namespace midden::inline MIDDEN_ABI::collector {

std::uint64_t steady_ns() {
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
          .count());
}

void Ledger::begin(std::uint64_t number, Cause cause) {
  report_ = {};
  report_.number = number;
  report_.cause = cause;
  in_phase_ = false;
  for (Observer* observer : observers_) observer->cycle_begins(number, cause);
}

void Ledger::enter(Phase phase) {
  const std::uint64_t now = clock_();
  if (in_phase_) {
    end_phase(now);
  } else {
    report_.running_ns = now - pause_end_;
  }
  phase_ = phase;
  phase_begin_ = now;
  in_phase_ = true;
  for (Observer* observer : observers_) observer->phase_begins(phase);
}

void Ledger::end_phase(std::uint64_t now) {
  const std::uint64_t took = now - phase_begin_;
  report_.phase_ns[static_cast<std::size_t>(phase_)] = took;
  report_.pause_ns += took;
  for (Observer* observer : observers_) observer->phase_ends(phase_, took);
}

CycleReport& Ledger::finish() {
  pause_end_ = clock_();
  end_phase(pause_end_);
  in_phase_ = false;
  return report_;
}

const CycleReport& Ledger::publish() {
  for (Observer* observer : observers_) observer->cycle_ended(report_);
  return report_;
}

}  // namespace midden::inline MIDDEN_ABI::collector
