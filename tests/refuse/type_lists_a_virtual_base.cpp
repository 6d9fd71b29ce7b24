// refuse: names a virtual base
// The place of a virtual base is known at run time only.
#include <midden/midden.hpp>

struct Node {
  midden::Ref<Node> next;
  static constexpr auto midden_refs = midden::refs<Node>(&Node::next);
};
struct Named : virtual Node {
  midden::Ref<Node> name;
  static constexpr auto midden_refs = midden::refs<Named>(midden::base<Node>, &Named::name);
};

void f() { midden::make<Named>(); }
