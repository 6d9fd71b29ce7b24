#pragma once
// The cases of midden-bench. Each function adds its command to the program.

#include "tools/bench/options.hpp"

namespace bench {

Case pauses_case(CLI::App& app);
Case scaling_case(CLI::App& app);
Case space_case(CLI::App& app);
Case trees_case(CLI::App& app);

}  // namespace bench
