// Boost's open-addressing map.

#include <fmt/format.h>
#include <boost/unordered/unordered_flat_map.hpp>
#include <boost/version.hpp>
#include <string>

#include "tools/bench/peers/plain_map.hpp"

namespace bench {

std::vector<MapPeer> boost_maps() {
  const std::string version = fmt::format("{}.{}", BOOST_VERSION / 100'000, BOOST_VERSION / 100 % 1000);
  return {plain_peer<boost::unordered_flat_map<std::string, std::int64_t>,
                     boost::unordered_flat_map<std::uint64_t, std::int64_t>>("boost_flat", "boost", version)};
}

}  // namespace bench
