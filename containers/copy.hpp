#pragma once
// Copying maps, entry by entry.
//
//   for_each_entry   one map's entries, shown by the backend's cursor
//   MapFill          another map, that entries go into: cheapest in the order of keys
//
// Threads: as the maps; the caller is attached and keeps both alive.

#include <cstdint>

#include <midden/attach.hpp>
#include <midden/build.hpp>
#include <midden/map_backend.hpp>
#include <midden/ref.hpp>
#include <midden/root.hpp>

namespace midden::inline MIDDEN_ABI::containers {

// A backend's cursor for the time of a scope.
class OpenCursor {
 public:
  OpenCursor(const MapOps& ops, MapState& map) : ops_(ops) { cursor.map = &map; }
  ~OpenCursor() { ops_.close(*cursor.map, cursor); }
  OpenCursor(const OpenCursor&) = delete;
  OpenCursor& operator=(const OpenCursor&) = delete;

  MapCursor cursor;

 private:
  const MapOps& ops_;
};

// Calls f(key, value) for each entry, as a cursor shows them. Safepoints.
template <class F>
void for_each_entry(Attach& here, const MapOps& ops, MapState& map, F&& f) {
  OpenCursor open(ops, map);
  for (bool there = ops.first(here, map, open.cursor); there; there = ops.next(here, map, open.cursor)) {
    f(open.cursor.key, open.cursor.value);
  }
}

class MapFill {
 public:
  // Of a new map of that table, under a seed of its own. A safepoint.
  MapFill(Attach& here, const MapOps& ops, const MapShape& shape);

  // Requires: the key is not there yet. A safepoint; a value that is a reference is kept alive across it.
  void add(Attach& here, MapKey key, MapValue value);

  const Root<MapState>& map() const noexcept { return map_; }

 private:
  const MapOps& ops_;
  const bool references_;
  const Root<MapState> map_;
  Root<void> object_;
};

}  // namespace midden::inline MIDDEN_ABI::containers
