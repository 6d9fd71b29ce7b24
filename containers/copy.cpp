#include "containers/copy.hpp"

#include <midden/map.hpp>

namespace midden::inline MIDDEN_ABI {

namespace containers {

MapFill::MapFill(Attach& here, const MapOps& ops, const MapShape& shape)
    : ops_(ops),
      references_(shape.value == ValueKind::reference),
      map_(ops.create(here, shape, here.runtime().draw())) {}

void MapFill::add(Attach& here, MapKey key, MapValue value) {
  if (references_) object_ = const_cast<void*>(value.data);
  safepoint(here);
  ops_.upsert(here, *map_, key, value, MapWrite::assign);
}

}  // namespace containers

namespace detail {

MapView copy_view(Attach& here, const MapParts& parts, const MapShape& shape, MapState& state) {
  // That of a map which is being rebuilt serves only it.
  const MapOps& table = *parts.backend->ops(shape);
  containers::MapFill copy(here, table, shape);
  const bool references = shape.value == ValueKind::reference;
  containers::for_each_entry(here, *parts.ops, state, [&](MapKey key, MapFound found) {
    const void* const value = references ? static_cast<const Ref<void>*>(found.data)->get() : found.data;
    copy.add(here, key, {value, found.size});
  });
  copy.map()->plain = state.plain;
  return {&table, copy.map()};
}

}  // namespace detail

}  // namespace midden::inline MIDDEN_ABI
