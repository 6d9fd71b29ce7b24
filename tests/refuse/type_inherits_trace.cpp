// refuse: inherits its base's midden_trace
// The base's scan function knows nothing of what the derived class adds.
#include <midden/midden.hpp>

struct Value {
  midden::Ref<Value> next;
  static void midden_trace(const Value& self, midden::Tracer& tracer) { tracer.edge(self.next); }
};
struct Named : Value {
  midden::Ref<Value> name;
};

void f() { midden::make<Named>(); }
