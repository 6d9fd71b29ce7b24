#pragma once
// The backend `skiplist`: the ordered map in an arena that the collector never looks into.

#include <midden/build.hpp>
#include <midden/map_backend.hpp>

namespace midden::inline MIDDEN_ABI::containers::skiplist {

MapBackend backend();

}  // namespace midden::inline MIDDEN_ABI::containers::skiplist
