// refuse: inherits its base's midden_refs
// That it adds no references does not undo those of its base.
#include <midden/midden.hpp>

struct Node {
  midden::Ref<Node> next;
  static constexpr auto midden_refs = midden::refs<Node>(&Node::next);
};
struct Counted : Node {
  long count = 0;
  static constexpr midden::Leaf midden_leaf{};
};

void f() { midden::make<Counted>(); }
