// refuse: v0
// Names of another layout version do not exist.
#include <midden/build.hpp>

static_assert(midden::v0::mark_colours > 0);
