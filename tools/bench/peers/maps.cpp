#include "tools/bench/peers/maps.hpp"

namespace bench {

std::vector<MapPeer> map_peers() {
  std::vector<MapPeer> all;
  for (const auto& of_library : {std_maps(), absl_maps(), boost_maps(), tbb_maps()}) {
    all.insert(all.end(), of_library.begin(), of_library.end());
  }
  return all;
}

std::string map_library_versions() {
  std::string all;
  for (const auto& of_library : {absl_maps(), boost_maps(), tbb_maps()}) {
    const MapPeer& any = of_library.front();
    if (!any.present()) continue;
    all.append(all.empty() ? "" : ", ").append(any.library).append(" ").append(any.version);
  }
  return all;
}

std::string missing_map_note(std::string_view subject) {
  for (const MapPeer& peer : map_peers()) {
    if (peer.name == subject && !peer.present()) {
      return std::string(peer.library) + " is missing: this program was built without it.\n";
    }
  }
  return {};
}

}  // namespace bench
