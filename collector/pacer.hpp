#pragma once
// When the next cycle begins: arithmetic on what the last one found.
//
//   room = max(floor, percent/100 * scannable)       scannable: what marking had to visit
//   room = min(room, limit - live)                   near the soft limit, but enough to pay for a cycle
//   trigger: `room` bytes allocated since the cycle
//
// Scannable bytes are the bytes of live objects with references, and one granule for each leaf:
// what a cycle costs grows with them, so a heap of long strings is collected as often as its
// marking is cheap. Bytes of opaque arenas have a trigger of their own: a cycle begins when
// segments have grown by the same percentage of all live arenas; reuse inside an arena is free.
//
// It has no clock, no heap and no lock.

#include <cstdint>
#include <limits>

#include <midden/build.hpp>

namespace midden::inline MIDDEN_ABI::collector {

struct PacerSettings {
  std::uint32_t percent = 100;  // growth before the next cycle
  bool off = false;             // only requests and the limits start cycles
  std::uint64_t floor = std::uint64_t{32} << 20;
  std::uint64_t soft_limit = std::numeric_limits<std::uint64_t>::max();
};

struct PacerInput {
  std::uint64_t scannable_bytes = 0;
  std::uint64_t arena_bytes = 0;
  std::uint64_t live_bytes = 0;  // arenas included
};

struct PacerDecision {
  std::uint64_t allocated;  // begin the next cycle after this many allocated bytes
  std::uint64_t arena;      // or after segments have committed this many more
};

// The decision before the first cycle is that for an empty heap.
PacerDecision pace(const PacerSettings& settings, const PacerInput& input);

}  // namespace midden::inline MIDDEN_ABI::collector
