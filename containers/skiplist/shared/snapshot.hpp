#pragma once
// Views of a map for all threads as it was at one moment: the state, and the table that reads it (MapView).
//
//   SnapshotState ──▶ SharedPart ──▶ segments      the map's own, also after the map was cleared
//    part, moment
//
// Taking one registers it with the list; nothing is copied. Its cursors hold no ReadSection: what the snapshot
// sees keeps its bytes until release.
//
// Threads: any that is attached.

#include <midden/attach.hpp>
#include <midden/build.hpp>
#include <midden/map_backend.hpp>

#include "containers/skiplist/shared/state.hpp"

namespace midden::inline MIDDEN_ABI::containers::skiplist {

// A safepoint. Throws OutOfMemory, and TooLarge where the part has given as many as it can count.
template <class Key>
MapView snapshot(Attach& here, SharedState<Key>& state);

}  // namespace midden::inline MIDDEN_ABI::containers::skiplist
