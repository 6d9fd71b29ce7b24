#include "tools/bench/map_options.hpp"

#include <fmt/format.h>

#include <algorithm>

#include <midden/map_backend.hpp>

namespace bench {

namespace {

std::string all_backends() {
  std::string all;
  for (const std::string& name : midden::map_backend_names()) all += (all.empty() ? "" : ", ") + name;
  return all;
}

std::string check_backend(const std::string& name) {
  if (midden::find_map_backend(name) != nullptr) return {};
  return fmt::format("there is no backend \"{}\"; there are: {}", name, all_backends());
}

std::string check_keys(const std::string& style) {
  if (style == "string" || style == "uuid" || style == "mixed") return {};
  return fmt::format("\"{}\" is no style of keys; there are: string, uuid, mixed", style);
}

}  // namespace

std::vector<std::string> MapChoice::chosen() const {
  for (auto at = backends.begin(); at != backends.end(); ++at) {
    if (std::find(backends.begin(), at, *at) != at) {
      throw UsageError(fmt::format("--backend {} was given twice", *at));
    }
  }
  return backends.empty() ? midden::map_backend_names() : backends;
}

KeyStyle MapChoice::style() const {
  return keys == "uuid" ? KeyStyle::uuid : keys == "mixed" ? KeyStyle::mixed : KeyStyle::string;
}

void add_backends(CLI::App& command, MapChoice& choice) {
  command
      .add_option("--backend", choice.backends,
                  "Backends, in this order, whatever MIDDEN_MAP says; all there are: " + all_backends())
      ->check(CLI::Validator(check_backend, ""))
      ->type_name("NAME");
}

void add_map_choice(CLI::App& command, MapChoice& choice) {
  add_backends(command, choice);
  command.add_option("--keys", choice.keys, "string: key:%012d, uuid: UUIDs as text, mixed: 8 to 40 random bytes")
      ->check(CLI::Validator(check_keys, ""))
      ->type_name("STYLE")
      ->capture_default_str();
}

void add_entries(CLI::App& command, const std::string& name, std::size_t& entries, const std::string& text) {
  add_number(command, name, entries, 1, 1'000'000'000, text);
}

}  // namespace bench
