#pragma once
// Rebuilding: a live Map moves to another backend, a few entries at a time, while it is used.
//
//   map->rebuild("skiplist");        begins, and returns at once
//   map->insert_or_assign(...);      each write moves up to 16 entries first
//   map->finish_rebuild();           or: all that is left, now
//
//   | hash: what is left | ──16 a write──▶ | skiplist: what has moved |      reads look into both
//
// Contracts
//   1. To whoever uses it the map is the same all the time, and whatever throws has lost nothing. A write whose
//      share of the move fails, for lack of memory, is done all the same; the next 64 move nothing.
//   2. `backend_name` says the new one from the begin. MapStats has `rebuilding`, and the share that has `moved`.
//   3. While a cursor walks over the map nothing moves, and none may be there when a rebuild begins. Hits of `find`
//      do not count. An OrderedMap in between is walked in order, as ever; `split` gives one range.
//   4. The write that moves the last entry makes the map one of the new backend, and nothing is left of the old.
//   5. A ConcurrentMap is not rebuilt: its host makes another one and copies.
//
// Cost: of a map that is not rebuilt none to reads, and to writes a branch that is never taken; a walk counts itself
// in and out. During a rebuild look-ups may look twice, and both backends' memory is there.
//
// Threads: rebuilding is writing; readers between two writes may be many.

#include <string_view>

#include <midden/attach.hpp>
#include <midden/build.hpp>
#include <midden/map_backend.hpp>
#include <midden/map_cursor.hpp>
#include <midden/ref.hpp>

namespace midden::inline MIDDEN_ABI::detail {

// What these change lies in a map's shell, which the caller keeps alive. Safepoints.

// Map::rebuild and Map::finish_rebuild.
void rebuild_map(Attach& here, MapParts& parts, Ref<MapState>& state, const MapShape& shape, std::string_view backend);
void finish_rebuild(Attach& here, MapParts& parts, Ref<MapState>& state);

// Before a write to a map that is tended: moves a few entries. What fails is left for a later write.
void tend_map(Attach& here, MapParts& parts, Ref<MapState>& state) noexcept;

}  // namespace midden::inline MIDDEN_ABI::detail
