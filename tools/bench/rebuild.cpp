// midden-bench rebuild: what a map costs its writer while it moves from one backend to another.
//
//   write_us      a random overwrite before, CPU time, median
//   moving_us     the same while the map moves: each write takes some entries along
//   longest_us    the longest of those, but for writes in which a cycle ran
//   move_ms       all of them, from rebuild() to the write after which the map has moved
//
// Each backend that was chosen is rebuilt to each other one, a map of its own for each.
//
// Threads: one.

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <midden/map.hpp>
#include <midden/midden.hpp>

#include "tools/bench/cases.hpp"
#include "tools/bench/map_options.hpp"
#include "tools/bench/map_work.hpp"
#include "tools/bench/progress.hpp"
#include "tools/bench/table.hpp"
#include "tools/bench/timing.hpp"

namespace bench {

namespace {

struct RebuildOptions {
  MapChoice maps;
  std::size_t entries = 1'000'000;
};

using RebuildMap = midden::Map<std::string_view, std::int64_t>;

struct RebuildFigures {
  double write_us = 0, moving_us = 0, longest_us = 0, move_ms = 0;
};

// Overwrites random keys, one after the other, and times each.
class RandomWrites {
 public:
  RandomWrites(midden::Runtime& runtime, midden::Attach& here, RebuildMap& map, const KeyBatch& keys)
      : runtime_(runtime), here_(here), map_(map), keys_(keys) {}

  // So many; adds what each has taken.
  void run(std::size_t count, std::vector<double>& microseconds, double& longest) {
    for (std::size_t i = 0; i < count; ++i) {
      const std::string_view key = keys_.key(random_() % keys_.size());
      const std::uint64_t cycles = runtime_.heap().cycles;
      const double before = thread_cpu_seconds();
      map_.insert_or_assign(here_, key, static_cast<std::int64_t>(i));
      microseconds.push_back(1e6 * (thread_cpu_seconds() - before));
      if (runtime_.heap().cycles == cycles) longest = std::max(longest, microseconds.back());
    }
  }

 private:
  midden::Runtime& runtime_;
  midden::Attach& here_;
  RebuildMap& map_;
  const KeyBatch& keys_;
  std::minstd_rand random_{1};
};

RebuildFigures measure(const std::string& from, const std::string& to, const RebuildOptions& options) {
  constexpr std::size_t at_once = 1024;
  midden::Runtime runtime;
  midden::Attach here(runtime);
  const auto map = midden::make_map<std::string_view, std::int64_t>(here, {.backend = from});
  KeyBatch keys(options.maps.style());
  for (const std::uint32_t number : shuffled(options.entries)) keys.add(number);
  {
    Progress progress(from + " to " + to, options.entries);
    for (std::size_t i = 0; i < keys.size(); ++i) {
      map->insert_or_assign(here, keys.key(i), 0);
      progress.step();
    }
  }
  RandomWrites writes(runtime, here, *map, keys);
  std::vector<double> before, moving;
  double longest = 0;
  writes.run(options.entries / 16 + 1, before, longest);

  longest = 0;
  const Stopwatch watch;
  map->rebuild(to);
  while (map->stats().rebuilding) writes.run(at_once, moving, longest);
  const double seconds = watch.seconds();
  return {.write_us = Samples(std::move(before)).median(),
          .moving_us = moving.empty() ? 0 : Samples(std::move(moving)).median(),
          .longest_us = longest,
          .move_ms = 1e3 * seconds};
}

void run_rebuild(const RebuildOptions& options, Output& output) {
  const std::vector<std::string> backends = options.maps.chosen();
  if (backends.size() < 2) throw UsageError("rebuild wants two backends: a map moves from each to each other one");
  Table table({"from", "to", "write us", "while it moves", "longest us", "all ms"});
  for (const std::string& from : backends) {
    for (const std::string& to : backends) {
      if (from == to) continue;
      const RebuildFigures found = measure(from, to, options);
      const nlohmann::ordered_json parameters{{"entries", options.entries}, {"keys", options.maps.keys}, {"to", to}};
      output.add("rebuild", from, parameters, "write_us", "us", found.write_us);
      output.add("rebuild", from, parameters, "moving_us", "us", found.moving_us);
      output.add("rebuild", from, parameters, "longest_us", "us", found.longest_us);
      output.add("rebuild", from, parameters, "move_ms", "ms", found.move_ms);
      table.row(
          {from, to, figure(found.write_us), figure(found.moving_us), figure(found.longest_us), figure(found.move_ms)});
    }
  }
  fmt::print(output.text(), "Maps of {} {} keys that move to another backend while they are written\n\n",
             options.entries, options.maps.keys);
  table.print(output.text());
}

}  // namespace

Case rebuild_case(CLI::App& app) {
  const auto options = std::make_shared<RebuildOptions>();
  CLI::App* command = app.add_subcommand("rebuild", "A map that moves to another backend while it is written");
  add_entries(*command, "--entries", options->entries, "Entries of the map");
  add_map_choice(*command, options->maps);
  return {command, [options](Output& output) { run_rebuild(*options, output); }};
}

}  // namespace bench
