#include "containers/rebuild/walk.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include <midden/map_key.hpp>

#include "containers/rebuild/state.hpp"

namespace midden::inline MIDDEN_ABI::containers::rebuild {

namespace {

enum class Open : std::uint64_t { none, to, from };

// The cursor's own words under their names.
Open open_half(const MapCursor& cursor) { return static_cast<Open>(cursor.outer[0]); }
std::uint64_t& clears_seen(MapCursor& cursor) { return cursor.outer[1]; }

// What move(map) says of that half's map; while it moves, the cursor is the half's, whose state it names.
template <class Move>
bool step(RebuildState& state, MapCursor& cursor, Open open, Move&& move) {
  struct Inside {
    ~Inside() { cursor.map = &state; }
    RebuildState& state;
    MapCursor& cursor;
  };
  const Half& half = open == Open::to ? state.to : state.from;
  const Inside inside{state, cursor};
  cursor.map = half.state.get();
  cursor.outer[0] = static_cast<std::uint64_t>(open);
  return move(*half.ops, *half.state);
}

bool is_ghost(const RebuildState& state, const MapCursor& cursor) {
  return open_half(cursor) == Open::from && state.ghosts != 0 && state.has_moved(cursor.key);
}

bool go(Attach& here, RebuildState& state, MapCursor& cursor, decltype(MapOps::next) MapOps::*way) {
  const auto move = [&](const MapOps& ops, MapState& map) { return (ops.*way)(here, map, cursor); };
  bool stands = step(state, cursor, open_half(cursor), move);
  while (stands && is_ghost(state, cursor)) stands = step(state, cursor, Open::from, move);
  return stands;
}

// Closes the half's cursor, and makes it as good as new for the other half.
void leave(RebuildState& state, MapCursor& cursor) {
  if (open_half(cursor) == Open::none) return;
  step(state, cursor, open_half(cursor), [&](const MapOps& ops, MapState& map) {
    ops.close(map, cursor);
    return true;
  });
  cursor.outer[0] = static_cast<std::uint64_t>(Open::none);
  std::fill(std::begin(cursor.position), std::end(cursor.position), std::byte{0});
}

// To the entry where `place` puts the half's cursor, or one behind it that way.
template <class Place>
bool enter(Attach& here, RebuildState& state, MapCursor& cursor, Open open, decltype(MapOps::next) MapOps::*way,
           Place&& place) {
  leave(state, cursor);
  if (!step(state, cursor, open, place)) return false;
  return !is_ghost(state, cursor) || go(here, state, cursor, way);
}
bool enter_first(Attach& here, RebuildState& state, MapCursor& cursor, Open open) {
  return enter(here, state, cursor, open, &MapOps::next,
               [&](const MapOps& ops, MapState& map) { return ops.first(here, map, cursor); });
}
bool enter_last(Attach& here, RebuildState& state, MapCursor& cursor, Open open) {
  return enter(here, state, cursor, open, &MapOps::previous,
               [&](const MapOps& ops, MapState& map) { return ops.last(here, map, cursor); });
}
bool enter_at(Attach& here, RebuildState& state, MapCursor& cursor, Open open, MapKey key) {
  return enter(here, state, cursor, open, &MapOps::next,
               [&](const MapOps& ops, MapState& map) { return ops.seek(here, map, cursor, key); });
}

bool goes_on(const RebuildState& state, MapCursor& cursor) {
  return open_half(cursor) != Open::none && clears_seen(cursor) == state.clears;
}

}  // namespace

bool first(Attach& here, MapState& base, MapCursor& cursor) {
  RebuildState& state = state_of(base);
  clears_seen(cursor) = state.clears;
  return enter_first(here, state, cursor, Open::to) || enter_first(here, state, cursor, Open::from);
}

bool next(Attach& here, MapState& base, MapCursor& cursor) {
  RebuildState& state = state_of(base);
  if (!goes_on(state, cursor)) return false;
  if (go(here, state, cursor, &MapOps::next)) return true;
  return open_half(cursor) == Open::to && enter_first(here, state, cursor, Open::from);
}

bool seek(Attach& here, MapState& base, MapCursor& cursor, MapKey key) {
  RebuildState& state = state_of(base);
  clears_seen(cursor) = state.clears;
  return enter_at(here, state, cursor, Open::to, key) || enter_at(here, state, cursor, Open::from, key);
}

bool last(Attach& here, MapState& base, MapCursor& cursor) {
  RebuildState& state = state_of(base);
  clears_seen(cursor) = state.clears;
  return enter_last(here, state, cursor, Open::from) || enter_last(here, state, cursor, Open::to);
}

bool previous(Attach& here, MapState& base, MapCursor& cursor) {
  RebuildState& state = state_of(base);
  if (!goes_on(state, cursor)) return false;
  if (go(here, state, cursor, &MapOps::previous)) return true;
  return open_half(cursor) == Open::from && enter_last(here, state, cursor, Open::to);
}

bool locate(Attach& here, const MapState& base, MapCursor& cursor, MapKey key) {
  RebuildState& state = const_cast<RebuildState&>(state_of(base));
  const Open open = state.has_moved(key) ? Open::to : Open::from;
  return step(state, cursor, open, [&](const MapOps& ops, MapState& map) {
    if (ops.locate != nullptr) return ops.locate(here, map, cursor, key);
    return ops.seek(here, map, cursor, key) && !detail::key_less(key, cursor.key);
  });
}

void close(MapState& base, MapCursor& cursor) { leave(state_of(base), cursor); }

}  // namespace midden::inline MIDDEN_ABI::containers::rebuild
