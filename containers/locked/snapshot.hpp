#pragma once
// A snapshot of a map in shards: a copy, of the moment at which all locks were held.
//
//   all locks, to read    entries ──▶ memory outside of the heap      writers wait, and collections
//   no lock               that memory ──▶ a map of the inner backend  the inner table reads it
//
// In two steps, because a map that is built under the locks may be refused each next allocation until a collection
// has come, and the larger it is the more often.
//
// Threads: any attached one.

#include <midden/attach.hpp>
#include <midden/build.hpp>
#include <midden/map_backend.hpp>

namespace midden::inline MIDDEN_ABI::containers::locked {

// That of MapOps. A safepoint.
MapView snapshot(Attach& here, MapState& state);

}  // namespace midden::inline MIDDEN_ABI::containers::locked
