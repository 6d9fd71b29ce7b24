#include "tools/bench/options.hpp"

#include <fmt/format.h>

#include <charconv>
#include <string>
#include <system_error>

namespace bench {

CLI::Validator whole_number(std::uint64_t least, std::uint64_t most) {
  const auto check = [least, most](const std::string& text) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool good = error == std::errc() && end == text.data() + text.size() && value >= least && value <= most;
    return good ? std::string() : fmt::format("\"{}\" is not a whole number from {} to {}", text, least, most);
  };
  return CLI::Validator(check, fmt::format("{}..{}", least, most));
}

}  // namespace bench
