#pragma once
// A map in two halves as one: the table of functions that serves it while it is being rebuilt.
//
//                    in order, by the bound       not in order
//   look-up          one half                     `to`, then `from`
//   overwrite        where the key is             where the key is
//   insert           one half                     `to`
//   erase            where the key is             where the key is
//   walk             `to`, then `from`            `to`, then `from`
//
// No operation moves an entry: that is done between them (move.hpp).
//
// Threads: as the map.

#include <midden/attach.hpp>
#include <midden/build.hpp>
#include <midden/map_backend.hpp>
#include <midden/root.hpp>

namespace midden::inline MIDDEN_ABI::containers::rebuild {

// A map of the state `from` so far, that moves to `to`, which is empty. A safepoint; throws OutOfMemory.
Root<MapState> create(Attach& here, const MapShape& shape, const MapOps& from_ops, MapState& from, const MapOps& to_ops,
                      MapState& to);

// The table of such a map, of two backends that keep order or not. `create` in it is null.
const MapOps& ops(bool ordered) noexcept;

}  // namespace midden::inline MIDDEN_ABI::containers::rebuild
