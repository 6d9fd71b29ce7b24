// No oneTBB: it was not there when the program was configured.

#include "tools/bench/peers/maps.hpp"

namespace bench {

std::vector<MapPeer> tbb_maps() { return {{"tbb_map", "onetbb", {}}, {"tbb_hash", "onetbb", {}}}; }

}  // namespace bench
