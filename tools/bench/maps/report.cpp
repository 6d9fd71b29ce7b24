#include "tools/bench/maps/report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "tools/bench/table.hpp"

namespace bench::maps {

namespace {

// A figure that subjects are compared by: more is better.
struct Speed {
  std::string name;  // of the metric, without its unit
  std::string header;
  double value;  // 0: it has none
};

std::string header_of(const Mix& mix) { return fmt::format("t{} w{}", mix.threads, mix.writes); }

std::vector<Speed> speeds_of(const Figures& figures) {
  std::vector<Speed> speeds;
  for (std::size_t i = 0; i < phase_names.size(); ++i) {
    const double ns = figures.phase_ns[i].median();
    const std::string name(phase_names[i]);
    speeds.push_back({name, name, figures.has(static_cast<Phase>(i)) && ns > 0 ? 1 / ns : 0});
  }
  for (std::size_t i = 0; i < mixes.size(); ++i) {
    const std::string name(mixes[i].name);
    speeds.push_back({name, header_of(mixes[i]), figures.mops[i].most()});
  }
  return speeds;
}

double to_one_thread(const Figures& figures) {
  const double one = figures.mops[0].most();
  return one > 0 ? figures.mops[1].most() / one : 0;
}

// A backend beside a peer of its kind.
struct Pair {
  const Figures& backend;
  const Figures& peer;

  std::string text() const { return backend.name + " to " + peer.name; }
  std::vector<std::pair<Speed, double>> ratios() const {  // 0: there is none
    std::vector<std::pair<Speed, double>> ratios;
    const std::vector<Speed> others = speeds_of(peer);
    for (Speed& own : speeds_of(backend)) {
      const double other = others[ratios.size()].value;
      const double ratio = other > 0 ? own.value / other : 0;
      ratios.emplace_back(std::move(own), ratio);
    }
    return ratios;
  }
};

std::vector<Pair> pairs_of(const std::vector<Figures>& all) {
  constexpr std::array<std::string_view, 2> ordered{"absl_btree", "tbb_map"};
  constexpr std::array<std::string_view, 2> unordered{"absl_flat", "tbb_hash"};
  std::vector<Pair> pairs;
  for (const Figures& backend : all) {
    if (!backend.backend) continue;
    for (const std::string_view name : backend.ordered ? ordered : unordered) {
      const auto peer = std::find_if(all.begin(), all.end(), [&](const Figures& each) { return each.name == name; });
      if (peer != all.end()) pairs.push_back({backend, *peer});
    }
  }
  return pairs;
}

void add_rows(const std::vector<Figures>& all, const Settings& settings, Output& output) {
  const nlohmann::ordered_json parameters{{"entries", settings.entries}, {"keys", settings.keys}};
  for (const Figures& figures : all) {
    const auto add = [&](std::string_view metric, std::string_view unit, double value) {
      output.add("maps", figures.name, parameters, metric, unit, value);
    };
    for (std::size_t i = 0; i < phase_names.size(); ++i) {
      if (!figures.has(static_cast<Phase>(i))) continue;
      add(std::string(phase_names[i]) + "_ns", "ns", figures.phase_ns[i].median());
    }
    for (std::size_t i = 0; i < mixes.size(); ++i) add(mixes[i].name, "M/s", figures.mops[i].most());
    add("mops_t2_w70_ratio_to_one_thread", "ratio", to_one_thread(figures));
    add("bytes_per_entry", "bytes", figures.bytes_per_entry.median());
    add("longest_op_us", "us", figures.longest_us.least());
    if (figures.collections.count() > 0) add("collections", "count", figures.collections.median());
  }
  for (const Pair& pair : pairs_of(all)) {
    for (const auto& [speed, ratio] : pair.ratios()) {
      if (ratio == 0) continue;
      output.add("maps", pair.backend.name, parameters, speed.name + "_ratio_to_" + pair.peer.name, "ratio", ratio);
    }
  }
}

void print_operations(const std::vector<Figures>& all, std::FILE* to) {
  std::vector<std::string> header{""};
  header.insert(header.end(), phase_names.begin(), phase_names.end());
  header.insert(header.end(), {"bytes/entry", "longest us", "collections"});
  Table table(std::move(header));
  for (const Figures& figures : all) {
    std::vector<std::string> cells{figures.name};
    for (std::size_t i = 0; i < phase_names.size(); ++i) {
      cells.push_back(figures.has(static_cast<Phase>(i)) ? figure(figures.phase_ns[i].median()) : "-");
    }
    cells.insert(cells.end(), {figure(figures.bytes_per_entry.median()), figure(figures.longest_us.least()),
                               figures.collections.count() > 0 ? figure(figures.collections.median()) : "-"});
    table.row(std::move(cells));
  }
  table.print(to);
}

void print_threads(const std::vector<Figures>& all, std::FILE* to) {
  std::vector<std::string> header{"", "lock"};
  for (const Mix& mix : mixes) header.push_back(header_of(mix));
  header.emplace_back("2 to 1");
  Table table(std::move(header));
  for (const Figures& figures : all) {
    std::vector<std::string> cells{figures.name, figures.guard};
    for (const Samples& mops : figures.mops) cells.push_back(figure(mops.most()));
    cells.push_back(figure(to_one_thread(figures)) + "x");
    table.row(std::move(cells));
  }
  table.print(to);
}

// Nothing where no peer of a kind is there.
void print_ratios(const std::vector<Figures>& all, std::FILE* to) {
  const std::vector<Pair> pairs = pairs_of(all);
  if (pairs.empty()) return;
  std::vector<std::string> header{""};
  for (const Speed& speed : speeds_of(pairs.front().backend)) header.push_back(speed.header);
  Table table(std::move(header));
  for (const Pair& pair : pairs) {
    std::vector<std::string> cells{pair.text()};
    for (const auto& [speed, ratio] : pair.ratios()) cells.push_back(ratio > 0 ? figure(ratio) + "x" : "-");
    table.row(std::move(cells));
  }
  fmt::print(to, "\nSpeed of Midden's maps, by that of peers of their kind; above 1 Midden is faster\n\n");
  table.print(to);
}

}  // namespace

void report(const std::vector<Figures>& all, const Settings& settings, Output& output) {
  add_rows(all, settings, output);
  std::FILE* const to = output.text();
  fmt::print(to,
             "Maps with {} entries, {} keys and 8 byte values: CPU ns of an operation; median of {} run{}, in turn\n\n",
             settings.entries, settings.keys, settings.repetitions, settings.repetitions == 1 ? "" : "s");
  print_operations(all, to);
  fmt::print(
      to,
      "\nhit_many: of many in one call. scan: of an entry. range100: lower_bound and 100 entries. bytes: with "
      "malloc's\n"
      "headers. longest: an insert without collections, which are counted aside; the least of the runs.\n"
      "copy: an insert into another map, in the order of a walk.\n\n"
      "Millions of operations per second of t threads, w percent of them writes, half of which erase: best slice\n\n");
  print_threads(all, to);
  fmt::print(to, "\nshared_mutex: the map is for one writer or many readers. tbb_map overwrites where others erase.\n");
  print_ratios(all, to);
}

}  // namespace bench::maps
