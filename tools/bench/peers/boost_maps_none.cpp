// No Boost of 1.81 or newer: it was not there when the program was configured.

#include "tools/bench/peers/maps.hpp"

namespace bench {

std::vector<MapPeer> boost_maps() { return {{"boost_flat", "boost", {}}}; }

}  // namespace bench
