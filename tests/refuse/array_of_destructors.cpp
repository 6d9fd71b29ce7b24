// refuse: have no destructors
// An element has no death of its own that a cycle could find.
#include <midden/midden.hpp>

struct User {
  ~User() {}
  static constexpr midden::Leaf midden_leaf{};
  static constexpr midden::Destructor midden_destructor{};
};

void f() { midden::make_array<User>(3); }
