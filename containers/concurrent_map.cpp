// What serves maps of all threads: the backend's own table for them, or locks around its maps.

#include <midden/concurrent_map.hpp>

#include <utility>

#include "containers/locked/backend.hpp"
#include "containers/map_table.hpp"

namespace midden::inline MIDDEN_ABI::detail {

ConcurrentParts make_concurrent_parts(Attach& here, const MapOptions& options, bool ordered, const MapShape& shape) {
  MapParts parts = choose_map(here.runtime(), options, ordered, shape);
  const std::uint64_t seed = here.runtime().draw();
  const MapOps& inner = *parts.ops;
  Root<MapState> state;
  if (inner.concurrent == nullptr) {
    parts.ops = &containers::locked::ops(inner.ordered);
    state = containers::locked::create(here, inner, shape, seed);
  } else {
    containers::require_whole(*parts.backend, *inner.concurrent, ordered, true);
    parts.ops = inner.concurrent;
    state = parts.ops->create(here, shape, seed);
  }
  state->plain = options.plain;
  return {parts, std::move(state)};
}

}  // namespace midden::inline MIDDEN_ABI::detail
