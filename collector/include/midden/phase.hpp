#pragma once
// The phases of a pause, in the order in which a cycle runs them.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include <midden/build.hpp>

namespace midden::inline MIDDEN_ABI {

enum class Phase : std::uint8_t {
  stop,     // from the request until the last mutator has stopped
  roots,    // roots of threads, tasks, pins, globals, hosts
  mark,     // everything reachable from them
  weak,     // what is not reachable is taken out of weak tables
  reclaim,  // allocators give their blocks back; sweeping may begin
  resume    // until the last mutator has been told to run
};

inline constexpr std::size_t phase_count = 6;
inline constexpr std::array<std::string_view, phase_count> phase_names{"stop", "roots",   "mark",
                                                                       "weak", "reclaim", "resume"};
static_assert(static_cast<std::size_t>(Phase::resume) + 1 == phase_count);

constexpr std::string_view name(Phase phase) { return phase_names[static_cast<std::size_t>(phase)]; }

}  // namespace midden::inline MIDDEN_ABI
