// accept
#include <midden/build.hpp>

static_assert(midden::mark_colours == midden::MIDDEN_ABI::mark_colours);
