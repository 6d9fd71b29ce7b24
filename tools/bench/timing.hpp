#pragma once
// Time and what to make of many measurements of it.

#include <time.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <utility>
#include <vector>

namespace bench {

class Stopwatch {
 public:
  double seconds() const { return std::chrono::duration<double>(Clock::now() - begin_).count(); }

 private:
  using Clock = std::chrono::steady_clock;
  Clock::time_point begin_ = Clock::now();
};

// CPU time of this thread: what others have had of the processor meanwhile is not in it. A system call.
inline double thread_cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

// Measurements in any order, all of them kept: a quantile is one that was measured.
class Samples {
 public:
  Samples() = default;
  explicit Samples(std::vector<double> values) : values_(std::move(values)) {
    std::sort(values_.begin(), values_.end());
  }
  void add(double value) { values_.insert(std::upper_bound(values_.begin(), values_.end(), value), value); }

  std::size_t count() const { return values_.size(); }
  // These are zero where nothing was measured.
  double mean() const {
    return values_.empty() ? 0 : std::accumulate(values_.begin(), values_.end(), 0.0) / static_cast<double>(count());
  }
  double least() const { return values_.empty() ? 0 : values_.front(); }
  double most() const { return values_.empty() ? 0 : values_.back(); }
  double median() const { return quantile(0.5); }
  // The least measurement that `fraction` of all do not exceed.
  double quantile(double fraction) const {
    if (values_.empty()) return 0;
    const auto wanted = static_cast<std::size_t>(std::ceil(fraction * static_cast<double>(count())));
    return values_[std::clamp<std::size_t>(wanted, 1, count()) - 1];
  }

 private:
  std::vector<double> values_;  // ascending
};

}  // namespace bench
