#pragma once
// The watchdog over chains: a chain too long to be chance gets the whole map another seed.
//
// With random hashes at 6.5 entries a bucket, one chain in 10^17 has more than 40 entries; a map
// in which an insert would make one is under attack by someone who knows its seed, or its hash
// is broken. Then every entry is put into a new table under another seed, at once: the one
// operation here whose time grows with the map, and it happens at most four times before a
// clear. Where there is no memory for it the chain grows instead.
//
//   walk before:  | done under seed 1 | to do |
//   walk after:   the new order from its begin, without what was done under seed 1
//
// Threads: the map's one writer.

#include <cstdint>

#include <midden/attach.hpp>
#include <midden/build.hpp>

#include "containers/hash/state.hpp"

namespace midden::inline MIDDEN_ABI::containers::hash {

inline constexpr unsigned longest_chain = 5;  // buckets
inline constexpr unsigned most_reseeds = 4;   // until a clear

// A safepoint. False where the map stays as it is.
bool reseed(Attach& here, HashState& state);

}  // namespace midden::inline MIDDEN_ABI::containers::hash
