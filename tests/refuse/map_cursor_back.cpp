// refuse: --cursor
// Only an OrderedMap has a way back: whether it works may not depend on MIDDEN_MAP.
#include <midden/map.hpp>

void f(midden::Map<int, int>& map) {
  auto cursor = map.begin();
  --cursor;
}
