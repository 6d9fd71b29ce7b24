// accept
#include <string>

#include <midden/midden.hpp>

struct User {
  std::string name;
  midden::Ref<User> next;
  static constexpr auto midden_refs = midden::refs<User>(&User::next);
  static constexpr midden::Destructor midden_destructor{};
};

void f() { midden::make<User>(); }
