// refuse: Specialise midden::KeyCodec
// Two equal keys of this type may differ in the byte between the fields.
#include <midden/map.hpp>

struct Padded {
  char first;
  short second;
};

void f() { midden::make_map<Padded, int>(); }
