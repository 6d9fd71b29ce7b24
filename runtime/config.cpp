// Reading the environment. Each variable is one row of a table: its name, how its text becomes a
// setting, and what to say is accepted.

#include <midden/config.hpp>

#include <sys/auxv.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdlib>
#include <limits>

#include <midden/error.hpp>

namespace midden::inline MIDDEN_ABI {

namespace {

constexpr std::uint32_t max_workers = 64;
constexpr std::chrono::milliseconds max_stop_warn = std::chrono::hours(1);
constexpr std::chrono::milliseconds max_snapshot_warn = std::chrono::hours(24);

template <class Number>
std::optional<Number> parse_number(std::string_view text) {
  Number value{};
  const char* const end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, value);
  if (text.empty() || error != std::errc() || stopped != end) return std::nullopt;
  return value;
}

bool read_percent(Config& config, std::string_view text) {
  if (text == "off") {
    config.gc_percent.reset();
    return true;
  }
  config.gc_percent = parse_number<std::uint32_t>(text);
  return config.gc_percent.has_value();
}

template <std::size_t Config::*field>
bool read_size(Config& config, std::string_view text) {
  const std::optional<std::size_t> bytes = parse_bytes(text);
  if (bytes) config.*field = *bytes;
  return bytes.has_value();
}

template <bool Config::*field>
bool read_switch(Config& config, std::string_view text) {
  if (text != "0" && text != "1") return false;
  config.*field = text == "1";
  return true;
}

struct StressKind {
  std::string_view name;
  std::uint32_t Stress::*every;
};
constexpr std::array stress_kinds{
    StressKind{"alloc", &Stress::alloc},   StressKind{"safepoint", &Stress::safepoint},
    StressKind{"root", &Stress::root},     StressKind{"resize", &Stress::resize},
    StressKind{"grace", &Stress::grace},   StressKind{"rebuild", &Stress::rebuild},
    StressKind{"refuse", &Stress::refuse},
};

bool read_stress(Config& config, std::string_view text) {
  config.stress = {};
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::string_view part = text.substr(begin, text.find(',', begin) - begin);
    begin += part.size() + 1;
    const std::size_t colon = part.find(':');
    if (colon == std::string_view::npos) return false;
    const std::optional<std::uint32_t> every = parse_number<std::uint32_t>(part.substr(colon + 1));
    if (!every || *every == 0) return false;
    const auto kind = std::find_if(stress_kinds.begin(), stress_kinds.end(),
                                   [&](const auto& known) { return known.name == part.substr(0, colon); });
    if (kind == stress_kinds.end()) return false;
    config.stress.*kind->every = *every;
  }
  return true;
}

bool read_workers(Config& config, std::string_view text) {
  const std::optional<std::uint32_t> workers = parse_number<std::uint32_t>(text);
  if (workers) config.workers = *workers;
  return workers && *workers <= max_workers;
}

template <std::chrono::milliseconds Config::*limit>
bool read_milliseconds(Config& config, std::string_view text, std::chrono::milliseconds most) {
  const std::optional<std::uint32_t> number = parse_number<std::uint32_t>(text);
  if (number) config.*limit = std::chrono::milliseconds(*number);
  return number && config.*limit <= most;
}

bool read_stop_warn(Config& config, std::string_view text) {
  return read_milliseconds<&Config::stop_warn>(config, text, max_stop_warn);
}

bool read_snapshot_warn(Config& config, std::string_view text) {
  return read_milliseconds<&Config::snapshot_warn>(config, text, max_snapshot_warn);
}

bool read_seed(Config& config, std::string_view text) {
  const std::optional<std::uint64_t> seed = parse_number<std::uint64_t>(text);
  if (seed) config.seed = *seed;
  return seed.has_value();
}

bool read_map(Config& config, std::string_view text) {
  config.map = text;
  return !text.empty();
}

struct Variable {
  std::string_view name;
  bool (*read)(Config&, std::string_view);  // null: its feature is not in this version
  std::string_view accepted;
};

constexpr std::array variables{
    Variable{"MIDDEN_MAP", read_map, "the name of a map backend, or auto"},
    Variable{"MIDDEN_GC_PERCENT", read_percent, "a whole number, or off"},
    Variable{"MIDDEN_MEMORY_LIMIT", read_size<&Config::memory_limit>, "bytes, as 512MiB or 2GiB"},
    Variable{"MIDDEN_HEAP_MAX", read_size<&Config::heap_max>, "bytes, as 512MiB or 2GiB"},
    Variable{"MIDDEN_WORKERS", read_workers, "a whole number up to 64"},
    Variable{"MIDDEN_HUGE_PAGES", read_switch<&Config::huge_pages>, "0 or 1"},
    Variable{"MIDDEN_GCTRACE", read_switch<&Config::gctrace>, "0 or 1"},
    Variable{"MIDDEN_CHECK", read_switch<&Config::check>, "0 or 1"},
    Variable{
        "MIDDEN_STRESS", read_stress,
        "alloc:N, safepoint:N, root:N, resize:N, grace:N, rebuild:N and refuse:N with N at least 1, joined by commas"},
    Variable{"MIDDEN_STOP_WARN", read_stop_warn, "milliseconds, a whole number up to 3600000, or 0 for never"},
    Variable{"MIDDEN_SNAPSHOT_WARN", read_snapshot_warn, "milliseconds, a whole number up to 86400000, or 0 for never"},
    Variable{"MIDDEN_AUDIT_ROOTS", read_switch<&Config::audit_roots>, "0 or 1"},
    Variable{"MIDDEN_SEED", read_seed, "a whole number"},
    Variable{"MIDDEN_TRACE", nullptr, ""},
    Variable{"MIDDEN_HEAP_PROFILE", nullptr, ""},
    Variable{"MIDDEN_METRICS", nullptr, ""},
};

// The library's own tests; no setting of a Runtime.
constexpr std::string_view test_prefix = "MIDDEN_TEST_";

void apply(Config& config, std::string_view name, std::string_view value) {
  const auto complain = [&](const std::string& what) {
    throw ConfigError("midden: " + std::string(name) + "=" + std::string(value) + ": " + what);
  };
  for (const Variable& variable : variables) {
    if (variable.name != name) continue;
    if (variable.read == nullptr) complain("this version of Midden does not have what it asks for");
    if (!variable.read(config, value)) complain("not understood; accepted: " + std::string(variable.accepted));
    return;
  }
  complain("no such setting; variables that begin with MIDDEN_ are Midden's");
}

void validate(const Config& config) {
  const auto complain = [](const std::string& what) { throw ConfigError("midden: " + what); };
  if (config.map.empty()) complain("Config::map is empty; it names a map backend");
  if (config.workers > max_workers) {
    complain("Config::workers is " + std::to_string(config.workers) + "; at most " + std::to_string(max_workers));
  }
  if (config.stop_warn.count() < 0 || config.stop_warn > max_stop_warn) {
    complain("Config::stop_warn is " + std::to_string(config.stop_warn.count()) + " ms; from 0 to 3600000");
  }
  if (config.snapshot_warn.count() < 0 || config.snapshot_warn > max_snapshot_warn) {
    complain("Config::snapshot_warn is " + std::to_string(config.snapshot_warn.count()) + " ms; from 0 to 86400000");
  }
  constexpr std::size_t least = std::size_t{1} << 20;
  if (config.heap_max != 0 && config.heap_max < least) {
    complain("Config::heap_max (MIDDEN_HEAP_MAX) is " + std::to_string(config.heap_max) +
             " bytes; at least 1MiB, or 0 for none");
  }
  if (config.memory_limit != 0 && config.memory_limit < least) {
    complain("Config::memory_limit (MIDDEN_MEMORY_LIMIT) is " + std::to_string(config.memory_limit) +
             " bytes; at least 1MiB, or 0 for none");
  }
}

}  // namespace

std::optional<std::size_t> parse_bytes(std::string_view text) {
  unsigned shift = 0;
  for (const auto& [suffix, bits] : {std::pair<std::string_view, unsigned>{"KiB", 10U}, {"MiB", 20U}, {"GiB", 30U}}) {
    if (!text.ends_with(suffix)) continue;
    text.remove_suffix(suffix.size());
    shift = bits;
    break;
  }
  const std::optional<std::size_t> number = parse_number<std::size_t>(text);
  if (!number || *number > std::numeric_limits<std::size_t>::max() >> shift) return std::nullopt;
  return *number << shift;
}

Config resolve(Config config) {
  if (config.environment == Environment::read && ::getauxval(AT_SECURE) == 0) {
    for (char** entry = ::environ; entry != nullptr && *entry != nullptr; ++entry) {
      const std::string_view text(*entry);
      if (!text.starts_with("MIDDEN_") || text.starts_with(test_prefix)) continue;
      const std::size_t equals = text.find('=');
      if (equals == std::string_view::npos) continue;
      apply(config, text.substr(0, equals), text.substr(equals + 1));
    }
  }
  validate(config);
  return config;
}

}  // namespace midden::inline MIDDEN_ABI
