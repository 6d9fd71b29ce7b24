// midden-bench stop: how long threads that allocate take to stop, and to be resumed.
//
//   mutators   make objects and drop them       ──────┐     ┌──────────────┐     ┌────
//   collector  waits, collects, --stops times         │pause│  --gap us    │pause│
//                                               ──────┘     └──────────────┘     └────
//
// It waits for the gap, and for more of them until each mutator has made an object since the last pause:
// a stop finds all of them running, if not on a processor.
//
//   stop     from the request until the last of them has stopped
//   resume   until all have been told to run; when they do is the system's matter, and so is it when the
//            one that told them, which they may drive off its processor, can say so
//   pause    both, and what the collector does between them, of a heap that is almost empty
//
// Once for each number in --threads. Where there are more threads than processors a stop has to wait
// until each of them has had one. Midden's mutators stop at their next allocation, bdwgc's at a
// signal. The subject `midden-thread` has the times of each thread by itself instead of the last one's.
//
// Each subject runs in a process of its own (child.hpp).
//
// Threads: as many as asked for, and the main thread, which collects.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <midden/midden.hpp>

#include "tools/bench/cases.hpp"
#include "tools/bench/child.hpp"
#include "tools/bench/peers/bdwgc.hpp"
#include "tools/bench/progress.hpp"
#include "tools/bench/table.hpp"
#include "tools/bench/timing.hpp"

namespace bench {

namespace {

struct StopOptions {
  std::vector<std::size_t> threads{2, 8};
  std::size_t stops = 1000;
  std::size_t gap = 200;
};

struct Cell {
  midden::Ref<Cell> next;
  std::uint64_t payload = 0;
  static constexpr auto midden_refs = midden::refs<Cell>(&Cell::next);
};

using Figures = nlohmann::ordered_json;

// Threads that call allocate(own) with a mutator of their own until this ends.
template <class MakeMutator, class Allocate>
class Crowd {
 public:
  Crowd(std::size_t count, MakeMutator make, Allocate allocate) : made_(count), seen_(count) {
    for (std::size_t i = 0; i < count; ++i) {
      threads_.emplace_back([this, make, allocate, i] {
        const auto own = make();
        while (!done_.load(std::memory_order_relaxed)) {
          allocate(*own);
          made_[i].count.fetch_add(1, std::memory_order_relaxed);
        }
      });
    }
  }
  ~Crowd() {
    done_ = true;
    for (std::thread& thread : threads_) thread.join();
  }
  Crowd(const Crowd&) = delete;
  Crowd& operator=(const Crowd&) = delete;

  // Waits until each has made an object since it was called last, looking at each gap's end.
  void let_run(std::chrono::microseconds gap) {
    const auto has_run = [&](std::size_t i) { return made_[i].count.load(std::memory_order_relaxed) != seen_[i]; };
    std::this_thread::sleep_for(gap);
    for (std::size_t i = 0; i < made_.size(); ++i) {
      while (!has_run(i)) std::this_thread::sleep_for(gap);
    }
  }
  // Requires: the threads are stopped or have just run again; what they do meanwhile counts as seen.
  void look() {
    for (std::size_t i = 0; i < made_.size(); ++i) seen_[i] = made_[i].count.load(std::memory_order_relaxed);
  }

 private:
  struct alignas(64) Made {
    std::atomic<std::uint64_t> count{0};
  };
  std::vector<std::thread> threads_;
  std::vector<Made> made_;
  std::vector<std::uint64_t> seen_;
  std::atomic<bool> done_{false};
};

template <class Crowd, class Collect>
void collect_often(const StopOptions& options, Crowd& crowd, Collect collect) {
  for (std::size_t i = 0; i < options.stops; ++i) {
    crowd.let_run(std::chrono::microseconds(options.gap));
    collect();
    crowd.look();
  }
}

Figures measure_managed(std::size_t threads, const StopOptions& options) {
  midden::Config config;
  config.gc_percent.reset();
  config.stop_warn = std::chrono::milliseconds(0);
  midden::Runtime runtime(config);
  struct Phases final : midden::Observer {
    void cycle_ended(const midden::CycleReport& report) override {
      stop.push_back(report.ns(midden::Phase::stop));
      resume.push_back(report.ns(midden::Phase::resume));
      pause.push_back(report.pause_ns);
    }
    std::vector<std::uint64_t> stop, resume, pause;
  } phases;
  runtime.add_observer(phases);
  midden::Histogram each;
  {
    Crowd crowd(
        threads, [&] { return std::make_unique<midden::Attach>(runtime); },
        [](midden::Attach&) { midden::make<Cell>(); });
    collect_often(options, crowd, [&] { runtime.collect(); });
    for (const midden::ThreadReport& thread : runtime.threads()) each.merge(thread.stop);
  }
  runtime.remove_observer(phases);
  return {{"stop", phases.stop},
          {"resume", phases.resume},
          {"pause", phases.pause},
          {"each",
           {{"count", each.count()}, {"p50", each.quantile(0.5)}, {"p99", each.quantile(0.99)}, {"max", each.max()}}}};
}

Figures measure_peer(std::size_t threads, const StopOptions& options) {
  bdwgc::start({.markers = 0, .threads = true});
  {
    Crowd crowd(
        threads, [] { return std::make_unique<bdwgc::Registered>(); },
        [](bdwgc::Registered&) { bdwgc::allocate(sizeof(Cell)); });
    collect_often(options, crowd, [] { bdwgc::collect(); });
  }
  Figures figures{{"stop", Figures::array()}, {"resume", Figures::array()}, {"pause", Figures::array()}};
  for (const bdwgc::Cycle& cycle : bdwgc::cycles()) {
    figures["stop"].push_back(cycle.stop_ns);
    figures["resume"].push_back(cycle.start_ns);
    figures["pause"].push_back(cycle.pause_ns);
  }
  return figures;
}

constexpr std::array<std::pair<std::string_view, double>, 3> quantiles{{{"p50", 0.5}, {"p99", 0.99}, {"max", 1.0}}};

// Adds the rows of a subject, and a line of the table.
void report(const std::string& subject, std::size_t threads, const StopOptions& options, const Figures& figures,
            Table& table, Output& output) {
  const nlohmann::ordered_json parameters{{"threads", threads}, {"stops", options.stops}, {"gap_us", options.gap}};
  std::vector<std::string> cells{subject, std::to_string(threads)};
  for (const char* part : {"stop", "resume", "pause"}) {
    Samples us;
    for (const std::uint64_t ns : figures.at(part)) us.add(static_cast<double>(ns) / 1e3);
    for (const auto& [name, fraction] : quantiles) {
      output.add("stop", subject, parameters, fmt::format("{}_us_{}", part, name), "us", us.quantile(fraction));
      cells.push_back(figure(us.quantile(fraction)));
    }
  }
  if (!figures.contains("each")) {
    cells.push_back("-");
    table.row(std::move(cells));
    return;
  }
  const double running = figures.at("each").at("count").get<double>() / static_cast<double>(figures.at("stop").size());
  output.add("stop", subject, parameters, "running", "count", running);
  cells.push_back(figure(running));
  table.row(std::move(cells));
  for (const auto& [name, fraction] : quantiles) {
    output.add("stop", subject + "-thread", parameters, fmt::format("stop_us_{}", name), "us",
               figures.at("each").at(std::string(name)).get<double>() / 1e3);
  }
}

void run_stop(const StopOptions& options, Output& output) {
  Table table({"", "threads", "stop p50 us", "p99", "max", "resume p50 us", "p99", "max", "pause p50 us", "p99", "max",
               "running"});
  Progress progress("stop", options.threads.size() * (bdwgc::present() ? 2 : 1));
  for (const std::size_t threads : options.threads) {
    const auto measure = [&](const std::string& subject, auto in_child) {
      const ChildFigures found = measure_in_child(subject, [&] { return in_child(threads, options); });
      progress.step();
      report(subject, threads, options, found.figures, table, output);
    };
    measure("midden", measure_managed);
    if (bdwgc::present()) measure("bdwgc", measure_peer);
  }
  fmt::print(output.text(), "Stopping threads that allocate, {} times, {} us apart, on {} processors\n\n",
             options.stops, options.gap, std::thread::hardware_concurrency());
  table.print(output.text());
  fmt::print(output.text(),
             "\nResume: until all have been told to run. Running: threads that a stop had to wait for, mean.\n{}",
             bdwgc::missing_note());
}

}  // namespace

Case stop_case(CLI::App& app) {
  const auto options = std::make_shared<StopOptions>();
  CLI::App* command = app.add_subcommand("stop", "Time to stop threads that allocate, and to resume them");
  add_numbers(*command, "--threads", options->threads, 1, 256, "Numbers of threads that allocate");
  add_number(*command, "--stops", options->stops, 1, 1'000'000, "Stops for each number of threads");
  add_number(*command, "--gap", options->gap, 1, 1'000'000, "Microseconds in which the threads run between two");
  return {command, [options](Output& output) {
            refuse_twice("--threads", options->threads);
            run_stop(*options, output);
          }};
}

}  // namespace bench
