// The standard library's maps.

#include <map>
#include <string>
#include <unordered_map>

#include "tools/bench/peers/plain_map.hpp"

namespace bench {

std::vector<MapPeer> std_maps() {
  constexpr std::string_view library = "libstdc++";
  return {
      plain_peer<std::map<std::string, std::int64_t, std::less<>>, std::map<std::uint64_t, std::int64_t, std::less<>>>(
          "std_map", library, {}),
      plain_peer<std::unordered_map<std::string, std::int64_t>, std::unordered_map<std::uint64_t, std::int64_t>>(
          "std_unordered", library, {})};
}

}  // namespace bench
