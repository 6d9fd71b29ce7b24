// refuse: not several
// A list and a scan function of one class may contradict each other.
#include <midden/midden.hpp>

struct Node {
  midden::Ref<Node> next;
  static constexpr auto midden_refs = midden::refs<Node>(&Node::next);
  static void midden_trace(const Node& self, midden::Tracer& tracer) { tracer.edge(self.next); }
};

void f() { midden::make<Node>(); }
