// refuse: has a destructor
// The collector never runs one, so the string's memory would be lost.
#include <string>

#include <midden/midden.hpp>

struct User {
  std::string name;
  static constexpr midden::Leaf midden_leaf{};
};

void f() { midden::make<User>(); }
