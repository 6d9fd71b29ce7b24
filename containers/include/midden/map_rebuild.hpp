#pragma once
// Rebuilding: a live Map moves to another backend, a few entries at a time, while it is used.
//
//   map->rebuild("skiplist");        begins, and returns at once
//   map->insert_or_assign(...);      each write moves up to 16 entries first
//   map->finish_rebuild();           or: all that is left, now
//   map->compact();                  the same, to fresh memory of the backend that it has
//
//   | hash: what is left | ──16 a write──▶ | skiplist: what has moved |      reads look into both
//
// Contracts
//   1. To whoever uses it the map is the same all the time, and whatever throws has lost nothing. A write whose
//      share of the move fails, for lack of memory, is done all the same; the next 64 move nothing.
//   2. `backend_name` says the new one from the begin. MapStats has `rebuilding`, and the share that has `moved`.
//   3. While a cursor walks over the map nothing moves, and none may be there when a rebuild begins. Hits of `find`
//      do not count, nor do snapshots: those of a Map are copies. An OrderedMap in between is walked in order, as ever;
//      `split` gives one range.
//   4. The write that moves the last entry makes the map one of the new backend, and nothing is left of the old.
//   5. A ConcurrentMap is not rebuilt: its host makes another one and copies.
//
// The backend `auto`, for MapOptions::backend and Config::map (MIDDEN_MAP): a Map begins as `hash` and is rebuilt to
// `skiplist` by a write that finds more than Config::map_auto_references references in its tables. An entry has one
// for its key where that is of variable size or of more than 64 bytes, and one for its value where that is of variable
// size, of more than 128 bytes, or a reference. The collector follows each in every cycle, which takes one worker 14 ms
// for a million texts, and on a skip list no time: their bytes are in its arena. Values that are references it follows
// there, too, but in the order in which they came: 3 ms instead of 13. A map of other entries stays `hash`, whose
// buckets are not looked into then. An OrderedMap and a ConcurrentOrderedMap are a `skiplist` from the begin, a
// ConcurrentMap is a `hash` and stays one. No map goes back by itself, and one that its host rebuilds, be it to where
// it is, stays where the host wants it.
//
// Compacting: a map whose entries were erased keeps memory for entries to come, and a `skiplist` each page on which one
// is left. Moved to fresh memory it takes what it needs, and the old is the collector's, and then the system's.
//
// Cost: of a map that is not rebuilt none to reads, and to writes a branch that is never taken; a walk counts itself
// in and out. During a rebuild look-ups may look twice, and both backends' memory is there. Under `auto` a write asks
// for the size until the map has moved.
//
// Threads: rebuilding is writing; readers between two writes may be many.

#include <string_view>

#include <midden/attach.hpp>
#include <midden/build.hpp>
#include <midden/map_backend.hpp>
#include <midden/map_cursor.hpp>
#include <midden/ref.hpp>

namespace midden::inline MIDDEN_ABI::detail {

// What a map is that does not move by itself: tended where Stress::rebuild makes it move.
MapTended tended_from_begin(const Runtime& runtime);

// What these change lies in a map's shell, which the caller keeps alive. Safepoints.

// Map::rebuild and Map::finish_rebuild.
void rebuild_map(Attach& here, MapParts& parts, Ref<MapState>& state, const MapShape& shape, std::string_view backend);
void finish_rebuild(Attach& here, MapParts& parts, Ref<MapState>& state);
// Map::compact.
void compact_map(Attach& here, MapParts& parts, Ref<MapState>& state, const MapShape& shape);

// Before a write to a map that is tended: moves a few entries, or begins where `auto` says so. What fails is left
// for a later write.
void tend_map(Attach& here, MapParts& parts, Ref<MapState>& state, const MapShape& shape) noexcept;

}  // namespace midden::inline MIDDEN_ABI::detail
