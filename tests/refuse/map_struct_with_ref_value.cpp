// refuse: An object with references or owned memory is a heap object of its own
// A value is copied as bytes, and a Ref is not.
#include <midden/map.hpp>
#include <midden/string.hpp>

struct Session {
  midden::Ref<midden::String> user;
  static constexpr auto midden_refs = midden::refs<Session>(&Session::user);
};

void f() { midden::make_map<int, Session>(); }
