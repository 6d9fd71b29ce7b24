#include "tests/containers/always_rebuilt.hpp"

#include <atomic>
#include <mutex>
#include <set>

#include <midden/error.hpp>
#include <midden/make.hpp>
#include <midden/map_backend.hpp>
#include <midden/map_key.hpp>
#include <midden/map_rebuild.hpp>
#include <midden/runtime.hpp>

namespace {

using midden::Attach;
using midden::MapCursor;
using midden::MapFound;
using midden::MapKey;
using midden::MapOps;
using midden::MapShape;
using midden::MapState;
using midden::MapUpsert;
using midden::MapValue;
using midden::MapWrite;
using midden::Ref;
using midden::Root;

constexpr int writes_between = 40;

struct Rebuilt : MapState {
  Rebuilt(const MapShape& its_shape, const midden::detail::MapParts& its_parts, const Root<MapState>& its_map)
      : shape(its_shape), parts(its_parts), map(its_map) {}

  const MapShape shape;
  midden::detail::MapParts parts;
  Ref<MapState> map;
  int writes = 0;
  std::atomic<int> cursors{0};  // that are open, hits of `find` too

  static constexpr auto midden_refs = midden::refs<Rebuilt>(&Rebuilt::map);
};

Rebuilt& of(MapState& state) { return static_cast<Rebuilt&>(state); }
const Rebuilt& of(const MapState& state) { return static_cast<const Rebuilt&>(state); }

// The cursors that are open, of all maps.
std::mutex open_mutex;
std::set<const MapCursor*> open_cursors;

void note_open(Rebuilt& state, const MapCursor& cursor) {
  const std::lock_guard lock(open_mutex);
  if (open_cursors.insert(&cursor).second) ++state.cursors;
}
void note_closed(Rebuilt& state, const MapCursor& cursor) {
  const std::lock_guard lock(open_mutex);
  if (open_cursors.erase(&cursor) == 1) --state.cursors;
}

struct Names {
  std::string_view one;
  std::string_view other;
};
constexpr Names unordered{"hash", "skiplist"};
constexpr Names in_order{"skiplist", "skiplist-again"};

template <const Names& names>
Root<MapState> create(Attach& here, const MapShape& shape, std::uint64_t seed) {
  const midden::MapBackend& backend = *midden::find_map_backend(names.one);
  const MapOps& ops = *backend.ops(shape);
  const midden::detail::MapParts parts{&backend, &ops, &here.runtime()};
  return midden::make<Rebuilt>(here, shape, parts, ops.create(here, shape, seed));
}

template <const Names& names>
void before_write(Attach& here, Rebuilt& state) {
  if (state.cursors != 0) return;
  if (state.map->tended != midden::MapTended::no) {
    return midden::detail::tend_map(here, state.parts, state.map, state.shape);
  }
  if (++state.writes % writes_between != 0) return;
  try {
    midden::detail::rebuild_map(here, state.parts, state.map, state.shape,
                                state.parts.backend->name == names.one ? names.other : names.one);
  } catch (const midden::OutOfMemory&) {
  }
}

std::size_t size(const MapState& base) { return of(base).parts.ops->size(*of(base).map); }
MapFound find(const MapState& base, MapKey key) { return of(base).parts.ops->find(*of(base).map, key); }

template <const Names& names>
MapUpsert upsert(Attach& here, MapState& base, MapKey key, MapValue value, MapWrite mode) {
  before_write<names>(here, of(base));
  return of(base).parts.ops->upsert(here, *of(base).map, key, value, mode);
}
template <const Names& names>
bool erase(Attach& here, MapState& base, MapKey key) {
  before_write<names>(here, of(base));
  return of(base).parts.ops->erase(here, *of(base).map, key);
}
template <const Names& names>
void clear(Attach& here, MapState& base) {
  before_write<names>(here, of(base));
  of(base).parts.ops->clear(here, *of(base).map);
}

template <class Move>
auto step(MapState& base, MapCursor& cursor, Move&& move) {
  struct Inside {
    ~Inside() { cursor.map = &state; }
    Rebuilt& state;
    MapCursor& cursor;
  };
  const Inside inside{of(base), cursor};
  cursor.map = of(base).map.get();
  return move(*of(base).parts.ops, *of(base).map);
}

bool first(Attach& here, MapState& base, MapCursor& cursor) {
  note_open(of(base), cursor);
  return step(base, cursor, [&](const MapOps& ops, MapState& map) { return ops.first(here, map, cursor); });
}
bool next(Attach& here, MapState& base, MapCursor& cursor) {
  return step(base, cursor, [&](const MapOps& ops, MapState& map) { return ops.next(here, map, cursor); });
}
bool seek(Attach& here, MapState& base, MapCursor& cursor, MapKey key) {
  note_open(of(base), cursor);
  return step(base, cursor, [&](const MapOps& ops, MapState& map) { return ops.seek(here, map, cursor, key); });
}
bool last(Attach& here, MapState& base, MapCursor& cursor) {
  note_open(of(base), cursor);
  return step(base, cursor, [&](const MapOps& ops, MapState& map) { return ops.last(here, map, cursor); });
}
bool previous(Attach& here, MapState& base, MapCursor& cursor) {
  return step(base, cursor, [&](const MapOps& ops, MapState& map) { return ops.previous(here, map, cursor); });
}
bool locate(Attach& here, const MapState& base, MapCursor& cursor, MapKey key) {
  MapState& state = const_cast<MapState&>(base);
  note_open(of(state), cursor);
  return step(state, cursor, [&](const MapOps& ops, MapState& map) {
    if (ops.locate != nullptr) return ops.locate(here, map, cursor, key);
    return ops.seek(here, map, cursor, key) && !midden::detail::key_less(key, cursor.key);
  });
}
void close(MapState& base, MapCursor& cursor) {
  step(base, cursor, [&](const MapOps& ops, MapState& map) { ops.close(map, cursor); });
  note_closed(of(base), cursor);
}

midden::MapStats stats(Attach& here, MapState& base) { return of(base).parts.ops->stats(here, *of(base).map); }

template <const Names& names>
constexpr MapOps operations = [] {
  MapOps table{.composites = true,
               .create = create<names>,
               .size = size,
               .find = find,
               .upsert = upsert<names>,
               .erase = erase<names>,
               .clear = clear<names>,
               .first = first,
               .next = next,
               .close = close,
               .locate = locate,
               .stats = stats};
  if (&names == &unordered) return table;
  table.ordered = true;
  table.seek = seek;
  table.last = last;
  table.previous = previous;
  return table;
}();

}  // namespace

void always_rebuilt_backends() {
  static const bool registered = [] {
    midden::register_map_backend({"skiplist-again", midden::find_map_backend("skiplist")->ops});
    midden::register_map_backend({"rebuilt", [](const MapShape&) { return &operations<unordered>; }});
    midden::register_map_backend({"rebuilt-in-order", [](const MapShape&) { return &operations<in_order>; }});
    return true;
  }();
  static_cast<void>(registered);
}
