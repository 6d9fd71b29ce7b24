#include "containers/rebuild/backend.hpp"

#include <midden/make.hpp>

#include "containers/locked/stats.hpp"
#include "containers/rebuild/move.hpp"
#include "containers/rebuild/state.hpp"
#include "containers/rebuild/walk.hpp"

namespace midden::inline MIDDEN_ABI::containers::rebuild {

namespace {

std::size_t size(const MapState& base) { return state_of(base).size(); }

MapFound find(const MapState& base, MapKey key) {
  const RebuildState& state = state_of(base);
  if (state.in_order()) return (state.bound.covers(key) ? state.to : state.from).find(key);
  const MapFound moved = state.to.find(key);
  return moved.data != nullptr ? moved : state.from.find(key);
}

MapUpsert upsert(Attach& here, MapState& base, MapKey key, MapValue value, MapWrite mode) {
  const Half& home = state_of(base).home(key);
  return home.ops->upsert(here, *home.state, key, value, mode);
}

bool erase(Attach& here, MapState& base, MapKey key) {
  RebuildState& state = state_of(base);
  if (state.ghosts != 0 && state.has_moved(key)) drop_ghost(here, state, key);
  const Half& home = state.home(key);
  return home.ops->erase(here, *home.state, key);
}

void clear(Attach& here, MapState& base) {
  RebuildState& state = state_of(base);
  for (const Half* half : {&state.from, &state.to}) half->ops->clear(here, *half->state);
  state.ghosts = 0;
  state.bound.reset();
  ++state.clears;
}

MapStats stats(Attach& here, MapState& base) {
  RebuildState& state = state_of(base);
  MapStats sum{.bytes = sizeof state, .references = 3};
  for (const Half* half : {&state.from, &state.to}) locked::add(sum, half->ops->stats(here, *half->state));
  sum.entries = state.size();
  sum.rebuilding = true;
  sum.moved = sum.entries == 0 ? 1 : static_cast<double>(state.to.size()) / static_cast<double>(sum.entries);
  return sum;
}

void inspect(const MapState& base, void (*take)(void*, MapKey, MapFound), void* context) {
  const RebuildState& state = state_of(base);
  for (const Half* half : {&state.from, &state.to}) {
    if (half->ops->inspect != nullptr) half->ops->inspect(*half->state, take, context);
  }
}

constexpr MapOps not_in_order{.size = size,
                              .find = find,
                              .upsert = upsert,
                              .erase = erase,
                              .clear = clear,
                              .first = first,
                              .next = next,
                              .close = close,
                              .locate = locate,
                              .stats = stats,
                              .inspect = inspect};

constexpr MapOps in_order = [] {
  MapOps table = not_in_order;
  table.ordered = true;
  table.seek = seek;
  table.last = last;
  table.previous = previous;
  return table;
}();

}  // namespace

Root<MapState> create(Attach& here, const MapShape& shape, const MapOps& from_ops, MapState& from, const MapOps& to_ops,
                      MapState& to) {
  return make<RebuildState>(here, shape.value, from_ops, from, to_ops, to);
}

const MapOps& ops(bool ordered) noexcept { return ordered ? in_order : not_in_order; }

}  // namespace midden::inline MIDDEN_ABI::containers::rebuild
