// Abseil's maps.

#include <absl/base/config.h>
#include <absl/container/btree_map.h>
#include <absl/container/flat_hash_map.h>
#include <fmt/format.h>

#include <string>

#include "tools/bench/peers/plain_map.hpp"

namespace bench {

std::vector<MapPeer> absl_maps() {
  constexpr std::string_view library = "abseil";
  const std::string version = fmt::format("{}.{}", ABSL_LTS_RELEASE_VERSION, ABSL_LTS_RELEASE_PATCH_LEVEL);
  return {plain_peer<absl::btree_map<std::string, std::int64_t>, absl::btree_map<std::uint64_t, std::int64_t>>(
              "absl_btree", library, version),
          plain_peer<absl::flat_hash_map<std::string, std::int64_t>, absl::flat_hash_map<std::uint64_t, std::int64_t>>(
              "absl_flat", library, version)};
}

}  // namespace bench
