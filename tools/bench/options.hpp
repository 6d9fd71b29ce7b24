#pragma once
// What the cases' options have in common: their checks, whose messages name the culprit.

#include <CLI/CLI.hpp>
#include <cstdint>
#include <functional>

#include "tools/bench/output.hpp"

namespace bench {

// A case: its command and what that does.
struct Case {
  CLI::App* command;
  std::function<void(Output&)> run;
};

// A whole number from `least` to `most`, and nothing else.
CLI::Validator whole_number(std::uint64_t least, std::uint64_t most);

}  // namespace bench
