#pragma once
// The figures of several maps as those of one.
//
// Counts add up, shares are means by buckets, and buckets are numbered one map after the other.
//
// Threads: plain numbers.

#include <midden/build.hpp>
#include <midden/map_stats.hpp>

namespace midden::inline MIDDEN_ABI::containers::locked {

void add(MapStats& sum, const MapStats& more);

}  // namespace midden::inline MIDDEN_ABI::containers::locked
