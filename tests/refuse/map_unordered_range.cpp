// refuse: lower_bound
// Only an OrderedMap has an order to look things up by.
#include <midden/map.hpp>

void f(midden::Map<int, int>& map) { map.lower_bound(1); }
