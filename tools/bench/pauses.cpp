// midden-bench pauses: what a large map costs the collector, backend by backend.
//
// For each backend, in a Runtime of its own:
//
//   thread      build           look up        churn                     end
//   mutator     N inserts       hits, 3x       95 % look-ups, 5 % writes ...
//   collector                                  gap, cycle, gap, cycle ...
//
//   build       inserts in shuffled order; cycles that the growth starts count in its time
//   look up     random keys that are there, no cycles; the median of three passes
//   churn       of the writes every other overwrites an entry; the rest erases one and puts the
//               one erased before back, so that the size stays
//   gap         between two cycles the mutator runs for that long
//
// Then std::map does the first two, as a measure of what this machine is.
//
//   bytes/entry       what the map says it has touched
//   committed/entry   by how much the heap has grown with the map, after a cycle and its sweep:
//                     a check of the former
//
// Only the mutator thread uses the map: it is one writer's.

#include "tools/bench/pauses.hpp"

#include <fmt/format.h>

#include <atomic>
#include <chrono>
#include <exception>
#include <memory>
#include <mutex>
#include <semaphore>
#include <thread>
#include <utility>

#include <midden/midden.hpp>

#include "tools/bench/cases.hpp"
#include "tools/bench/map_work.hpp"
#include "tools/bench/workers.hpp"

namespace bench {

namespace {

constexpr int passes = 3;

// What the cycles were, once it has been added to a Runtime.
class CycleLog final : public midden::Observer {
 public:
  void cycle_ended(const midden::CycleReport& report) override {
    const std::lock_guard lock(mutex_);
    reports_.push_back(report);
  }
  std::vector<midden::CycleReport> take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(reports_, {});
  }

 private:
  std::mutex mutex_;
  std::vector<midden::CycleReport> reports_;
};

// Fills and looks up: what every subject does.
template <class M>
void fill_and_look_up(M& map, const PauseOptions& options, const KeyBatch& hits, MapFigures& figures) {
  const KeyStyle style = options.maps.style();
  if (options.outlier) map.insert(outlier_key, -1);
  {
    Progress progress(figures.subject + ", inserts", options.entries);
    Filler filler(style, options.entries);
    figures.insert_ns = filler.fill(map, options.entries, progress) * 1e9 / static_cast<double>(options.entries);
  }
  Samples seconds;
  Progress progress(figures.subject + ", look-ups", passes);
  for (int pass = 0; pass < passes; ++pass, progress.step()) seconds.add(look_up(map, hits));
  figures.lookup_ns = seconds.median() * 1e9 / static_cast<double>(hits.size());
}

// Keeps a map busy until told to stop.
class Churn {
 public:
  Churn(KeyStyle style, std::size_t entries) : style_(style), any_(0, entries - 1), random_(entries + 1) {}

  std::uint64_t operations() const { return operations_; }

  void run(const std::stop_token& stop, midden::Attach& here, HeapMap& map, const KeyBatch& hits) {
    erased_ = any_(random_);
    map.erase(keyed(erased_));
    std::size_t next = 0;
    while (!stop.stop_requested()) {
      for (std::size_t i = 0; i < batch; ++i) {
        midden::safepoint(here);
        if (i % 40 == 0) {
          move_one(map);
        } else if (i % 40 == 20) {
          overwrite_one(map);
        } else {
          found_ += map.get(hits.key(next)) ? 1 : 0;
          next = next + 1 == hits.size() ? 0 : next + 1;
        }
      }
      operations_ += batch;
    }
  }

  // Of all look-ups; what was erased at that moment is not found.
  std::uint64_t found() const { return found_; }

 private:
  static constexpr std::size_t batch = 80;

  const std::string& keyed(std::uint64_t number) {
    key_.clear();
    append_key(key_, style_, number);
    return key_;
  }
  void overwrite_one(HeapMap& map) {
    const std::uint64_t number = any_(random_);
    if (number != erased_) map.insert(keyed(number), static_cast<std::int64_t>(number));
  }
  void move_one(HeapMap& map) {
    map.insert(keyed(erased_), static_cast<std::int64_t>(erased_));
    erased_ = any_(random_);
    map.erase(keyed(erased_));
  }

  KeyStyle style_;
  std::uniform_int_distribution<std::uint64_t> any_;
  std::mt19937_64 random_;
  std::string key_;
  std::uint64_t erased_ = 0;
  std::uint64_t found_ = 0;
  std::atomic<std::uint64_t> operations_{0};  // written by the mutator alone
};

// Bytes that the heap holds from the system, without what the last cycle left to sweep.
double settled_bytes(midden::Runtime& runtime) {
  runtime.collect();
  while (!runtime.idle(std::chrono::seconds(1))) continue;
  return static_cast<double>(runtime.heap().committed_bytes);
}

// The mutator's thread. Releases `ready` when churning begins, or will not.
class Mutator {
 public:
  Mutator(midden::Runtime& runtime, const PauseOptions& options, const KeyBatch& hits, MapFigures& figures)
      : churn_(options.maps.style(), options.entries), thread_([&, this](const std::stop_token& stop) {
          try {
            run(stop, runtime, options, hits, figures);
          } catch (...) {
            failure_ = std::current_exception();
          }
          ready_.release();
        }) {}

  // False where it has failed before.
  bool wait_until_busy() {
    ready_.acquire();
    return busy_;
  }
  std::uint64_t operations() const { return churn_.operations(); }
  // Throws what the thread has thrown.
  void finish() {
    thread_.request_stop();
    thread_.join();
    if (failure_) std::rethrow_exception(failure_);
  }

 private:
  void run(const std::stop_token& stop, midden::Runtime& runtime, const PauseOptions& options, const KeyBatch& hits,
           MapFigures& figures) {
    midden::Attach here(runtime, "mutator");
    const double before = settled_bytes(runtime);
    HeapMap map(here, figures.subject);
    fill_and_look_up(map, options, hits, figures);
    const double bytes = settled_bytes(runtime) - before;
    const midden::MapStats stats = map.stats();
    figures.bytes_per_entry = static_cast<double>(stats.bytes) / static_cast<double>(stats.entries);
    figures.committed_per_entry = bytes / static_cast<double>(stats.entries);
    busy_ = true;
    ready_.release();
    churn_.run(stop, here, map, hits);
  }

  Churn churn_;
  std::exception_ptr failure_;
  std::counting_semaphore<2> ready_{0};
  bool busy_ = false;  // written before ready_ is released, read after it is acquired
  std::jthread thread_;
};

MapFigures measure_backend(const std::string& backend, const PauseOptions& options, const KeyBatch& hits) {
  MapFigures figures{.subject = backend};
  CycleLog log;
  midden::Runtime runtime(with_workers(static_cast<std::uint32_t>(options.workers)));
  runtime.add_observer(log);
  Mutator mutator(runtime, options, hits, figures);
  if (mutator.wait_until_busy()) {
    log.take();
    Progress progress(backend + ", cycles", options.cycles);
    const std::uint64_t operations = mutator.operations();
    const Stopwatch watch;
    for (std::size_t i = 0; i < options.cycles; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(options.gap_ms));
      runtime.collect();
      progress.step();
    }
    figures.mutator_ops_per_s = static_cast<double>(mutator.operations() - operations) / watch.seconds();
  }
  mutator.finish();
  for (const midden::CycleReport& report : log.take()) {
    const double pause = static_cast<double>(report.pause_ns) / 1e3;
    figures.pause_us.add(pause);
    figures.pauses_in_order.push_back(pause);
    for (std::size_t i = 0; i < midden::phase_count; ++i) {
      figures.phase_us[i].add(static_cast<double>(report.phase_ns[i]) / 1e3);
    }
    figures.references.add(static_cast<double>(report.references_scanned));
  }
  return figures;
}

MapFigures measure_std_map(const PauseOptions& options, const KeyBatch& hits) {
  MapFigures figures{.subject = "std_map"};
  TreeMap map;
  fill_and_look_up(map, options, hits, figures);
  return figures;
}

void run_pauses(const PauseOptions& options, Output& output) {
  const std::unique_ptr<OutputFile> plot = output.open(options.plot);
  const KeyBatch hits = random_hits(options.maps.style(), options.entries, options.lookups);
  std::vector<MapFigures> maps;
  for (const std::string& backend : options.maps.chosen()) maps.push_back(measure_backend(backend, options, hits));
  maps.push_back(measure_std_map(options, hits));

  print_pauses(options, maps, output.text());
  add_pauses(options, maps, output);
  if (plot != nullptr) {
    plot->write(plot_pauses(options, maps));
    fmt::print(output.text(), "\nPlot: {}\n", options.plot);
  }
}

}  // namespace

Case pauses_case(CLI::App& app) {
  const auto options = std::make_shared<PauseOptions>();
  CLI::App* command =
      app.add_subcommand("pauses", "Pauses while a mutator uses a large map; the map's speed and space");
  add_entries(*command, "--entries", options->entries, "Entries of the map");
  add_map_choice(*command, options->maps);
  command->add_flag("--outlier", options->outlier, "Insert the key \"a\" too, which shares no prefix with the others");
  add_number(*command, "--lookups", options->lookups, 1, 100'000'000, "Look-ups in each of three passes");
  add_number(*command, "--cycles", options->cycles, 1, 1'000'000, "Cycles to run");
  add_number(*command, "--gap", options->gap_ms, 0, 10'000, "Milliseconds between two cycles");
  add_number(*command, "--workers", options->workers, 0, 16, "Threads that mark; 0: the default");
  command->add_option("--plot", options->plot, "Write the pauses as a plot, in SVG")->type_name("FILE");
  return {command, [options](Output& output) { run_pauses(*options, output); }};
}

}  // namespace bench
