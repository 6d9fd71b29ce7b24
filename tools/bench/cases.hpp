#pragma once
// The cases of midden-bench. Each function adds its command to the program.

#include "tools/bench/options.hpp"

namespace bench {

Case trees_case(CLI::App& app);

}  // namespace bench
