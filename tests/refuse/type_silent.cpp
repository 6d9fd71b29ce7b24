// refuse: this type does not say what it refers to
// Nothing is guessed: neither that a class has no references nor where they are.
#include <midden/midden.hpp>

struct Node {
  midden::Ref<Node> next;
};

void f() { midden::make<Node>(); }
