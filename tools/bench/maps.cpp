// midden-bench maps: what each operation of a map takes, against maps of other libraries.
//
// Subjects: the backends of Midden, by their names, and the peers (peers/maps.hpp), all in one
// process. maps/measure.hpp says what is done to them, maps/report.hpp what comes of it.
//
//   --backend NAME...   of Midden these alone
//   --subjects a,b      these alone, and those of --backend

#include <algorithm>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <midden/map_backend.hpp>

#include "tools/bench/cases.hpp"
#include "tools/bench/map_options.hpp"
#include "tools/bench/maps/backend.hpp"
#include "tools/bench/maps/measure.hpp"
#include "tools/bench/maps/report.hpp"
#include "tools/bench/peers/maps.hpp"
#include "tools/bench/subjects.hpp"

namespace bench {

namespace {

struct MapsOptions {
  MapChoice maps;
  SubjectChoice subjects;
  std::size_t entries = 1'000'000;
  std::size_t repetitions = 3;

  std::optional<KeyStyle> strings() const { return maps.keys == "int" ? std::nullopt : std::optional(maps.style()); }
};

std::vector<std::string> all_subjects() {
  std::vector<std::string> all = midden::map_backend_names();
  for (const MapPeer& peer : map_peers()) all.emplace_back(peer.name);
  return all;
}

std::vector<std::string> chosen_backends(const MapsOptions& options) {
  std::vector<std::string> backends = options.maps.chosen();
  const std::vector<std::string> given = options.maps.backends;
  if (given.empty()) {
    std::erase_if(backends, [&](const std::string& name) { return !options.subjects.has(name); });
  } else {
    for (const std::string& name : midden::map_backend_names()) {
      const bool there = std::find(given.begin(), given.end(), name) != given.end();
      if (options.subjects.names(name) && !there) backends.push_back(name);
    }
  }
  return backends;
}

std::vector<maps::Candidate> candidates_of(const MapsOptions& options) {
  const bool strings = options.strings().has_value();
  std::vector<maps::Candidate> candidates;
  for (const std::string& name : chosen_backends(options)) {
    candidates.push_back({name, true, [=] { return maps::make_backend(name, strings); }});
  }
  for (const MapPeer& peer : map_peers()) {
    if (!options.subjects.has(peer.name)) continue;
    candidates.push_back({std::string(peer.name), false, strings ? peer.with_strings : peer.with_numbers});
  }
  return candidates;
}

}  // namespace

Case maps_case(CLI::App& app) {
  const auto options = std::make_shared<MapsOptions>();
  CLI::App* command = app.add_subcommand("maps", "Operations of maps, against those of other libraries");
  add_entries(*command, "--entries", options->entries, "Entries of each map");
  add_backends(*command, options->maps);
  add_choice(*command, "--keys", options->maps.keys, "style", {"string", "int", "uuid", "mixed"},
             "key:%012d, a scrambled std::uint64_t, a UUID as text, or 8 to 40 random bytes: ");
  add_only_subjects(*command, options->subjects, all_subjects());
  add_number(*command, "--repetitions", options->repetitions, 1, 1000, "Times that all maps are built and used");
  return {command, [options](Output& output) {
            const std::vector<maps::Figures> figures =
                maps::measure(candidates_of(*options), options->entries, options->strings(), options->repetitions);
            maps::report(figures, {options->entries, options->maps.keys, options->repetitions}, output);
            std::fputs(options->subjects.missing_peers().c_str(), output.text());
          }};
}

}  // namespace bench
