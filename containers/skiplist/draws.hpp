#pragma once
// Draws: random numbers that decide where nodes are cut, from the seed of the map.
//
// SplitMix64 (Steele, Lea, Flood 2014): a counter and a mixing function, so that any seed is as good
// as another.
//
// Threads: as whoever holds it.

#include <cstdint>

#include <midden/build.hpp>

namespace midden::inline MIDDEN_ABI::containers::skiplist {

class Draws {
 public:
  explicit Draws(std::uint64_t seed) noexcept : state_(seed) {}

  std::uint32_t below(std::uint32_t limit) noexcept {
    return static_cast<std::uint32_t>(((next() >> 32) * limit) >> 32);
  }
  std::uint64_t next() noexcept {
    state_ += 0x9E3779B97F4A7C15;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
    return z ^ (z >> 31);
  }

 private:
  std::uint64_t state_;
};

}  // namespace midden::inline MIDDEN_ABI::containers::skiplist
