// midden-bench space: bytes for an entry, at several sizes of a map.
//
// A map that doubles what it owns when it is full costs more just after than just before, so one
// size tells little. One map for each backend grows from size to size; at each:
//
//   bytes/entry       what the map says it has touched
//   committed/entry   by how much the heap has grown with the map, after a cycle and its sweep
//
// With --turnovers each entry of the last size is then replaced that many times: its key is erased
// and another one inserted, in random order. What the map has touched after that, by what it had
// before, tells whether the space of erased entries is used again. With --concurrent the maps are
// ConcurrentMaps, whose entries wait for grace periods.
//
// Threads: one.

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <midden/midden.hpp>

#include "tools/bench/cases.hpp"
#include "tools/bench/map_options.hpp"
#include "tools/bench/map_work.hpp"
#include "tools/bench/progress.hpp"
#include "tools/bench/table.hpp"

namespace bench {

namespace {

struct SpaceOptions {
  MapChoice maps;
  std::size_t from = 600'000;
  std::size_t to = 1'200'000;
  std::size_t steps = 7;
  std::size_t turnovers = 0;
  bool concurrent = false;

  // From the first to the last, in equal steps.
  std::vector<std::size_t> sizes() const {
    std::vector<std::size_t> result;
    for (std::size_t i = 0; i < steps; ++i) result.push_back(steps == 1 ? to : from + (to - from) * i / (steps - 1));
    return result;
  }
};

struct Space {
  double bytes;
  double committed;
};

// Keys that are made beforehand, so that only the map works.
constexpr std::size_t turned_at_once = std::size_t{1} << 14;

// Entry k of the shuffled order holds key order[k] + g * count after g turnovers.
template <class M>
void turn_over(M& map, const SpaceOptions& options, Progress& progress) {
  const std::vector<std::uint32_t> order = shuffled(options.to);
  KeyBatch old_keys(options.maps.style());
  KeyBatch new_keys(options.maps.style());
  for (std::size_t turn = 0; turn < options.turnovers; ++turn) {
    for (std::size_t done = 0; done < order.size(); done += turned_at_once) {
      old_keys.clear();
      new_keys.clear();
      for (std::size_t i = done; i < std::min(order.size(), done + turned_at_once); ++i) {
        old_keys.add(order[i] + turn * options.to);
        new_keys.add(order[i] + (turn + 1) * options.to);
      }
      for (std::size_t i = 0; i < old_keys.size(); ++i) {
        map.erase(old_keys.key(i));
        map.insert(new_keys.key(i), static_cast<std::int64_t>(new_keys.number(i)));
      }
      progress.step(old_keys.size());
    }
  }
}

template <class M>
std::vector<Space> measure(const std::string& backend, const SpaceOptions& options) {
  midden::Runtime runtime;
  midden::Attach here(runtime);
  const auto settled = [&] {
    runtime.collect();
    while (!runtime.idle(std::chrono::seconds(1))) continue;
    return static_cast<double>(runtime.heap().committed_bytes);
  };
  const double before = settled();
  M map(here, backend);
  Filler filler(options.maps.style(), options.to);
  Progress progress(backend, options.to);
  std::vector<Space> result;
  for (const std::size_t size : options.sizes()) {
    filler.fill(map, size, progress);
    const double entries = static_cast<double>(size);
    result.push_back({static_cast<double>(map.stats().bytes) / entries, (settled() - before) / entries});
  }
  if (options.turnovers > 0) {
    Progress turns(backend, options.to * options.turnovers);
    turn_over(map, options, turns);
    const double entries = static_cast<double>(options.to);
    result.push_back({static_cast<double>(map.stats().bytes) / entries, (settled() - before) / entries});
  }
  return result;
}

// The last two measurements are before and after the turnovers.
void report_turnovers(const std::string& backend, const SpaceOptions& options, const std::vector<Space>& found,
                      Output& output) {
  const Space& before = found[found.size() - 2];
  const Space& after = found.back();
  const nlohmann::ordered_json parameters{{"entries", options.to},
                                          {"keys", options.maps.keys},
                                          {"concurrent", options.concurrent},
                                          {"turnovers", options.turnovers}};
  output.add("space", backend, parameters, "turnover_bytes_per_entry", "bytes", after.bytes);
  output.add("space", backend, parameters, "turnover_bytes_ratio", "ratio", after.bytes / before.bytes);
  output.add("space", backend, parameters, "turnover_committed_ratio", "ratio", after.committed / before.committed);
  fmt::print(output.text(), "{}: after {} turnovers {:.1f} bytes an entry, {:.2f} of before; {:.2f} committed\n",
             backend, options.turnovers, after.bytes, after.bytes / before.bytes, after.committed / before.committed);
}

void run_space(const SpaceOptions& options, Output& output) {
  if (options.from > options.to) {
    throw UsageError(fmt::format("--from {} is above --to {}", options.from, options.to));
  }
  const std::vector<std::size_t> sizes = options.sizes();
  std::vector<std::string> header{"entries"};
  std::vector<std::vector<Space>> found;
  for (const std::string& backend : options.maps.chosen()) {
    header.insert(header.end(), {backend + " bytes/entry", "committed/entry"});
    found.push_back(options.concurrent ? measure<ConcurrentHeapMap>(backend, options)
                                       : measure<HeapMap>(backend, options));
    for (std::size_t i = 0; i < sizes.size(); ++i) {
      const nlohmann::ordered_json parameters{
          {"entries", sizes[i]}, {"keys", options.maps.keys}, {"concurrent", options.concurrent}};
      output.add("space", backend, parameters, "bytes_per_entry", "bytes", found.back()[i].bytes);
      output.add("space", backend, parameters, "committed_bytes_per_entry", "bytes", found.back()[i].committed);
    }
    if (options.turnovers > 0) report_turnovers(backend, options, found.back(), output);
  }
  Table table(std::move(header));
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    std::vector<std::string> cells{figure(static_cast<double>(sizes[i]))};
    for (const std::vector<Space>& space : found) {
      cells.insert(cells.end(), {figure(space[i].bytes), figure(space[i].committed)});
    }
    table.row(std::move(cells));
  }
  fmt::print(output.text(), "Space of a {}map with {} keys and 8 byte values\n\n",
             options.concurrent ? "concurrent " : "", options.maps.keys);
  table.print(output.text());
}

}  // namespace

Case space_case(CLI::App& app) {
  const auto options = std::make_shared<SpaceOptions>();
  CLI::App* command = app.add_subcommand("space", "Bytes for an entry, at several sizes of a map");
  add_entries(*command, "--from", options->from, "Entries at the first size");
  add_entries(*command, "--to", options->to, "Entries at the last size");
  add_number(*command, "--steps", options->steps, 1, 1000, "Number of sizes");
  add_number(*command, "--turnovers", options->turnovers, 0, 10000, "Then replace every entry so many times");
  command->add_flag("--concurrent", options->concurrent, "Maps for all threads, used by one");
  add_map_choice(*command, options->maps);
  return {command, [options](Output& output) { run_space(*options, output); }};
}

}  // namespace bench
