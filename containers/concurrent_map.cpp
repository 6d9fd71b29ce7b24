// What serves maps of all threads: the backend's own table for them, or locks around its maps.

#include <midden/concurrent_map.hpp>

#include <string>
#include <utility>

#include <midden/error.hpp>

#include "containers/locked/backend.hpp"

namespace midden::inline MIDDEN_ABI::detail {

namespace {

void require_whole(const MapBackend& backend, const MapOps& ops, bool ordered) {
  if (ops.version != map_ops_version) {
    throw ConfigError("midden: map backend '" + backend.name + "' has a concurrent table of version " +
                      std::to_string(ops.version) + " of the interface; this is version " +
                      std::to_string(map_ops_version));
  }
  const std::pair<const char*, bool> needed[] = {
      {"create", ops.create != nullptr},
      {"size", ops.size != nullptr},
      {"upsert", ops.upsert != nullptr},
      {"erase", ops.erase != nullptr},
      {"clear", ops.clear != nullptr},
      {"first", ops.first != nullptr},
      {"next", ops.next != nullptr},
      {"close", ops.close != nullptr},
      {"stats", ops.stats != nullptr},
      {"seek", ops.seek != nullptr || !ordered},
      {"last", ops.last != nullptr || !ordered},
      {"previous", ops.previous != nullptr || !ordered},
      {"locate", ops.locate != nullptr || ops.seek != nullptr},
      {"visit", ops.visit != nullptr},
      {"replace", ops.replace != nullptr},
      {"erase_if", ops.erase_if != nullptr},
  };
  for (const auto& [name, there] : needed) {
    if (there) continue;
    throw ConfigError("midden: map backend '" + backend.name + "' has no operation '" + name +
                      "' in its concurrent table");
  }
}

}  // namespace

ConcurrentParts make_concurrent_parts(Attach& here, const MapOptions& options, bool ordered, const MapShape& shape) {
  MapParts parts = choose_map(here.runtime(), options, ordered, shape);
  const std::uint64_t seed = next_map_seed(here.runtime());
  const MapOps& inner = *parts.ops;
  if (inner.concurrent == nullptr) {
    parts.ops = &containers::locked::ops(inner.ordered);
    return {parts, containers::locked::create(here, inner, shape, seed)};
  }
  require_whole(*parts.backend, *inner.concurrent, ordered);
  parts.ops = inner.concurrent;
  return {parts, parts.ops->create(here, shape, seed)};
}

}  // namespace midden::inline MIDDEN_ABI::detail
