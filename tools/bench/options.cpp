#include "tools/bench/options.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <optional>
#include <string>
#include <system_error>

#include <midden/config.hpp>

namespace bench {

namespace {

std::string size_text(std::size_t bytes) {
  const char* const units[] = {"", "KiB", "MiB", "GiB"};
  unsigned unit = 0;
  for (; unit < 3 && bytes != 0 && bytes % 1024 == 0; ++unit) bytes /= 1024;
  return fmt::format("{}{}", bytes, units[unit]);
}

CLI::Validator whole_number(std::uint64_t least, std::uint64_t most) {
  const auto check = [least, most](const std::string& given) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(given.data(), given.data() + given.size(), value);
    const bool good = error == std::errc() && end == given.data() + given.size() && value >= least && value <= most;
    return good ? std::string() : fmt::format("\"{}\" is not a whole number from {} to {}", given, least, most);
  };
  return {check, ""};
}

}  // namespace

void add_number(CLI::App& command, const std::string& name, std::size_t& number, std::uint64_t least,
                std::uint64_t most, const std::string& text) {
  command.add_option(name, number, fmt::format("{}, {} to {}", text, least, most))
      ->check(whole_number(least, most))
      ->type_name("N")
      ->capture_default_str();
}

void add_numbers(CLI::App& command, const std::string& name, std::vector<std::size_t>& numbers, std::uint64_t least,
                 std::uint64_t most, const std::string& text) {
  command.add_option(name, numbers, fmt::format("{}, {} to {} each", text, least, most))
      ->delimiter(',')
      ->check(whole_number(least, most))
      ->type_name("N,...")
      ->capture_default_str();
}

void refuse_twice(const std::string& name, const std::vector<std::size_t>& numbers) {
  for (auto at = numbers.begin(); at != numbers.end(); ++at) {
    if (std::find(numbers.begin(), at, *at) != at) throw UsageError(fmt::format("{} has {} twice", name, *at));
  }
}

void add_seconds(CLI::App& command, const std::string& name, double& seconds, const std::string& text) {
  const auto check = [](const std::string& given) {
    double value = 0;
    const auto [end, error] = std::from_chars(given.data(), given.data() + given.size(), value);
    const bool good = error == std::errc() && end == given.data() + given.size() && value >= 0.001 && value <= 3600;
    return good ? std::string() : fmt::format("\"{}\" is not a number from 0.001 to 3600", given);
  };
  command.add_option(name, seconds, fmt::format("{}, 0.001 to 3600", text))
      ->check(CLI::Validator(check, ""))
      ->type_name("SECONDS")
      ->capture_default_str();
}

void add_bytes(CLI::App& command, const std::string& name, std::size_t& bytes, std::size_t least, std::size_t most,
               const std::string& text) {
  const std::string range = fmt::format("{} to {}", size_text(least), size_text(most));
  const auto plain = [least, most, range](std::string& given) {
    const std::optional<std::size_t> value = midden::parse_bytes(given);
    if (!value || *value < least || *value > most) {
      return fmt::format("\"{}\" is not a size from {}", given, range);
    }
    given = std::to_string(*value);
    return std::string();
  };
  command.add_option(name, bytes, fmt::format("{}, {}", text, range))
      ->transform(CLI::Validator(plain, ""))
      ->type_name("SIZE")
      ->default_str(size_text(bytes));
}

void add_choice(CLI::App& command, const std::string& name, std::string& choice, const std::string& noun,
                const std::vector<std::string>& choices, const std::string& text) {
  std::string all;
  for (const std::string& each : choices) all.append(all.empty() ? "" : ", ").append(each);
  const auto check = [=](const std::string& given) {
    if (std::find(choices.begin(), choices.end(), given) != choices.end()) return std::string();
    return "\"" + given + "\" is no " + noun + "; there are: " + all;
  };
  std::string type = noun;
  for (char& letter : type) letter = static_cast<char>(std::toupper(static_cast<unsigned char>(letter)));
  command.add_option(name, choice, text + all)
      ->check(CLI::Validator(check, ""))
      ->type_name(type)
      ->capture_default_str();
}

}  // namespace bench
