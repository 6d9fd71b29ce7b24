// The map backends of the process, by name.
//
// Threads: any. Backends are only ever added, so an answer stays valid.

#include <deque>
#include <mutex>
#include <utility>

#include <midden/error.hpp>
#include <midden/map_backend.hpp>

#include "containers/hash/backend.hpp"
#include "containers/map_choice.hpp"
#include "containers/skiplist/backend.hpp"

namespace midden::inline MIDDEN_ABI {

namespace {

struct Registry {
  std::mutex mutex;
  // The built-in ones; an ordered map takes the first that keeps order.
  std::deque<MapBackend> backends{
      containers::hash::backend(),
      containers::skiplist::backend(),
  };

  const MapBackend* find(std::string_view name) const {
    for (const MapBackend& backend : backends) {
      if (backend.name == name) return &backend;
    }
    return nullptr;
  }
};

Registry& registry() {
  // Never destroyed: threads may run while the process exits.
  static Registry& instance = *new Registry;
  return instance;
}

}  // namespace

void register_map_backend(MapBackend backend) {
  Registry& all = registry();
  const std::lock_guard lock(all.mutex);
  if (backend.name.empty()) throw ConfigError("midden: a map backend needs a name");
  if (backend.name == containers::automatic) throw ConfigError("midden: a map backend cannot have the name 'auto'");
  if (backend.ops == nullptr) throw ConfigError("midden: map backend '" + backend.name + "' has no operations");
  if (all.find(backend.name) != nullptr) {
    throw ConfigError("midden: a map backend of the name '" + backend.name + "' is already there");
  }
  all.backends.push_back(std::move(backend));
}

const MapBackend* find_map_backend(std::string_view name) {
  Registry& all = registry();
  const std::lock_guard lock(all.mutex);
  return all.find(name);
}

std::vector<std::string> map_backend_names() {
  Registry& all = registry();
  const std::lock_guard lock(all.mutex);
  std::vector<std::string> names;
  for (const MapBackend& backend : all.backends) names.push_back(backend.name);
  return names;
}

}  // namespace midden::inline MIDDEN_ABI
