#pragma once
// Moving entries from the old half to the new one.
//
// An entry is stored in the new half first, counts from then on, and is erased in the old one after that. Between
// the two it is a ghost, and stays one where erasing fails; the next step that comes to it erases it.
//
// Threads: the map's one writer.

#include <cstddef>

#include <midden/attach.hpp>
#include <midden/build.hpp>

#include "containers/rebuild/state.hpp"

namespace midden::inline MIDDEN_ABI::containers::rebuild {

// Up to `most` entries, in order where both halves keep it. Safepoints; throws OutOfMemory, TooLarge and what a
// backend of the host's throws, and then the map is whole. Requires: no walk is open.
void move_some(Attach& here, RebuildState& state, std::size_t most);

// Erases the ghost of a key that `to` has, if there is one. A safepoint; throws OutOfMemory.
void drop_ghost(Attach& here, RebuildState& state, MapKey key);

}  // namespace midden::inline MIDDEN_ABI::containers::rebuild
