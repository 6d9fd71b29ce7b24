// refuse: not several
// A list and a leaf contradict each other.
#include <midden/midden.hpp>

struct Node {
  midden::Ref<Node> next;
  static constexpr auto midden_refs = midden::refs<Node>(&Node::next);
  static constexpr midden::Leaf midden_leaf{};
};

void f() { midden::make<Node>(); }
