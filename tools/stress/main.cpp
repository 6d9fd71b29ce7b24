// midden-stress: scenarios that use the heap at random and know what they must find there.
//
//   midden-stress [--seconds N | --operations N] [--threads T] [--seed S] [--scenario NAME]... [--backend B]...
//
// Scenarios take turns, each turn in a process of its own (trial.hpp). A turn is round after round: a fresh Runtime
// with a configuration at random, and some thousand operations. A failure is told with its seed and operation, what
// replays it, and, for scenarios of one thread, the shortest history that was found (shorten.hpp). The program ends
// with 1 then.
//
// Threads: one; those of the scenarios are in the other processes.

#include <fmt/format.h>

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <midden/fault.hpp>
#include <midden/map_backend.hpp>

#include "tools/stress/shorten.hpp"
#include "tools/stress/trial.hpp"

namespace {

using Clock = std::chrono::steady_clock;
using stress::Plan;
using stress::Scenario;
using stress::Trial;

constexpr std::size_t most_told = 200;                // operations of a history
constexpr std::uint64_t most_shortened = 10'000'000;  // of which one is looked for
constexpr double longest_turn = 60;                   // seconds
constexpr std::chrono::milliseconds longest_round{1500};

struct Options {
  double seconds = 60;
  std::uint64_t operations = 0;
  unsigned threads = 3;
  std::string seed;
  std::vector<std::string> scenarios;
  std::vector<std::string> backends;
  bool no_check = false;
  std::string defect;
  double shorten_seconds = 30;
  double patience_seconds = 120;
};

struct Score {
  const Scenario* scenario = nullptr;
  std::uint64_t rounds = 0;
  std::uint64_t operations = 0;
  double seconds = 0;
};

double since(Clock::time_point begin) { return std::chrono::duration<double>(Clock::now() - begin).count(); }

std::uint64_t read_seed(const std::string& text) {
  if (text.empty()) return (std::uint64_t{std::random_device()()} << 32) | std::random_device()();
  try {
    std::size_t used = 0;
    const std::uint64_t seed = std::stoull(text, &used, text.starts_with("0x") ? 16 : 10);
    if (used == text.size() && text.find('-') == std::string::npos) return seed;
  } catch (const std::exception&) {
  }
  throw CLI::ValidationError("--seed", fmt::format("'{}' is no number of 64 bits, decimal or with 0x", text));
}

std::vector<std::string> names_of(const std::vector<Scenario>& scenarios) {
  std::vector<std::string> names;
  for (const Scenario& scenario : scenarios) names.emplace_back(scenario.name);
  return names;
}

// What to type to see it again.
std::string replay_of(const Scenario& scenario, const Plan& plan, const Options& options) {
  std::string command;
  for (char** setting = environ; *setting != nullptr; ++setting) {
    if (std::string_view(*setting).starts_with("MIDDEN_")) command += fmt::format("{} ", *setting);
  }
  command += fmt::format("midden-stress --scenario {} --seed {:#x} --operations {}", scenario.name, plan.seed,
                         plan.operations);
  if (scenario.threads) command += fmt::format(" --threads {}", plan.threads);
  for (const std::string& backend : options.backends) command += " --backend " + backend;
  if (options.no_check) command += " --no-check";
  if (!options.defect.empty()) command += " --break " + options.defect;
  return command;
}

// Standard output is buffered: what cannot be written shows here.
void flush() {
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return;
  throw std::runtime_error(fmt::format("standard output is incomplete: {}", std::strerror(errno)));
}

void tell_shortest(const Scenario& scenario, Plan plan, const Options& options) {
  fmt::print("   looking for a shorter history, for {} s at most\n", options.shorten_seconds);
  const stress::Shortened found = stress::shortened(scenario, plan, options.shorten_seconds);
  if (found.only.empty()) {
    fmt::print("   it did not fail again: what happened depends on more than the seed\n");
    return;
  }
  fmt::print("   {} operations of {} are enough, found in {} trials", found.only.size(), plan.operations, found.trials);
  if (found.only.size() > most_told) {
    fmt::print("; too many to tell: --shorten gives it more time\n");
    return;
  }
  plan.only = found.only;
  plan.told = true;
  fmt::print(":\n");
  flush();
  stress::try_rounds(scenario, plan, stress::Rounds::one, false);
  fmt::print("\n");
}

void tell(const Scenario& scenario, const stress::Fault& fault, const Options& options) {
  fmt::print("FAILED {}: {}\n", scenario.name, fault.words);
  const std::string operation = fault.known ? fmt::format(", operation {}", fault.plan.operations - 1) : "";
  fmt::print("   seed {:#x}{}; to replay{}:\n   {}\n", fault.plan.seed, operation,
             scenario.threads ? ", as far as threads do the same again" : "", replay_of(scenario, fault.plan, options));
  if (!scenario.threads && options.shorten_seconds > 0 && !fault.hung && fault.plan.operations <= most_shortened) {
    tell_shortest(scenario, fault.plan, options);
  }
  flush();
}

// Returns whether all was right.
bool play(const Options& options, const std::vector<const Scenario*>& chosen, std::uint64_t seed) {
  std::vector<Score> scores;
  for (const Scenario* scenario : chosen) scores.push_back({scenario});
  const Clock::time_point begin = Clock::now();
  const bool once = options.operations != 0;
  const double share = options.seconds / static_cast<double>(chosen.size());
  bool right = true;
  const std::chrono::milliseconds patience(static_cast<std::int64_t>(1000 * options.patience_seconds));
  Plan plan;
  plan.seed = seed;
  plan.threads = options.threads;
  plan.backends = options.backends.empty() ? midden::map_backend_names() : options.backends;
  plan.check = !options.no_check;
  const auto over = [&] { return since(begin) >= options.seconds - 0.5; };
  do {
    for (Score& score : scores) {
      if (score.rounds > 0 && over()) break;  // each has had a turn
      const Clock::time_point turn = Clock::now();
      Plan own = plan;
      own.operations = once ? options.operations : score.scenario->operations;
      if (!once) {
        own.until = turn + std::chrono::duration_cast<Clock::duration>(
                               std::chrono::duration<double>(std::min(share, longest_turn)));
        own.longest = longest_round;
      }
      const Trial trial = stress::try_rounds(*score.scenario, own,
                                             once ? stress::Rounds::one : stress::Rounds::until_time, false, patience);
      score.rounds += trial.rounds;
      score.operations += trial.operations;
      score.seconds += since(turn);
      fmt::print("{:>8.0f} s  {:<16} {:>7} rounds  {:>11} operations  {:>11.0f} a minute\n", since(begin),
                 score.scenario->name, score.rounds, score.operations,
                 60 * static_cast<double>(score.operations) / std::max(score.seconds, 0.001));
      flush();
      if (!trial.fault) continue;
      right = false;
      tell(*score.scenario, *trial.fault, options);
    }
    plan.seed = stress::next_seed(plan.seed ^ 0x5eed);
  } while (right && !once && !over());
  return right;
}

void add_options(CLI::App& app, Options& options) {
  std::string list = "Scenarios:\n";
  for (const Scenario& scenario : stress::scenarios())
    list += fmt::format("  {:<16} {}\n", scenario.name, scenario.about);
  app.footer(list);
  CLI::Option* seconds = app.add_option("--seconds", options.seconds, "How long, all scenarios together")
                             ->check(CLI::Range(0.1, 1e6))
                             ->capture_default_str();
  app.add_option("--operations", options.operations, "One round of so many operations of each thread, and no more")
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1} << 40))
      ->excludes(seconds);
  app.add_option("--threads", options.threads, "Threads of scenarios that have several")
      ->check(CLI::Range(1U, stress::most_threads))
      ->capture_default_str();
  app.add_option("--seed", options.seed,
                 "Randomness, decimal or with 0x; the first round of each scenario has this one");
  app.add_option("--scenario", options.scenarios, "Only this one; may be given several times")
      ->check(CLI::IsMember(names_of(stress::scenarios())));
  app.add_option("--backend", options.backends, "Only maps of this backend; may be given several times")
      ->check(CLI::IsMember(midden::map_backend_names()));
  app.add_flag("--no-check", options.no_check, "No round has a checked heap (MIDDEN_CHECK)");
  app.add_option("--shorten", options.shorten_seconds,
                 "Seconds to look for a shorter failing history; 0: none is looked for")
      ->check(CLI::Range(0.0, 1e5))
      ->capture_default_str();
  app.add_option("--patience", options.patience_seconds,
                 "Seconds in which an operation must begin; else a scenario hangs")
      ->check(CLI::Range(1.0, 1e5))
      ->capture_default_str();
}

// Only where the library was built for it.
template <bool built>
void add_break(CLI::App& app, Options& options) {
  if constexpr (built) {
    std::vector<std::string> names;
    for (const midden::DefectName& known : midden::defect_names) names.emplace_back(known.name);
    app.add_option("--break", options.defect, "Switches this defect of the library on")->check(CLI::IsMember(names));
  }
}

template <bool built>
void break_library(const std::string& name) {
  if constexpr (built) {
    for (const midden::DefectName& known : midden::defect_names) {
      if (known.name == name) midden::switch_on<built>(known.defect);
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app("Uses Midden at random, and looks whether it is right.", "midden-stress");
  add_options(app, options);
  add_break<midden::faults>(app, options);
  try {
    app.parse(argc, argv);
    break_library<midden::faults>(options.defect);
    const std::uint64_t seed = read_seed(options.seed);
    std::vector<const Scenario*> chosen;
    for (const Scenario& scenario : stress::scenarios()) {
      const auto& wanted = options.scenarios;
      if (wanted.empty() || std::find(wanted.begin(), wanted.end(), scenario.name) != wanted.end()) {
        chosen.push_back(&scenario);
      }
    }
    fmt::print("seed {:#x}\n", seed);
    flush();
    return play(options, chosen, seed) ? 0 : 1;
  } catch (const CLI::ParseError& error) {
    return app.exit(error);
  } catch (const std::exception& error) {
    fmt::print(stderr, "midden-stress: {}\n", error.what());
    return 2;
  }
}
