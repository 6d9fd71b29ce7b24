// refuse: Specialise midden::KeyCodec
// 0.0 and -0.0 are equal and have different bytes.
#include <midden/map.hpp>

void f() { midden::make_map<double, int>(); }
