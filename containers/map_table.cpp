#include "containers/map_table.hpp"

#include <string>
#include <utility>

#include <midden/error.hpp>

namespace midden::inline MIDDEN_ABI::containers {

void require_whole(const MapBackend& backend, const MapOps& ops, bool ordered, bool concurrent) {
  const std::string where = concurrent ? " in its concurrent table" : "";
  if (ops.version != map_ops_version) {
    throw ConfigError("midden: map backend '" + backend.name + "' was built for version " +
                      std::to_string(ops.version) + " of the interface" + where + "; this is version " +
                      std::to_string(map_ops_version));
  }
  const std::pair<const char*, bool> needed[] = {
      {"create", ops.create != nullptr},
      {"size", ops.size != nullptr},
      {"find", ops.find != nullptr || concurrent},
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
      {"visit", ops.visit != nullptr || !concurrent},
      {"replace", ops.replace != nullptr || !concurrent},
      {"erase_if", ops.erase_if != nullptr || !concurrent},
      {"snapshot", ops.snapshot != nullptr || !concurrent},
  };
  for (const auto& [name, there] : needed) {
    if (!there) throw ConfigError("midden: map backend '" + backend.name + "' has no operation '" + name + "'" + where);
  }
}

}  // namespace midden::inline MIDDEN_ABI::containers
