// What the environment says: each line of the input is the rest of a variable behind MIDDEN_. It is understood, and
// then in its bounds, or refused with a ConfigError that names the variable. Bytes with suffixes, too.

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

#include <midden/config.hpp>
#include <midden/error.hpp>

#include "tools/stress/failure.hpp"

namespace {

using stress::must;

// Sets a variable while it lives; nothing where the text is none that an environment can have.
class Variable {
 public:
  explicit Variable(std::string_view line) {
    const std::size_t equals = line.find('=');
    if (equals == std::string_view::npos || line.find('\0') != std::string_view::npos) return;
    name_ = "MIDDEN_" + std::string(line.substr(0, equals));
    ::setenv(name_.c_str(), std::string(line.substr(equals + 1)).c_str(), 1);
  }
  ~Variable() {
    if (!name_.empty()) ::unsetenv(name_.c_str());
  }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;

  const std::string& name() const { return name_; }

 private:
  std::string name_;
};

bool within_bounds(const midden::Config& config) {
  const auto limit = [](std::size_t bytes) { return bytes == 0 || bytes >= std::size_t{1} << 20; };
  return config.workers <= 64 && limit(config.memory_limit) && limit(config.heap_max) && !config.map.empty() &&
         config.stop_warn <= std::chrono::hours(1) && config.stop_warn.count() >= 0 &&
         config.snapshot_warn <= std::chrono::hours(24) && config.snapshot_warn.count() >= 0;
}

void try_setting(std::string_view line) {
  const Variable variable(line);
  try {
    must(within_bounds(midden::resolve({})), "a setting was taken that is out of its bounds");
  } catch (const midden::ConfigError& error) {
    const std::string_view said(error.what());
    must(!variable.name().empty(), "an empty environment was refused");
    must(said.find(variable.name()) != std::string_view::npos, "a refusal does not name its variable");
  }
}

void try_bytes(std::string_view text) {
  const std::optional<std::size_t> bytes = midden::parse_bytes(text);
  if (!bytes) return;
  must(midden::parse_bytes(std::to_string(*bytes)) == bytes, "a number of bytes reads otherwise without its suffix");
  must(text.find_first_not_of("0123456789KMGiB") == std::string_view::npos, "a number of bytes was read from a text");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  std::string_view rest(reinterpret_cast<const char*>(bytes), size);
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    try_setting(line);
    try_bytes(line.substr(line.find('=') + 1));
  }
  return 0;
}
