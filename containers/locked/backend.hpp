#pragma once
// Maps that all threads use, made of any backend's maps and locks: what a backend gets that brings none itself.
//
// What the inner backend has to bear (map_backend.hpp): each call comes under a lock and inside a DeferSafepoints
// scope, so an allocation may throw SafepointDeferred where OutOfMemory could come later, and the call is
// repeated then; calls of readers come from several threads at once; a cursor's bytes are read outside of the
// lock, while others write.
//
// Threads: any.

#include <cstdint>

#include <midden/attach.hpp>
#include <midden/build.hpp>
#include <midden/map_backend.hpp>

namespace midden::inline MIDDEN_ABI::containers::locked {

// A new, empty map of maps of `inner`, and the table that serves it. `create` of that table is null.
Root<MapState> create(Attach& here, const MapOps& inner, const MapShape& shape, std::uint64_t seed);
const MapOps& ops(bool ordered) noexcept;

}  // namespace midden::inline MIDDEN_ABI::containers::locked
