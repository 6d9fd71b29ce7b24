// The tables of functions of the backend `hash`: one for each form of key.

#include "containers/hash/backend.hpp"

#include <midden/fault.hpp>
#include <midden/make.hpp>
#include <midden/runtime.hpp>

#include "containers/hash/cursor.hpp"
#include "containers/hash/find.hpp"
#include "containers/hash/state.hpp"
#include "containers/hash/stats.hpp"
#include "containers/hash/write.hpp"

namespace midden::inline MIDDEN_ABI::containers::hash {

namespace {

// A defect: the collector is not told of the old table.
struct OldUnscanned : HashState {
  using HashState::HashState;
  [[maybe_unused]] static constexpr auto midden_refs = refs<OldUnscanned>(&HashState::now, &HashState::hot);
};

Root<MapState> create(Attach& here, const MapShape& shape, std::uint64_t seed) {
  if constexpr (faults) {
    if (broken(Defect::old_unscanned))
      return make<OldUnscanned>(here, shape, secret_for(here.runtime().config()), seed);
  }
  return make<HashState>(here, shape, secret_for(here.runtime().config()), seed);
}

std::size_t size(const MapState& state) { return state_of(state).entries; }

// Apart, so that the plain look-up has one branch for it and no registers to save.
template <class Key>
[[gnu::noinline, gnu::cold]] Place find_watched(const HashState& state, const Key& key) {
  const std::uint32_t hash = key.hash(state.hasher);
  state.note_look_up(hash);
  return find_entry(state, key, hash);
}

template <class Key>
MapFound find(const MapState& base, MapKey asked) {
  const HashState& state = state_of(base);
  const Key key(asked, state.layout);
  const Place place = state.is_watched() ? find_watched(state, key) : find_entry(state, key, key.hash(state.hasher));
  return place.bucket == nullptr ? MapFound{} : value_at(state.layout, place);
}

template <class Key>
MapUpsert upsert(Attach& here, MapState& base, MapKey key, MapValue value, MapWrite mode) {
  HashState& state = state_of(base);
  return upsert(here, state, Key(key, state.layout), value, mode);
}

template <class Key>
bool erase(Attach& here, MapState& base, MapKey key) {
  HashState& state = state_of(base);
  return erase(here, state, Key(key, state.layout));
}

void clear(Attach&, MapState& base) {
  HashState& state = state_of(base);
  state.now.reset();
  state.old.reset();
  state.bound = hash_end;
  state.entries = 0;
  state.object_bytes = 0;
  ++state.writes;
  state.begin_anew();
}

bool first(Attach& here, MapState& state, MapCursor& cursor) { return first_entry(here, state_of(state), cursor); }
bool next(Attach& here, MapState& state, MapCursor& cursor) { return next_entry(here, state_of(state), cursor); }
bool locate(Attach&, const MapState& state, MapCursor& cursor, MapKey key) {
  return locate_entry(state_of(state), cursor, key);
}
void close(MapState&, MapCursor& cursor) { close_cursor(cursor); }

MapStats stats(Attach& here, MapState& base) {
  const MapStats stats = stats_of(state_of(base));
  begin_to_sample(here, state_of(base));
  return stats;
}

// Buckets that are in no chain are empty, and so are those that a resize has passed.
template <class Key>
void inspect(const MapState& base, void (*take)(void*, MapKey, MapFound), void* context) {
  const HashState& state = state_of(base);
  const Layout& layout = state.layout;
  for (const Table* table : {&state.now, &state.old}) {
    table->for_each_bucket(layout, [&](std::byte* bucket) {
      const unsigned full = head(bucket).count();
      for (unsigned slot = 0; slot < full; ++slot) {
        take(context, Key(layout.key(bucket, slot), layout).shown(), value_at(layout, {bucket, slot}));
      }
    });
  }
}

template <class Key>
constexpr MapOps ops_for{.composites = true,
                         .create = create,
                         .size = size,
                         .find = find<Key>,
                         .upsert = upsert<Key>,
                         .erase = erase<Key>,
                         .clear = clear,
                         .first = first,
                         .next = next,
                         .close = close,
                         .locate = locate,
                         .stats = stats,
                         .inspect = inspect<Key>};

const MapOps* ops(const MapShape& shape) {
  if (shape.key == KeyKind::word) return &ops_for<WordKey>;
  return Layout(shape).keys() == Held::in_slot ? &ops_for<SlotKey> : &ops_for<ObjectKey>;
}

}  // namespace

MapBackend backend() { return {"hash", ops}; }

}  // namespace midden::inline MIDDEN_ABI::containers::hash
