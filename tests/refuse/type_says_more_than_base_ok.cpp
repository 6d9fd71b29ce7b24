// accept
// What a class says itself counts, and not what its bases say.
#include <midden/array.hpp>
#include <midden/midden.hpp>
#include <midden/slice.hpp>

struct Point {
  double x = 0, y = 0;
  static constexpr midden::Leaf midden_leaf{};
};
struct Node {
  midden::Ref<Node> next;
  static constexpr auto midden_refs = midden::refs<Node>(&Node::next);
};
struct Value {
  unsigned long bits = 0;
  static void midden_trace(const Value&, midden::Tracer&) {}
};

struct Place : Point {
  midden::Ref<Node> node;
  static constexpr auto midden_refs = midden::refs<Place>(&Place::node);
};
struct Word : Node {
  unsigned long bits = 0;
  static void midden_trace(const Word& self, midden::Tracer& tracer) { tracer.edge(self.next); }
};
struct Listed : Value {
  midden::Ref<Node> node;
  static constexpr auto midden_refs = midden::refs<Listed>(&Listed::node);
};
struct Fixed {
  const midden::Ref<Node> first;
  const midden::Ref<Node> others[2];
  static constexpr auto midden_refs = midden::refs<Fixed>(&Fixed::first, &Fixed::others);
};

void f() {
  midden::make<Place>();
  midden::make<Word>();
  midden::make<Listed>();
  midden::make<Fixed>();
  midden::make_array<Place>(3);
  midden::make_array<Listed>(3);
  midden::make_slice<Listed>();
}
