// refuse: aligned to at most 4096
#include <midden/midden.hpp>

struct alignas(8192) Wide {
  static constexpr midden::Leaf midden_leaf{};
};

void f() { midden::make<Wide>(); }
