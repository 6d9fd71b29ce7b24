#include "tools/bench/marking.hpp"

#include <fmt/format.h>

#include <chrono>
#include <map>
#include <optional>
#include <stdexcept>

#include <midden/config.hpp>
#include <midden/observer.hpp>

#include "tools/bench/child.hpp"
#include "tools/bench/peers/bdwgc.hpp"
#include "tools/bench/progress.hpp"
#include "tools/bench/ratios.hpp"
#include "tools/bench/workers.hpp"

namespace bench {

namespace {

constexpr std::uint32_t most_workers = 2;

struct Watcher final : midden::Observer {
  void cycle_ended(const midden::CycleReport& report) override { last = report; }
  midden::CycleReport last;
};

void add_cycle(nlohmann::ordered_json& figures, std::uint64_t mark_ns, std::uint64_t pause_ns) {
  figures["mark_ns"].push_back(mark_ns);
  figures["pause_ns"].push_back(pause_ns);
}

Samples samples(const nlohmann::ordered_json& values) {
  Samples result;
  for (const nlohmann::ordered_json& value : values) result.add(value.get<double>());
  return result;
}

// How many times as fast as `other`, if that was measured.
std::optional<double> ratio(const Marked& one, const std::vector<Marked>& all, const Marker& other) {
  for (const Marked& base : all) {
    if (base.marker == other && one.mark_ns.median() > 0) return base.mark_ns.median() / one.mark_ns.median();
  }
  return std::nullopt;
}

// Under which it has a time among those with as many workers.
std::string ratio_name(const Marker& marker) {
  return std::string(marker.name()) + (marker.prefetch ? "" : ", no prefetch");
}

}  // namespace

std::string_view Marker::name() const {
  if (program != nullptr) return program->name;
  return collector == Collector::midden ? "midden" : collector == Collector::bdwgc ? "bdwgc" : "bdwgc-tuned";
}

std::string Marker::text() const {
  return fmt::format("{}, {} worker{}{}", name(), workers, workers == 1 ? "" : "s", prefetch ? "" : ", no prefetch");
}

std::vector<Marker> chosen_markers(const SubjectChoice& subjects, bool without_prefetch) {
  std::vector<Marker> markers;
  const auto add = [&](Marker marker) {
    if (!subjects.has(marker.name())) return;
    for (marker.workers = 1; marker.workers <= most_workers; ++marker.workers) markers.push_back(marker);
  };
  add({.collector = Collector::midden});
  if (without_prefetch) add({.collector = Collector::midden, .prefetch = false});
  add({.collector = Collector::bdwgc});
  add({.collector = Collector::bdwgc_tuned});
  for (const Program& program : programs()) add({.collector = Collector::program, .program = &program});
  return markers;
}

void add_markers(CLI::App& command, SubjectChoice& subjects) {
  add_subjects(command, subjects, {"midden", "bdwgc", "bdwgc-tuned"});
}

midden::Config config_of(const Marker& marker) {
  midden::Config config = with_workers(marker.workers);
  config.mark_prefetch = marker.prefetch;
  return config;
}

void start_peer(const Marker& marker) {
  bdwgc::start({.tuned = marker.collector == Collector::bdwgc_tuned, .markers = marker.workers});
}

nlohmann::ordered_json mark_managed(midden::Runtime& runtime, std::size_t cycles, std::uint64_t objects) {
  Watcher watcher;
  runtime.add_observer(watcher);
  nlohmann::ordered_json figures;
  for (std::size_t cycle = 0; cycle <= cycles; ++cycle) {
    runtime.collect();
    while (!runtime.idle(std::chrono::seconds(1))) continue;
    const midden::CycleReport& last = watcher.last;
    // Workers that meet at an object count it twice.
    if (last.objects_marked < objects || (last.workers == 1 && last.objects_marked != objects)) {
      throw std::runtime_error(fmt::format("{} objects were marked, not {}", last.objects_marked, objects));
    }
    if (cycle > 0) add_cycle(figures, last.ns(midden::Phase::mark), last.pause_ns);
  }
  runtime.remove_observer(watcher);
  return figures;
}

nlohmann::ordered_json mark_peer(std::size_t cycles, std::size_t bytes) {
  nlohmann::ordered_json figures;
  for (std::size_t cycle = 0; cycle <= cycles; ++cycle) {
    bdwgc::collect();
    const bdwgc::Cycle last = bdwgc::cycles().back();
    if (cycle > 0) add_cycle(figures, last.mark_ns, last.pause_ns);
  }
  if (bdwgc::memory_use() < bytes) {
    throw std::runtime_error(fmt::format("{} bytes are left, less than the {} built", bdwgc::memory_use(), bytes));
  }
  return figures;
}

std::vector<Marked> measure_markers(const std::string& title, const std::vector<Marker>& markers, const Task& task,
                                    const std::function<nlohmann::ordered_json(const Marker&)>& build_and_mark) {
  std::vector<Marked> all;
  Progress progress(title, markers.size());
  for (const Marker& marker : markers) {
    const auto measure_program = [&] {
      Task own = task;
      own.workers = marker.workers;
      return marker.program->measure(own);
    };
    const ChildFigures child = marker.collector == Collector::program
                                   ? measure_program()
                                   : measure_in_child(marker.text(), [&] { return build_and_mark(marker); });
    all.push_back(
        {marker, samples(child.figures["mark_ns"]), samples(child.figures["pause_ns"]), child.peak_rss_bytes});
    progress.step();
  }
  return all;
}

void report_markers(const std::vector<Marked>& all, std::string_view name, const nlohmann::ordered_json& parameters,
                    std::string_view thing, std::size_t things, Output& output) {
  const double count = static_cast<double>(things);
  std::map<std::uint32_t, Ratios> ratios;  // of those with as many workers
  for (const Marked& one : all) ratios[one.marker.workers].add(ratio_name(one.marker), one.mark_ns.median());
  std::vector<std::string> header{"",
                                  "workers",
                                  "prefetch",
                                  "mark ms",
                                  fmt::format("ns/{}", thing),
                                  fmt::format("M {}s/s", thing),
                                  "to no prefetch",
                                  "to one worker"};
  if (!all.empty()) {
    for (std::string& cell : ratios.begin()->second.header()) header.push_back(std::move(cell));
  }
  header.insert(header.end(), {"pause ms", "peak RSS MiB"});
  Table table(std::move(header));
  for (const Marked& one : all) {
    const Marker& marker = one.marker;
    const bool managed = marker.collector == Collector::midden;
    nlohmann::ordered_json own = parameters;
    own["workers"] = marker.workers;
    if (managed) own["prefetch"] = marker.prefetch;
    const auto add = [&](std::string_view metric, std::string_view unit, double value) {
      output.add(name, marker.name(), own, metric, unit, value);
    };
    const auto ratio_to = [&](std::string_view metric, const Marker& other) -> std::string {
      const std::optional<double> found = other == marker ? std::nullopt : ratio(one, all, other);
      if (!found) return "-";
      add(metric, "ratio", *found);
      return figure(*found) + "x";
    };
    const double mark_ns = one.mark_ns.median();
    const double millions_per_s = mark_ns > 0 ? count * 1e3 / mark_ns : 0;
    const double mebibytes = static_cast<double>(one.peak_rss_bytes) / (1 << 20);
    add("mark_ms", "ms", mark_ns / 1e6);
    add(fmt::format("mark_ns_per_{}", thing), "ns", mark_ns / count);
    add(fmt::format("{}s_per_s", thing), "M/s", millions_per_s);
    add("pause_ms", "ms", one.pause_ns.median() / 1e6);
    add("peak_rss_bytes", "bytes", static_cast<double>(one.peak_rss_bytes));
    std::vector<std::string> cells{
        std::string(marker.name()),
        std::to_string(marker.workers),
        managed ? (marker.prefetch ? "on" : "off") : "-",
        figure(mark_ns / 1e6),
        figure(mark_ns / count),
        figure(millions_per_s),
        ratio_to("ratio_to_no_prefetch", {marker.collector, marker.workers, false, marker.program}),
        ratio_to("ratio_to_one_worker", {marker.collector, 1, marker.prefetch, marker.program})};
    for (std::string& cell : ratios[marker.workers].report(
             ratio_name(marker), [&](std::string_view metric, double ratio) { add(metric, "ratio", ratio); })) {
      cells.push_back(std::move(cell));
    }
    cells.insert(cells.end(), {figure(one.pause_ns.median() / 1e6), figure(mebibytes)});
    table.row(std::move(cells));
  }
  table.print(output.text());
}

std::string ratio_notes(const SubjectChoice& subjects) {
  return fmt::format(
      "Ratios: the other's mark time by the row's, workers being the same; above 1 the row is faster.\n{}",
      subjects.missing_peers());
}

}  // namespace bench
