#pragma once
// Ranks 0 ... count - 1, of which rank r is drawn in proportion to 1 / (r + 1)^0.99. Source: Gray et
// al., "Quickly generating billion-record synthetic databases" (SIGMOD 1994), as YCSB has it.
//
// Threads: one.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <random>

namespace bench::maps {

class Zipf {
 public:
  // Takes a power for each rank. Requires: count > 0.
  explicit Zipf(std::size_t count) : count_(static_cast<double>(count)) {
    for (std::size_t rank = 1; rank <= count; ++rank) zeta_ += std::pow(static_cast<double>(rank), -theta);
    eta_ = (1 - std::pow(2 / count_, 1 - theta)) / (1 - zeta_of_two() / zeta_);
  }

  template <class Random>
  std::size_t operator()(Random& random) {
    const double u = std::uniform_real_distribution<double>(0, 1)(random);
    if (u * zeta_ < 1) return 0;
    if (u * zeta_ < zeta_of_two()) return 1;
    const double rank = count_ * std::pow(eta_ * u - eta_ + 1, 1 / (1 - theta));
    return static_cast<std::size_t>(std::min(rank, count_ - 1));
  }

 private:
  static constexpr double theta = 0.99;
  static double zeta_of_two() { return 1 + std::pow(0.5, theta); }

  double count_;
  double zeta_ = 0;
  double eta_ = 0;
};

}  // namespace bench::maps
