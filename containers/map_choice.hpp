#pragma once
// Which backend serves a map: by its name, or as `auto` says.
//
// Threads: any.

#include <cstddef>
#include <string>
#include <string_view>

#include <midden/build.hpp>
#include <midden/map_backend.hpp>

namespace midden::inline MIDDEN_ABI::containers {

// What is asked for in the place of a backend's name, and is none.
inline constexpr std::string_view automatic = "auto";

// All that may be asked for.
std::string known_backends();

// Throws ConfigError where there is none of that name; says who asked for it and what is known.
const MapBackend& require_backend(std::string_view name, const std::string& said_by);

// The backend's operations for such a map, or null. Throws ConfigError where its table is not whole.
const MapOps* ops_of(const MapBackend& backend, bool ordered, const MapShape& shape);
// The same, and throws ConfigError where there are none; says why.
const MapOps& require_ops(const MapBackend& backend, bool ordered, const MapShape& shape);
// Why there are none.
std::string what_is_missing(const MapBackend& backend, bool ordered, const MapShape& shape);

// Under `auto` (map_rebuild.hpp): what a map begins with, and the references for each entry in the tables of `hash`.
std::string_view first_choice(bool ordered) noexcept;
std::size_t references_an_entry(const MapShape& shape);

}  // namespace midden::inline MIDDEN_ABI::containers
