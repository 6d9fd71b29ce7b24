#include "containers/locked/walk.hpp"

#include <algorithm>
#include <cstddef>

#include <midden/defer.hpp>
#include <midden/map_key.hpp>

namespace midden::inline MIDDEN_ABI::containers::locked {

namespace {

// The cursor's own words under their names.
struct Walk {
  explicit Walk(MapCursor& cursor) : shard_plus_one(cursor.outer[0]), clears(cursor.outer[1]) {}

  std::uint64_t& shard_plus_one;
  std::uint64_t& clears;
};

// While it lives the cursor is the inner backend's, whose state it names.
class Inside {
 public:
  Inside(LockedState& state, MapCursor& cursor, std::size_t shard, MapState& map) : state_(state), cursor_(cursor) {
    cursor.map = &map;
    Walk(cursor).shard_plus_one = shard + 1;
  }
  ~Inside() { cursor_.map = &state_; }
  Inside(const Inside&) = delete;
  Inside& operator=(const Inside&) = delete;

 private:
  LockedState& state_;
  MapCursor& cursor_;
};

// What move(map) says of the shard's map; false where it has none.
template <class Move>
bool step(Attach& here, LockedState& state, MapCursor& cursor, std::size_t shard, Move&& move) {
  Shards* const shards = state.shards();
  if (shards == nullptr) return false;
  return without_safepoints(here, [&] {
    const Reading reading((*shards)[shard].lock);
    MapState* const map = (*shards)[shard].map.get();
    if (map == nullptr) return false;
    const Inside inside(state, cursor, shard, *map);
    return move(*map);
  });
}

// Closes the inner cursor, and makes it as good as new for another shard.
void leave(LockedState& state, MapCursor& cursor) {
  Walk walk(cursor);
  if (walk.shard_plus_one == 0) return;
  const std::size_t shard = walk.shard_plus_one - 1;
  Shard& left = (*state.shards())[shard];
  {
    const Reading reading(left.lock);
    MapState& map = *left.map;
    const Inside inside(state, cursor, shard, map);
    state.inner().close(map, cursor);
  }
  walk.shard_plus_one = 0;
  std::fill(std::begin(cursor.position), std::end(cursor.position), std::byte{0});
}

// To the first entry of that shard or one behind it.
bool enter(Attach& here, LockedState& state, MapCursor& cursor, std::size_t shard) {
  const Shards* const shards = state.shards();
  for (; shards != nullptr && shard < shards->size(); ++shard) {
    if (step(here, state, cursor, shard, [&](MapState& map) { return state.inner().first(here, map, cursor); })) {
      return true;
    }
    leave(state, cursor);
  }
  return false;
}

bool goes_on(const LockedState& state, MapCursor& cursor) {
  const Walk walk(cursor);
  return walk.shard_plus_one != 0 && walk.clears == state.clears();
}

}  // namespace

bool first(Attach& here, MapState& base, MapCursor& cursor) {
  LockedState& state = state_of(base);
  Walk(cursor).clears = state.clears();
  return enter(here, state, cursor, 0);
}

bool next(Attach& here, MapState& base, MapCursor& cursor) {
  LockedState& state = state_of(base);
  if (!goes_on(state, cursor)) return false;
  const std::size_t shard = Walk(cursor).shard_plus_one - 1;
  if (step(here, state, cursor, shard, [&](MapState& map) { return state.inner().next(here, map, cursor); })) {
    return true;
  }
  leave(state, cursor);
  return enter(here, state, cursor, shard + 1);
}

bool seek(Attach& here, MapState& base, MapCursor& cursor, MapKey key) {
  LockedState& state = state_of(base);
  Walk(cursor).clears = state.clears();
  return step(here, state, cursor, 0, [&](MapState& map) { return state.inner().seek(here, map, cursor, key); });
}

bool last(Attach& here, MapState& base, MapCursor& cursor) {
  LockedState& state = state_of(base);
  Walk(cursor).clears = state.clears();
  return step(here, state, cursor, 0, [&](MapState& map) { return state.inner().last(here, map, cursor); });
}

bool previous(Attach& here, MapState& base, MapCursor& cursor) {
  LockedState& state = state_of(base);
  if (!goes_on(state, cursor)) return false;
  return step(here, state, cursor, 0, [&](MapState& map) { return state.inner().previous(here, map, cursor); });
}

bool locate(Attach& here, const MapState& base, MapCursor& cursor, MapKey key) {
  LockedState& state = const_cast<LockedState&>(state_of(base));
  const MapOps& inner = state.inner();
  return step(here, state, cursor, state.shard_of(key), [&](MapState& map) {
    if (inner.locate != nullptr) return inner.locate(here, map, cursor, key);
    return inner.seek(here, map, cursor, key) && !detail::key_less(key, cursor.key);
  });
}

void close(MapState& base, MapCursor& cursor) { leave(state_of(base), cursor); }

}  // namespace midden::inline MIDDEN_ABI::containers::locked
