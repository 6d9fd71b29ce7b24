#pragma once
// Bytes that make a cycle due, by kind. See pacer.hpp.

#include <algorithm>
#include <cstdint>
#include <limits>

#include <midden/build.hpp>

namespace midden::inline MIDDEN_ABI::collector {

inline constexpr std::uint64_t no_trigger = std::numeric_limits<std::uint64_t>::max();
// Fewer new bytes are not worth a cycle.
inline constexpr std::uint64_t least_new = std::uint64_t{1} << 20;

struct Pressure {
  std::uint64_t allocated = 0;  // by objects
  std::uint64_t arena = 0;      // committed by segments
  std::uint64_t external = 0;   // declared by the host

  // Does not wrap: what a host declares may be any number.
  constexpr std::uint64_t sum() const {
    std::uint64_t all = 0;
    return __builtin_add_overflow(allocated, arena, &all) || __builtin_add_overflow(all, external, &all) ? no_trigger
                                                                                                         : all;
  }
  // Whether a request for `wanted` bytes has a cycle first, for which `ahead` is the trigger.
  constexpr bool passes(std::uint64_t ahead, std::uint64_t wanted) const {
    const std::uint64_t before = sum();
    return before >= least_new && wanted > ahead - std::min(ahead, before);
  }
};

// A cycle is due when so many bytes are new.
struct Triggers {
  Pressure growth{};
  std::uint64_t together = no_trigger;  // of all kinds, for the soft limit
  std::uint64_t ahead = no_trigger;     // likewise, with what a large request wants
};
inline constexpr Triggers never{.growth = {no_trigger, no_trigger, no_trigger}};

}  // namespace midden::inline MIDDEN_ABI::collector
