// refuse: inherits its base's midden_refs
// The base's list knows nothing of what the derived class adds.
#include <midden/midden.hpp>

struct Node {
  midden::Ref<Node> next;
  static constexpr auto midden_refs = midden::refs<Node>(&Node::next);
};
struct Named : Node {
  midden::Ref<Node> name;
};

void f() { midden::make<Named>(); }
