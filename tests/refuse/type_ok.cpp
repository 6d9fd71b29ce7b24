// accept
#include <array>

#include <midden/array.hpp>
#include <midden/midden.hpp>

struct Node {
  midden::Ref<Node> next;
  std::array<midden::Ref<midden::String>, 2> names;
  static constexpr auto midden_refs = midden::refs<Node>(&Node::next, &Node::names);
};
struct Named : Node {
  Node inner;
  static constexpr auto midden_refs = midden::refs<Named>(midden::base<Node>, &Named::inner);
};
struct alignas(4096) Value {
  unsigned long bits = 0;
  static void midden_trace(const Value& self, midden::Tracer& tracer) noexcept {
    if (self.bits % 2 == 0) tracer.object(reinterpret_cast<const void*>(self.bits));
  }
};
struct Point {
  double x, y;
  static constexpr midden::Leaf midden_leaf{};
};

void f(midden::Attach& here) {
  midden::Root<Node> node = midden::make<Named>(here);
  node->next = midden::make<Named>();
  midden::make<Value>();
  midden::make<Point>(1.0, 2.0);
  midden::make_array<Point>(3);
  midden::make_array<midden::Ref<Node>>(3);
}
