#pragma once
// How many processors this process may use at a time.
//
//   the least of   those its threads may be placed on (sched_getaffinity)
//                  the quota of its control group, rounded up (cgroup v2, cpu.max)
//
// Threads: any.

#include <cstdint>
#include <string_view>

#include <midden/build.hpp>

namespace midden::inline MIDDEN_ABI::runtime {

// At least 1.
std::uint32_t processors();

// What a file cpu.max says: "max 100000", or a quota and a period: "150000 100000" is 2. Without a
// limit, or where it is not understood, the largest number.
std::uint32_t quota_of(std::string_view cpu_max);

}  // namespace midden::inline MIDDEN_ABI::runtime
