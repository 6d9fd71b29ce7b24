// refuse: a reference cannot be the key of a map
// A Ref as a key would compare by address, and hide in backends that keep keys as bytes.
#include <midden/map.hpp>

struct Node {
  midden::Ref<Node> next;
  static constexpr auto midden_refs = midden::refs<Node>(&Node::next);
};

void f() { midden::make_map<midden::Ref<Node>, int>(); }
