#pragma once
// The table of functions of the backend `skiplist` for maps that all threads use.

#include <midden/build.hpp>
#include <midden/map_backend.hpp>

#include "containers/skiplist/key.hpp"

namespace midden::inline MIDDEN_ABI::containers::skiplist {

template <class Key>
const MapOps* shared_ops() noexcept;

}  // namespace midden::inline MIDDEN_ABI::containers::skiplist
