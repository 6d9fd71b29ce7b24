// refuse: a struct that lists its references by midden_refs
// Nobody could tell where its reference is.
#include <midden/map.hpp>
#include <midden/string.hpp>

struct Session {
  midden::Ref<midden::String> user;
};

void f() { midden::make_map<int, Session>(); }
