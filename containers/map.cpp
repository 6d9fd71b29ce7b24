// What maps of all types share: which backend serves them, and one complaint.

#include <midden/map.hpp>

#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include <midden/error.hpp>
#include <midden/runtime.hpp>

#include "containers/map_choice.hpp"

namespace midden::inline MIDDEN_ABI::detail {

namespace {

// Whether this is the first time for this Runtime. The seed tells it from one that was at the
// same address before.
bool first_notice(const Runtime& runtime) {
  static std::mutex mutex;
  static std::set<std::pair<const Runtime*, std::uint64_t>> noticed;
  const std::lock_guard lock(mutex);
  return noticed.emplace(&runtime, runtime.seed()).second;
}

// The name that decides.
std::string_view wished(const Runtime& runtime, const MapOptions& options) {
  return options.backend.empty() ? std::string_view(runtime.config().map) : options.backend;
}

}  // namespace

MapParts choose_map(Runtime& runtime, const MapOptions& options, bool ordered, const MapShape& shape) {
  const bool asked = !options.backend.empty();
  std::string_view name = wished(runtime, options);
  if (name == containers::automatic) name = containers::first_choice(ordered);
  const MapBackend& backend =
      containers::require_backend(name, asked ? "MapOptions::backend" : "Config::map (MIDDEN_MAP)");
  if (asked) return {&backend, &containers::require_ops(backend, ordered, shape), &runtime};
  if (const MapOps* ops = containers::ops_of(backend, ordered, shape)) return {&backend, ops, &runtime};
  for (const std::string& other_name : map_backend_names()) {
    const MapBackend& other = *find_map_backend(other_name);
    const MapOps* const ops = containers::ops_of(other, ordered, shape);
    if (ops == nullptr) continue;
    if (first_notice(runtime)) {
      runtime.config().message("midden: " + runtime.config().name + ": " +
                               containers::what_is_missing(backend, ordered, shape) + "; '" + other_name +
                               "' serves such maps");
    }
    return {&other, ops, &runtime};
  }
  throw ConfigError("midden: " + containers::what_is_missing(backend, ordered, shape) +
                    ", and no other does; known are: " + containers::known_backends());
}

Root<MapState> create_map(Attach& here, const MapParts& parts, const MapOptions& options, bool ordered,
                          const MapShape& shape) {
  Root<MapState> state = parts.ops->create(here, shape, parts.runtime->draw());
  const bool automatic = wished(*parts.runtime, options) == containers::automatic;
  state->ordered = ordered;
  state->plain = options.plain;
  const bool moves = automatic && !ordered && containers::references_an_entry(shape) != 0;
  state->tended = moves ? MapTended::automatic : tended_from_begin(*parts.runtime);
  return state;
}

void require_sizes(const MapKey& key, const MapValue& value, const MapShape& shape) {
  const auto require = [](const char* what, std::size_t size, std::size_t most) {
    if (size <= most) return;
    throw TooLarge("midden: " + std::string(what) + " of a map has at most " + std::to_string(most) +
                   " bytes, this one has " + std::to_string(size));
  };
  if (shape.key == KeyKind::variable) require("a key", key.word, max_map_key_bytes);
  if (shape.value == ValueKind::variable) require("a value", value.size, max_map_value_bytes);
}

}  // namespace midden::inline MIDDEN_ABI::detail
