// refuse: neither a Ref, nor an array of Refs
// A word that may be a reference or not takes a scan function.
#include <midden/midden.hpp>

struct Value {
  unsigned long bits;
  static constexpr auto midden_refs = midden::refs<Value>(&Value::bits);
};

void f() { midden::make<Value>(); }
