// midden-bench scaling: how the time to mark grows with a map.
//
// One map for each backend grows through 1, 2 and 5 times the powers of ten, from --from to --to.
// At each size it runs some cycles with nothing else in the heap and no other thread; the figures
// are the median of their mark phase and the mean of the references that were scanned. So for each
// number of --workers, with a map of its own.
//
// Threads: one, and those that mark.

#include <fmt/format.h>

#include <array>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <midden/midden.hpp>

#include "tools/bench/cases.hpp"
#include "tools/bench/map_options.hpp"
#include "tools/bench/map_work.hpp"
#include "tools/bench/plot.hpp"
#include "tools/bench/progress.hpp"
#include "tools/bench/table.hpp"
#include "tools/bench/timing.hpp"
#include "tools/bench/workers.hpp"

namespace bench {

namespace {

struct ScalingOptions {
  MapChoice maps;
  std::size_t from = 1'000;
  std::size_t to = 1'000'000;
  std::size_t cycles = 20;
  std::vector<std::size_t> workers{0};
  std::string plot;

  // Round numbers, and both ends.
  std::vector<std::size_t> sizes() const {
    std::vector<std::size_t> result{from};
    constexpr std::array<std::size_t, 3> steps{1, 2, 5};
    for (std::size_t power = 1; power < to; power *= 10) {
      for (const std::size_t step : steps) {
        if (step * power > from && step * power < to) result.push_back(step * power);
      }
    }
    if (to > from) result.push_back(to);
    return result;
  }
};

struct Marking {
  Samples us;
  Samples references;
};

std::string title(const std::string& backend, std::size_t workers) {
  if (workers == 0) return backend;
  return fmt::format("{}, {} worker{}", backend, workers, workers == 1 ? "" : "s");
}

std::vector<Marking> measure(const std::string& backend, std::size_t workers, const ScalingOptions& options) {
  midden::Runtime runtime(with_workers(static_cast<std::uint32_t>(workers)));
  midden::Attach here(runtime);
  HeapMap map(here, backend);
  Filler filler(options.maps.style(), options.to);
  Progress progress(title(backend, workers), options.to);
  std::vector<Marking> result;
  for (const std::size_t size : options.sizes()) {
    filler.fill(map, size, progress);
    runtime.collect();  // what growing has left behind
    Marking& marking = result.emplace_back();
    for (std::size_t i = 0; i < options.cycles; ++i) {
      runtime.collect();
      const midden::CycleReport report = runtime.last_cycle();
      marking.us.add(static_cast<double>(report.ns(midden::Phase::mark)) / 1e3);
      marking.references.add(static_cast<double>(report.references_scanned));
    }
  }
  return result;
}

void run_scaling(const ScalingOptions& options, Output& output) {
  if (options.from > options.to) {
    throw UsageError(fmt::format("--from {} is above --to {}", options.from, options.to));
  }
  refuse_twice("--workers", options.workers);
  const std::unique_ptr<OutputFile> file = output.open(options.plot);

  const std::vector<std::size_t> sizes = options.sizes();
  Plot plot{.title = "Mark time by entries of a map",
            .subtitle = fmt::format("{} keys, median of {} cycles; lower is better", options.maps.keys, options.cycles),
            .x = {"entries", Scale::logarithmic, tick_count},
            .y = {"mark", Scale::logarithmic, tick_microseconds},
            .joined = true,
            .series = {}};
  std::vector<std::string> header{"entries"};
  std::vector<std::vector<Marking>> found;
  const auto add = [&](const std::string& backend, std::size_t workers) {
    header.insert(header.end(), {title(backend, workers) + ": mark us", "references"});
    found.push_back(measure(backend, workers, options));
    Series& series = plot.series.emplace_back();
    series.name = title(backend, workers);
    for (std::size_t i = 0; i < sizes.size(); ++i) {
      const Marking& marking = found.back()[i];
      const nlohmann::ordered_json parameters{
          {"entries", sizes[i]}, {"keys", options.maps.keys}, {"cycles", options.cycles}, {"workers", workers}};
      output.add("scaling", backend, parameters, "mark_us_p50", "us", marking.us.median());
      output.add("scaling", backend, parameters, "references_scanned", "count", marking.references.mean());
      series.points.emplace_back(static_cast<double>(sizes[i]), marking.us.median());
    }
  };
  for (const std::string& backend : options.maps.chosen()) {
    for (const std::size_t workers : options.workers) add(backend, workers);
  }
  Table table(std::move(header));
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    std::vector<std::string> cells{figure(static_cast<double>(sizes[i]))};
    for (const std::vector<Marking>& marking : found) {
      cells.insert(cells.end(), {figure(marking[i].us.median()), figure(marking[i].references.mean())});
    }
    table.row(std::move(cells));
  }
  fmt::print(output.text(), "Time to mark a map with {} keys, median of {} cycles\n\n", options.maps.keys,
             options.cycles);
  table.print(output.text());
  if (file != nullptr) {
    file->write(svg(plot));
    fmt::print(output.text(), "\nPlot: {}\n", options.plot);
  }
}

}  // namespace

Case scaling_case(CLI::App& app) {
  const auto options = std::make_shared<ScalingOptions>();
  CLI::App* command = app.add_subcommand("scaling", "Time to mark a map, by its entries");
  add_entries(*command, "--from", options->from, "Entries at the first size");
  add_entries(*command, "--to", options->to, "Entries at the last size");
  add_number(*command, "--cycles", options->cycles, 1, 1'000'000, "Cycles at each size");
  add_numbers(*command, "--workers", options->workers, 0, 16, "Numbers of threads that mark, 0 is the default");
  add_map_choice(*command, options->maps);
  command->add_option("--plot", options->plot, "Write the times as a plot, in SVG")->type_name("FILE");
  return {command, [options](Output& output) { run_scaling(*options, output); }};
}

}  // namespace bench
