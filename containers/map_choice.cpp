#include "containers/map_choice.hpp"

#include <midden/error.hpp>

#include "containers/hash/layout.hpp"
#include "containers/map_table.hpp"

namespace midden::inline MIDDEN_ABI::containers {

std::string known_backends() {
  std::string list;
  for (const std::string& name : map_backend_names()) list.append(name).append(", ");
  return list.append(automatic);
}

const MapBackend& require_backend(std::string_view name, const std::string& said_by) {
  const MapBackend* backend = find_map_backend(name);
  if (backend != nullptr) return *backend;
  throw ConfigError("midden: " + said_by + " asks for map backend '" + std::string(name) +
                    "', which is not known; known are: " + known_backends());
}

const MapOps* ops_of(const MapBackend& backend, bool ordered, const MapShape& shape) {
  const MapOps* ops = backend.ops(shape);
  if (ops == nullptr || (ordered && !ops->ordered)) return nullptr;
  if (shape.value == ValueKind::composite && !ops->composites) return nullptr;
  require_whole(backend, *ops, ops->ordered, false);
  return ops;
}

const MapOps& require_ops(const MapBackend& backend, bool ordered, const MapShape& shape) {
  if (const MapOps* ops = ops_of(backend, ordered, shape)) return *ops;
  throw ConfigError("midden: " + what_is_missing(backend, ordered, shape));
}

std::string what_is_missing(const MapBackend& backend, bool ordered, const MapShape& shape) {
  const MapOps* const ops = backend.ops(shape);
  const bool order = ordered && ops != nullptr && !ops->ordered;
  return "map backend '" + backend.name +
         (order ? "' does not keep keys in order" : "' does not hold such keys and values");
}

std::string_view first_choice(bool ordered) noexcept { return ordered ? "skiplist" : "hash"; }

std::size_t references_an_entry(const MapShape& shape) {
  const hash::Layout layout(shape);
  return std::size_t{layout.key_refs()} + std::size_t{layout.value_refs()};
}

}  // namespace midden::inline MIDDEN_ABI::containers
