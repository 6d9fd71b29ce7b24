// No Abseil: it was not there when the program was configured.

#include "tools/bench/peers/maps.hpp"

namespace bench {

std::vector<MapPeer> absl_maps() { return {{"absl_btree", "abseil", {}}, {"absl_flat", "abseil", {}}}; }

}  // namespace bench
