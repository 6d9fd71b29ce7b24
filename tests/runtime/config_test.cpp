// Settings: every variable, good and bad, and what is never ignored.

#include <midden/config.hpp>

#include <chrono>
#include <cstdlib>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include <midden/error.hpp>
#include <midden/runtime.hpp>

#include "tests/support/catch.hpp"

extern char** environ;  // NOLINT

using midden::Config;
using midden::parse_bytes;
using midden::resolve;

namespace {

using Settings = std::vector<std::pair<std::string, std::string>>;

// Sets variables while it lives, and hides the MIDDEN_ ones that the test program was started with.
class Variables {
 public:
  Variables() : Variables(Settings()) {}
  explicit Variables(const Settings& set) {
    std::vector<std::string> names;
    for (char** entry = ::environ; *entry != nullptr; ++entry) {
      const std::string text(*entry);
      if (!text.starts_with("MIDDEN_")) continue;
      names.push_back(text.substr(0, text.find('=')));
      before_.emplace_back(names.back(), text.substr(text.find('=') + 1));
    }
    for (const std::string& name : names) ::unsetenv(name.c_str());
    for (const auto& [name, value] : set) {
      ::setenv(name.c_str(), value.c_str(), 1);
      set_.push_back(name);
    }
  }
  ~Variables() {
    for (const std::string& name : set_) ::unsetenv(name.c_str());
    for (const auto& [name, value] : before_) ::setenv(name.c_str(), value.c_str(), 1);
  }
  Variables(const Variables&) = delete;
  Variables& operator=(const Variables&) = delete;

 private:
  std::vector<std::string> set_;
  Settings before_;
};

Config with(const std::string& name, const std::string& value, Config config = {}) {
  const Variables variables(Settings{{name, value}});
  return resolve(std::move(config));
}

// What the ConfigError says, or nothing.
std::string refusal_of(const std::string& name, const std::string& value) {
  try {
    static_cast<void>(with(name, value));
  } catch (const midden::ConfigError& error) {
    return error.what();
  }
  return {};
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

constexpr std::size_t mib = std::size_t{1} << 20;

}  // namespace

TEST_CASE("Bytes are a number and perhaps one of three suffixes") {
  CHECK(parse_bytes("0") == 0U);
  CHECK(parse_bytes("4096") == 4096U);
  CHECK(parse_bytes("1KiB") == 1024U);
  CHECK(parse_bytes("64MiB") == 64 * mib);
  CHECK(parse_bytes("3GiB") == 3072 * mib);
  CHECK(parse_bytes("18446744073709551615") == std::numeric_limits<std::size_t>::max());
  CHECK(parse_bytes("17179869183GiB") == std::size_t{17179869183} << 30);
  for (const char* text : {"", "MiB", " 1", "1 ", "1 MiB", "1MB", "1mib", "1M", "1TiB", "-1", "+1", "0x10", "1.5GiB",
                           "18446744073709551616", "17179869184GiB", "1MiBMiB", "1KiB "}) {
    CAPTURE(text);
    CHECK_FALSE(parse_bytes(text).has_value());
  }
}

TEST_CASE("Without variables the configuration stays as it was given") {
  const Variables none;
  Config config;
  config.name = std::string("given");
  config.gc_percent = 33;
  config.memory_limit = 5 * mib;
  config.stress.root = 4;
  const Config settled = resolve(config);
  CHECK(settled.name == "given");
  CHECK(settled.gc_percent == 33U);
  CHECK(settled.memory_limit == 5 * mib);
  CHECK(settled.stress.root == 4);
  CHECK_FALSE(settled.gctrace);
  CHECK_FALSE(settled.check);
}

TEST_CASE("Each variable overrides its setting") {
  CHECK(with("MIDDEN_MAP", "skiplist").map == "skiplist");
  CHECK(with("MIDDEN_GC_PERCENT", "50").gc_percent == 50U);
  CHECK(with("MIDDEN_GC_PERCENT", "0").gc_percent == 0U);
  CHECK_FALSE(with("MIDDEN_GC_PERCENT", "off").gc_percent.has_value());
  CHECK(with("MIDDEN_MEMORY_LIMIT", "512MiB").memory_limit == 512 * mib);
  CHECK(with("MIDDEN_MEMORY_LIMIT", "0").memory_limit == 0);
  CHECK(with("MIDDEN_HEAP_MAX", "2GiB").heap_max == 2048 * mib);
  CHECK(with("MIDDEN_WORKERS", "3").workers == 3);
  CHECK(with("MIDDEN_WORKERS", "0").workers == 0);
  CHECK(with("MIDDEN_HUGE_PAGES", "1").huge_pages);
  CHECK(with("MIDDEN_GCTRACE", "1").gctrace);
  CHECK(with("MIDDEN_CHECK", "1").check);
  CHECK(with("MIDDEN_AUDIT_ROOTS", "1").audit_roots);
  CHECK(with("MIDDEN_STOP_WARN", "250").stop_warn == std::chrono::milliseconds(250));
  CHECK(with("MIDDEN_STOP_WARN", "0").stop_warn == std::chrono::milliseconds(0));
  CHECK(with("MIDDEN_STOP_WARN", "3600000").stop_warn == std::chrono::hours(1));
  CHECK(with("MIDDEN_SNAPSHOT_WARN", "0").snapshot_warn == std::chrono::milliseconds(0));
  CHECK(with("MIDDEN_SNAPSHOT_WARN", "86400000").snapshot_warn == std::chrono::hours(24));
  CHECK(with("MIDDEN_SEED", "18446744073709551615").seed == std::numeric_limits<std::uint64_t>::max());
  Config on;
  on.gctrace = on.check = true;
  CHECK_FALSE(with("MIDDEN_GCTRACE", "0", on).gctrace);
  CHECK_FALSE(with("MIDDEN_CHECK", "0", on).check);
}

TEST_CASE("MIDDEN_STRESS sets any of its kinds, and replaces the setting as a whole") {
  const Config all = with("MIDDEN_STRESS", "root:3,alloc:1,safepoint:20,refuse:7,resize:4,rebuild:6,grace:5");
  CHECK(all.stress ==
        midden::Stress{.alloc = 1, .safepoint = 20, .root = 3, .resize = 4, .grace = 5, .rebuild = 6, .refuse = 7});
  CHECK(all.stress.any());
  CHECK_FALSE(Config().stress.any());
  Config given;
  given.stress.root = 9;
  const Config replaced = with("MIDDEN_STRESS", "alloc:2", given);
  CHECK(replaced.stress.alloc == 2);
  CHECK(replaced.stress.root == 0);
}

TEST_CASE("A value that cannot be read is refused by variable, value and what is accepted") {
  const std::vector<std::pair<std::string, std::vector<std::string>>> bad{
      {"MIDDEN_MAP", {""}},
      {"MIDDEN_GC_PERCENT", {"", "of", "OFF", "-1", "100%", "1e2", "4294967296", " 100"}},
      {"MIDDEN_MEMORY_LIMIT", {"", "lots", "-1", "1MB", "64 MiB"}},
      {"MIDDEN_HEAP_MAX", {"", "off", "1.5GiB"}},
      {"MIDDEN_WORKERS", {"", "two", "-1", "1.5", "2 ", "65", "4294967296"}},
      {"MIDDEN_HUGE_PAGES", {"", "2", "on", "true", "01"}},
      {"MIDDEN_GCTRACE", {"", "2", "yes", "true", "01"}},
      {"MIDDEN_CHECK", {"", "on", "-1"}},
      {"MIDDEN_AUDIT_ROOTS", {"", "yes", "2"}},
      {"MIDDEN_STRESS",
       {"", "alloc", "alloc:", "alloc:0", "alloc:-1", "alloc:1,", ",alloc:1", "alloc:1,,root:1", "alloc:1;root:1",
        "alloc:1 ", "resizes:1", "alloc=1", "alloc:4294967296"}},
      {"MIDDEN_STOP_WARN", {"", "off", "10ms", "1.5", "-1", "3600001", "4294967296"}},
      {"MIDDEN_SEED", {"", "0x10", "seed", "-1", "18446744073709551616"}},
  };
  for (const auto& [name, values] : bad) {
    for (const std::string& value : values) {
      CAPTURE(name);
      CAPTURE(value);
      const std::string said = refusal_of(name, value);
      CAPTURE(said);
      std::string setting = name;
      setting.append("=").append(value);
      CHECK(has(said, setting));
      CHECK(has(said, "accepted"));
    }
  }
}

TEST_CASE("A limit that is too small to work with is refused by name") {
  CHECK(has(refusal_of("MIDDEN_HEAP_MAX", "1023KiB"), "MIDDEN_HEAP_MAX"));
  CHECK(has(refusal_of("MIDDEN_MEMORY_LIMIT", "1"), "MIDDEN_MEMORY_LIMIT"));
  CHECK(refusal_of("MIDDEN_HEAP_MAX", "1MiB").empty());
  const Variables none;
  Config config;
  config.heap_max = 1;
  CHECK_THROWS_AS(resolve(config), midden::ConfigError);
  config.heap_max = 0;
  config.workers = 65;
  CHECK_THROWS_AS(resolve(config), midden::ConfigError);
  config.workers = 64;
  CHECK_NOTHROW(resolve(config));
  for (const std::chrono::milliseconds bad : {std::chrono::milliseconds(-1), std::chrono::milliseconds(3'600'001)}) {
    config.stop_warn = bad;
    CHECK_THROWS_AS(resolve(config), midden::ConfigError);
  }
  config.stop_warn = std::chrono::milliseconds(0);
  for (const std::chrono::milliseconds bad : {std::chrono::milliseconds(-1), std::chrono::milliseconds(86'400'001)}) {
    config.snapshot_warn = bad;
    CHECK_THROWS_AS(resolve(config), midden::ConfigError);
  }
  config.snapshot_warn = std::chrono::milliseconds(0);
  config.map.clear();
  CHECK_THROWS_AS(resolve(config), midden::ConfigError);
}

TEST_CASE("A variable that is unknown, misspelt or of another version is refused") {
  for (const char* name : {"MIDDEN_GC_PERCENTAGE", "MIDDEN_", "MIDDEN_gctrace", "MIDDEN_MAPS"}) {
    CAPTURE(name);
    CHECK(has(refusal_of(name, "1"), std::string(name).append("=1: no such setting")));
  }
  for (const char* name : {"MIDDEN_TRACE", "MIDDEN_HEAP_PROFILE", "MIDDEN_METRICS"}) {
    CAPTURE(name);
    CHECK(has(refusal_of(name, "1"), "this version of Midden does not have"));
  }
  CHECK(refusal_of("MIDDEN_TEST_ANYTHING", "1").empty());
  CHECK(refusal_of("MIDDENMAP", "1").empty());
}

TEST_CASE("The environment can be ignored") {
  const Variables variables(
      Settings{{"MIDDEN_GC_PERCENT", "nonsense"}, {"MIDDEN_UNKNOWN", "1"}, {"MIDDEN_CHECK", "1"}});
  Config config;
  config.environment = midden::Environment::ignore;
  CHECK_FALSE(resolve(config).check);
  CHECK_THROWS_AS(resolve(Config{}), midden::ConfigError);
}

TEST_CASE("A Runtime reads the environment, and does not begin where it cannot") {
  {
    const Variables variables(Settings{{"MIDDEN_SEED", "77"}, {"MIDDEN_HEAP_MAX", "64MiB"}});
    const midden::Runtime runtime;
    CHECK(runtime.seed() == 77);
    CHECK(runtime.config().heap_max == 64 * mib);
  }
  const Variables wrong(Settings{{"MIDDEN_GCTRACE", "loud"}});
  CHECK_THROWS_AS(midden::Runtime(), midden::ConfigError);
  CHECK_THROWS_AS(midden::Runtime(), midden::Error);
  CHECK_THROWS_AS(midden::Runtime(), std::runtime_error);
}
