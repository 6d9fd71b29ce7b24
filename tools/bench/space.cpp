// midden-bench space: bytes for an entry, at several sizes of a map.
//
// A map that doubles what it owns when it is full costs more just after than just before, so one
// size tells little. One map for each backend grows from size to size; at each:
//
//   bytes/entry       what the map says it has touched
//   committed/entry   by how much the heap has grown with the map, after a cycle and its sweep
//
// Threads: one.

#include <fmt/format.h>

#include <chrono>
#include <cstddef>
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

std::vector<Space> measure(const std::string& backend, const SpaceOptions& options) {
  midden::Runtime runtime;
  midden::Attach here(runtime);
  const auto settled = [&] {
    runtime.collect();
    while (!runtime.idle(std::chrono::seconds(1))) continue;
    return static_cast<double>(runtime.heap().committed_bytes);
  };
  const double before = settled();
  HeapMap map(here, backend);
  Filler filler(options.maps.style(), options.to);
  Progress progress(backend, options.to);
  std::vector<Space> result;
  for (const std::size_t size : options.sizes()) {
    filler.fill(map, size, progress);
    const double entries = static_cast<double>(size);
    result.push_back({static_cast<double>(map.stats().bytes) / entries, (settled() - before) / entries});
  }
  return result;
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
    found.push_back(measure(backend, options));
    for (std::size_t i = 0; i < sizes.size(); ++i) {
      const nlohmann::ordered_json parameters{{"entries", sizes[i]}, {"keys", options.maps.keys}};
      output.add("space", backend, parameters, "bytes_per_entry", "bytes", found.back()[i].bytes);
      output.add("space", backend, parameters, "committed_bytes_per_entry", "bytes", found.back()[i].committed);
    }
  }
  Table table(std::move(header));
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    std::vector<std::string> cells{figure(static_cast<double>(sizes[i]))};
    for (const std::vector<Space>& space : found) {
      cells.insert(cells.end(), {figure(space[i].bytes), figure(space[i].committed)});
    }
    table.row(std::move(cells));
  }
  fmt::print(output.text(), "Space of a map with {} keys and 8 byte values\n\n", options.maps.keys);
  table.print(output.text());
}

}  // namespace

Case space_case(CLI::App& app) {
  const auto options = std::make_shared<SpaceOptions>();
  CLI::App* command = app.add_subcommand("space", "Bytes for an entry, at several sizes of a map");
  add_entries(*command, "--from", options->from, "Entries at the first size");
  add_entries(*command, "--to", options->to, "Entries at the last size");
  add_number(*command, "--steps", options->steps, 1, 1000, "Number of sizes");
  add_map_choice(*command, options->maps);
  return {command, [options](Output& output) { run_space(*options, output); }};
}

}  // namespace bench
