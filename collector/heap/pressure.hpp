#pragma once
// Bytes that make a cycle due, by kind. See pacer.hpp.

#include <cstdint>
#include <limits>

#include <midden/build.hpp>

namespace midden::inline MIDDEN_ABI::collector {

inline constexpr std::uint64_t no_trigger = std::numeric_limits<std::uint64_t>::max();

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
};

}  // namespace midden::inline MIDDEN_ABI::collector
