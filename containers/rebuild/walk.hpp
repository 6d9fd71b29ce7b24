#pragma once
// Walking over a map that is being rebuilt: the new half first, then what is left of the old one.
//
//   to            from
//   | shown |     | shown  ▲  to show |
//                          the cursor, in the terms of that half's backend
//
// Nothing moves while a walk is open, and no write puts a key into the other half while it is there, so each half's
// cursor shows what lasts of it once. In order all keys of `to` are below those of `from`, and stay so. Ghosts are
// passed over.
//
//   outer[0]   the half whose cursor is open: 1 `to`, 2 `from`; 0: none
//   outer[1]   how often the map had been cleared when the walk began
//
// Threads: a cursor belongs to one.

#include <midden/attach.hpp>
#include <midden/build.hpp>
#include <midden/map_backend.hpp>

namespace midden::inline MIDDEN_ABI::containers::rebuild {

// Those of MapOps. Safepoints, but for `close`.
bool first(Attach& here, MapState& state, MapCursor& cursor);
bool next(Attach& here, MapState& state, MapCursor& cursor);
bool seek(Attach& here, MapState& state, MapCursor& cursor, MapKey key);
bool last(Attach& here, MapState& state, MapCursor& cursor);
bool previous(Attach& here, MapState& state, MapCursor& cursor);
bool locate(Attach& here, const MapState& state, MapCursor& cursor, MapKey key);
void close(MapState& state, MapCursor& cursor);

}  // namespace midden::inline MIDDEN_ABI::containers::rebuild
