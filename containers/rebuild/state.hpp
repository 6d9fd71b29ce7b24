#pragma once
// RebuildState: the heap object of a map that moves from one backend to another.
//
//   RebuildState ──▶ from ──▶ a MapState of the old backend, which becomes empty
//                └─▶ to   ──▶ a MapState of the new one
//
//   half     a backend's map with its table of operations
//   bound    where both halves keep order: the greatest key that has moved
//   ghost    an entry of `from` that `to` has as well, because it could be stored there but not be erased here
//
//   in order:   keys   ............ bound ............      not in order:   `to` has it, or else `from`
//                      |  in `to`   |  in `from`     |
//
// Invariants
//   1. A key is in the half that `has_moved` says, and nowhere else, but for ghosts; those do not count.
//   2. In order there is at most one ghost, and it is the first entry of `from`.
//   3. `clears` differs after a clear, which ends walks.
//
// Threads: as the map.

#include <cstddef>
#include <cstdint>

#include <midden/build.hpp>
#include <midden/describe.hpp>
#include <midden/map_backend.hpp>
#include <midden/ref.hpp>

#include "containers/rebuild/bound.hpp"

namespace midden::inline MIDDEN_ABI::containers::rebuild {

struct Half {
  Half(const MapOps& its_ops, MapState& its_state) : ops(&its_ops), state(&its_state) {}

  std::size_t size() const { return ops->size(*state); }
  MapFound find(MapKey key) const { return ops->find(*state, key); }
  bool has(MapKey key) const { return find(key).data != nullptr; }

  const MapOps* const ops;
  Ref<MapState> state;

  static constexpr auto midden_refs = refs<Half>(&Half::state);
};

struct RebuildState : MapState {
  RebuildState(ValueKind its_values, const MapOps& from_ops, MapState& its_from, const MapOps& to_ops, MapState& its_to)
      : values(its_values), from(from_ops, its_from), to(to_ops, its_to) {}

  bool in_order() const noexcept { return from.ops->ordered && to.ops->ordered; }
  std::size_t size() const { return from.size() + to.size() - ghosts; }
  // Whether `to` answers for the key, as far as it is in the map.
  bool has_moved(MapKey key) const { return in_order() ? bound.covers(key) : to.has(key); }
  // The half to write the key to.
  const Half& home(MapKey key) const {
    if (has_moved(key)) return to;
    return in_order() || from.has(key) ? from : to;
  }

  const ValueKind values;
  Half from;
  Half to;
  Bound bound;  // in order only
  std::size_t ghosts = 0;
  std::uint64_t clears = 0;
  std::uint32_t rest = 0;  // writes that move nothing, after a step that failed

  static constexpr auto midden_refs = refs<RebuildState>(&RebuildState::from, &RebuildState::to, &RebuildState::bound);
};

inline RebuildState& state_of(MapState& state) noexcept { return static_cast<RebuildState&>(state); }
inline const RebuildState& state_of(const MapState& state) noexcept { return static_cast<const RebuildState&>(state); }

}  // namespace midden::inline MIDDEN_ABI::containers::rebuild
