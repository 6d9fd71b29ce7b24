#pragma once
// Random numbers below any end, the same for the same seed. Source: Lemire, "Fast random integer
// generation in an interval": a multiplication instead of a remainder.
//
// Threads: one.

#include <cstddef>
#include <cstdint>
#include <random>

namespace bench {

class Dice {
 public:
  explicit Dice(std::size_t seed) : bits_(seed) {}
  // Requires: 0 < end < 2^32.
  std::uint32_t below(std::size_t end) { return static_cast<std::uint32_t>(((bits_() >> 32) * end) >> 32); }

 private:
  std::mt19937_64 bits_;
};

}  // namespace bench
