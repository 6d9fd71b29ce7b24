#pragma once
// The watchdog over chains: a chain too long to be chance gets the whole map other hashes.
//
//   first time    another seed
//   second time   SipHash-1-3 under a fresh key: someone knows more than a seed, or the fast hash is
//                 broken for these keys
//   after that    nothing: chains grow
//
// With random hashes at 6.5 entries a bucket, one chain in 10^17 has more than 40 entries; a map
// in which an insert would make one is under attack. Then every entry is put into a new table
// under the other hashes, at once: the one operation here whose time grows with the map, so an
// insert may take that long twice before the map is empty again, which is when it begins anew with
// another seed and the fast hash. Where there is no memory for it the chain grows instead, and the
// time counts.
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
inline constexpr unsigned most_reseeds = 2;   // until the map is empty

// A safepoint. False where the map stays as it is.
bool reseed(Attach& here, HashState& state);

}  // namespace midden::inline MIDDEN_ABI::containers::hash
