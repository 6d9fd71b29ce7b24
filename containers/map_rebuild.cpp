// When a map begins to be rebuilt, how far each write takes it, and when it has become one of the new backend.

#include <midden/map_rebuild.hpp>

#include <stdexcept>
#include <string>

#include <midden/error.hpp>
#include <midden/map.hpp>
#include <midden/runtime.hpp>

#include "containers/map_choice.hpp"
#include "containers/rebuild/backend.hpp"
#include "containers/rebuild/move.hpp"
#include "containers/rebuild/state.hpp"

namespace midden::inline MIDDEN_ABI::detail {

namespace {

using containers::rebuild::RebuildState;

constexpr std::size_t entries_a_write = 16;
constexpr std::size_t entries_a_poll = 256;
constexpr std::uint32_t writes_without_move = 64;

// Whatever keeps a map where it is has its place here.
void require_free(const MapState& state) {
  if (state.has_walks()) throw std::logic_error("midden: a map cannot be rebuilt while a cursor walks over it");
}

void begin(Attach& here, MapParts& parts, Ref<MapState>& state, const MapShape& shape, const MapBackend& backend,
           const MapOps& ops) {
  const Root<MapState> to = ops.create(here, shape, parts.runtime->draw());
  const Root<MapState> both = containers::rebuild::create(here, shape, *parts.ops, *state, ops, *to);
  to->ordered = both->ordered = state->ordered;
  to->plain = both->plain = state->plain;
  to->tended = tended_from_begin(*parts.runtime);
  both->tended = MapTended::rebuilding;
  state = both;
  parts.ops = &containers::rebuild::ops(parts.ops->ordered && ops.ordered);
  parts.backend = &backend;
}

// Where all has moved the map becomes one of the new backend.
void end_if_done(MapParts& parts, Ref<MapState>& state) {
  const RebuildState& moving = containers::rebuild::state_of(*state);
  if (moving.from.size() != 0) return;
  parts.ops = moving.to.ops;
  state = moving.to.state;
}

void move_for_a_write(Attach& here, MapParts& parts, Ref<MapState>& state) {
  RebuildState& moving = containers::rebuild::state_of(*state);
  if (moving.has_walks()) return;
  if (moving.rest != 0) {
    --moving.rest;
    return;
  }
  moving.rest = writes_without_move;  // should this fail
  move_some(here, moving, entries_a_write);
  moving.rest = 0;
  end_if_done(parts, state);
}

bool is_due(const MapParts& parts, const MapState& state, const MapShape& shape) {
  const std::size_t references = parts.ops->size(state) * containers::references_an_entry(shape);
  return references > parts.runtime->config().map_auto_references && !state.has_walks();
}

}  // namespace

MapTended tended_from_begin(const Runtime& runtime) {
  return runtime.config().stress.rebuild != 0 ? MapTended::stressed : MapTended::no;
}

void rebuild_map(Attach& here, MapParts& parts, Ref<MapState>& state, const MapShape& shape, std::string_view name) {
  if (name == containers::automatic) {
    throw ConfigError("midden: Map::rebuild asks for map backend '" + std::string(name) + "', which is no backend");
  }
  const MapBackend& backend = containers::require_backend(name, "Map::rebuild");
  const MapOps& ops = containers::require_ops(backend, state->ordered, shape);
  if (state->tended == MapTended::automatic) state->tended = tended_from_begin(*parts.runtime);
  if (&backend == parts.backend) return;
  finish_rebuild(here, parts, state);
  require_free(*state);
  begin(here, parts, state, shape, backend, ops);
}

void compact_map(Attach& here, MapParts& parts, Ref<MapState>& state, const MapShape& shape) {
  if (state->tended == MapTended::rebuilding) return;
  require_free(*state);
  const MapTended tended = state->tended;  // `automatic` goes with it
  begin(here, parts, state, shape, *parts.backend, *parts.ops);
  containers::rebuild::state_of(*state).to.state->tended = tended;
}

void finish_rebuild(Attach& here, MapParts& parts, Ref<MapState>& state) {
  while (state->tended == MapTended::rebuilding) {
    require_free(*state);
    safepoint(here);
    move_some(here, containers::rebuild::state_of(*state), entries_a_poll);
    end_if_done(parts, state);
  }
}

void tend_map(Attach& here, MapParts& parts, Ref<MapState>& state, const MapShape& shape) noexcept {
  try {
    if (state->tended == MapTended::automatic && is_due(parts, *state, shape)) {
      const MapBackend& backend = *find_map_backend("skiplist");
      begin(here, parts, state, shape, backend, containers::require_ops(backend, state->ordered, shape));
    }
    const bool stressed = state->tended == MapTended::stressed && is_rebuild_due(here.mutator());
    if (stressed && !state->has_walks()) compact_map(here, parts, state, shape);
    if (state->tended == MapTended::rebuilding) move_for_a_write(here, parts, state);
  } catch (...) {
    // The map is whole, and the write has its own way to fail.
  }
}

}  // namespace midden::inline MIDDEN_ABI::detail
