#pragma once
// The backend `hash`: the map in buckets that the collector scans entry by entry.

#include <midden/build.hpp>
#include <midden/map_backend.hpp>

namespace midden::inline MIDDEN_ABI::containers::hash {

MapBackend backend();

}  // namespace midden::inline MIDDEN_ABI::containers::hash
