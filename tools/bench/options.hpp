#pragma once
// What the cases' options have in common: their checks, whose messages name the culprit.

#include <CLI/CLI.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "tools/bench/output.hpp"

namespace bench {

// A case: its command and what that does.
struct Case {
  CLI::App* command;
  std::function<void(Output&)> run;
};

// Adds an option that is a whole number from `least` to `most`.
void add_number(CLI::App& command, const std::string& name, std::size_t& number, std::uint64_t least,
                std::uint64_t most, const std::string& text);

// Adds an option that is one such number or more, with commas between them.
void add_numbers(CLI::App& command, const std::string& name, std::vector<std::size_t>& numbers, std::uint64_t least,
                 std::uint64_t most, const std::string& text);

// Throws UsageError where a number is there twice.
void refuse_twice(const std::string& name, const std::vector<std::size_t>& numbers);

// Adds an option that is a time from a millisecond to an hour, in seconds.
void add_seconds(CLI::App& command, const std::string& name, double& seconds, const std::string& text);

// Adds an option that is a size from `least` to `most` bytes: a whole number, or one with KiB,
// MiB or GiB.
void add_bytes(CLI::App& command, const std::string& name, std::size_t& bytes, std::size_t least, std::size_t most,
               const std::string& text);

// Adds an option that is one of these words. `noun`: what they are, for messages.
void add_choice(CLI::App& command, const std::string& name, std::string& choice, const std::string& noun,
                const std::vector<std::string>& choices, const std::string& text);

}  // namespace bench
