#pragma once
// What a backend's table of functions must have, for maps of one writer and for those of all threads.
//
// Threads: any.

#include <midden/build.hpp>
#include <midden/map_backend.hpp>

namespace midden::inline MIDDEN_ABI::containers {

// Throws ConfigError where the table is of another version of the interface or lacks an operation; says
// which. `concurrent`: it is a backend's MapOps::concurrent.
void require_whole(const MapBackend& backend, const MapOps& ops, bool ordered, bool concurrent);

}  // namespace midden::inline MIDDEN_ABI::containers
