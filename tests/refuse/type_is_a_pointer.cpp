// refuse: use midden::Ref<T>
// An array of raw pointers would hide objects from the collector.
#include <midden/array.hpp>
#include <midden/midden.hpp>

struct Point {
  static constexpr midden::Leaf midden_leaf{};
};

void f() { midden::make_array<Point*>(3); }
