#pragma once
// What a hash map looks like inside: map_stats.hpp, filled in.
//
// Chains are looked at from a sample of the buckets, evenly spread over those that hashes lead to at
// the moment: those of the new table below the bound and those of the old one above it.
//
// Threads: as a look-up.

#include <midden/attach.hpp>
#include <midden/build.hpp>
#include <midden/map_stats.hpp>

#include "containers/hash/state.hpp"

namespace midden::inline MIDDEN_ABI::containers::hash {

MapStats stats_of(const HashState& state);

// From now on look-ups are sampled. A safepoint. Where there is no memory for it they are not.
void begin_to_sample(Attach& here, HashState& state) noexcept;

}  // namespace midden::inline MIDDEN_ABI::containers::hash
