#pragma once
// Walking over a map in shards: the inner backend's cursor goes over one shard after the other.
//
//   shard 0      shard 1      shard 2 ...
//   | shown |    | shown  ▲  to show |
//                         the cursor, in the inner backend's own terms
//
// Each step takes the shard's lock to read, and what the cursor shows then holds without it: a backend keeps
// that from changing anyhow, because the walking thread itself may write (map_backend.hpp, 3). Writes between
// two steps are to the inner cursor what they are in a map of one thread, so a shard's lasting entries are shown
// once; and no shard is come back to.
//
//   outer[0]   number of the shard, plus one, whose cursor is open; 0: none
//   outer[1]   how often the map had been cleared when the walk began
//
// Threads: a cursor belongs to one.

#include <midden/attach.hpp>
#include <midden/build.hpp>
#include <midden/map_backend.hpp>

#include "containers/locked/state.hpp"

namespace midden::inline MIDDEN_ABI::containers::locked {

// Those of MapOps. Safepoints, but for `close`.
bool first(Attach& here, MapState& state, MapCursor& cursor);
bool next(Attach& here, MapState& state, MapCursor& cursor);
bool seek(Attach& here, MapState& state, MapCursor& cursor, MapKey key);
bool last(Attach& here, MapState& state, MapCursor& cursor);
bool previous(Attach& here, MapState& state, MapCursor& cursor);
bool locate(Attach& here, const MapState& state, MapCursor& cursor, MapKey key);
void close(MapState& state, MapCursor& cursor);

}  // namespace midden::inline MIDDEN_ABI::containers::locked
