// refuse: use midden::Ref<T> as the value
// A raw pointer in a map would hide an object from the collector.
#include <midden/map.hpp>

struct Node {
  static constexpr midden::Leaf midden_leaf{};
};

void f() { midden::make_map<int, Node*>(); }
