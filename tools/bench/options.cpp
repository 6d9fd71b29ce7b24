#include "tools/bench/options.hpp"

#include <fmt/format.h>

#include <charconv>
#include <string>
#include <system_error>

namespace bench {

void add_number(CLI::App& command, const std::string& name, std::size_t& number, std::uint64_t least,
                std::uint64_t most, const std::string& text) {
  const auto check = [least, most](const std::string& given) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(given.data(), given.data() + given.size(), value);
    const bool good = error == std::errc() && end == given.data() + given.size() && value >= least && value <= most;
    return good ? std::string() : fmt::format("\"{}\" is not a whole number from {} to {}", given, least, most);
  };
  command.add_option(name, number, fmt::format("{}, {} to {}", text, least, most))
      ->check(CLI::Validator(check, ""))
      ->type_name("N")
      ->capture_default_str();
}

}  // namespace bench
