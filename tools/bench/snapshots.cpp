// midden-bench snapshots: what a snapshot of a map that all threads use takes, and what it costs those who write.
//
//   first_us       the first after none was open and the map was written for a while
//   first_busy_us  the same, beside a thread that writes all the time
//   snapshot_us    others, while one is open: taken in runs of 64, which are closed together
//   beside a scan  a thread overwrites random keys while another walks over the whole map again and again: by the
//                  map's cursor, and over a snapshot taken for each walk. Slices of one and the other alternate; the
//                  ratio is that of their medians. Times are of the clock on the wall
//
// Where a backend copies the map for a snapshot, first and other ones cost the copy, and few are taken.
//
// Threads: the main thread, and one that writes.

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <future>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <midden/concurrent_map.hpp>
#include <midden/midden.hpp>

#include "tools/bench/cases.hpp"
#include "tools/bench/keys.hpp"
#include "tools/bench/map_options.hpp"
#include "tools/bench/progress.hpp"
#include "tools/bench/table.hpp"
#include "tools/bench/timing.hpp"

namespace bench {

namespace {

struct SnapshotsOptions {
  MapChoice maps;
  std::size_t entries = 1'000'000;
  std::size_t slices = 5;
  std::size_t slice_ms = 1000;
};

using SnapshotMap = midden::ConcurrentMap<std::string_view, std::int64_t>;

struct SnapshotFigures {
  Samples first_us, first_busy_us, snapshot_us;
  Samples alone_mops, cursor_mops, snapshot_mops;  // of the writer
  Samples cursor_scans, snapshot_scans;            // entries that the scanner has seen in a microsecond
};

// Overwrites random keys until it is told to stop; counts them.
class Writer {
 public:
  Writer(midden::Runtime& runtime, const midden::GlobalRoot<SnapshotMap>& map, const KeyBatch& keys)
      : done_(std::async(std::launch::async, [this, &runtime, &map, &keys] { write(runtime, *map.get(), keys); })) {
    while (written() == 0) std::this_thread::yield();
  }
  ~Writer() { stop_ = true; }
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  // Relaxed: counts that are compared with the clock.
  std::size_t written() const { return written_.load(std::memory_order_relaxed); }
  void finish() {
    stop_ = true;
    done_.get();
  }

 private:
  void write(midden::Runtime& runtime, SnapshotMap& map, const KeyBatch& keys) {
    midden::Attach here(runtime);
    std::minstd_rand random(1);
    for (std::size_t n = 1; !stop_.load(std::memory_order_relaxed); ++n) {
      map.insert_or_assign(here, keys.key(random() % keys.size()), static_cast<std::int64_t>(n));
      written_.store(n, std::memory_order_relaxed);
    }
  }

  std::atomic<bool> stop_{false};
  std::atomic<std::size_t> written_{0};
  std::future<void> done_;
};

template <class F>
double microseconds_of(F&& f) {
  const Stopwatch watch;
  f();
  return 1e6 * watch.seconds();
}

// Enough for a map whose snapshots are closed to do without versions again.
void overwrite_some(midden::Attach& here, SnapshotMap& map, const KeyBatch& keys) {
  for (std::size_t i = 0; i < 4096; ++i) map.insert_or_assign(here, keys.key(i % keys.size()), 0);
}

void take_first(midden::Attach& here, SnapshotMap& map, const KeyBatch& keys, std::size_t times, Samples& samples) {
  for (std::size_t i = 0; i < times; ++i) {
    overwrite_some(here, map, keys);
    samples.add(microseconds_of([&] { map.snapshot().close(); }));
  }
}

void take_others(SnapshotMap& map, std::size_t runs, std::size_t in_run, Samples& samples) {
  const auto open = map.snapshot();
  std::vector<decltype(map.snapshot())> others;
  others.reserve(in_run);
  for (std::size_t run = 0; run < runs; ++run) {
    others.clear();
    samples.add(microseconds_of([&] {
                  for (std::size_t i = 0; i < in_run; ++i) others.push_back(map.snapshot());
                }) /
                static_cast<double>(in_run));
  }
}

// For so long walks over what make() shows, from its begin again and again; returns how many entries it has seen.
template <class Make>
std::size_t scan_for(std::chrono::milliseconds time, Make&& make) {
  const auto end = std::chrono::steady_clock::now() + time;
  std::size_t seen = 0;
  std::uint64_t sum = 0;
  while (std::chrono::steady_clock::now() < end) {
    auto&& shown = make();
    for (const auto entry : *shown) {
      sum += static_cast<std::uint64_t>(entry.value);
      if (++seen % 4096 == 0 && std::chrono::steady_clock::now() >= end) break;
    }
  }
  asm volatile("" : : "r"(sum));
  return seen;
}

// What the writer and the scanner do meanwhile, in millions a second.
template <class Work>
void slice(const Writer& writer, Samples& written, Samples& scanned, Work&& work) {
  const std::size_t before = writer.written();
  const Stopwatch watch;
  const std::size_t seen = work();
  const double microseconds = 1e6 * watch.seconds();
  written.add(static_cast<double>(writer.written() - before) / microseconds);
  scanned.add(static_cast<double>(seen) / microseconds);
}

SnapshotFigures measure(const std::string& backend, const SnapshotsOptions& options) {
  midden::Runtime runtime;
  midden::Attach here(runtime);
  const auto made = midden::make_concurrent_map<std::string_view, std::int64_t>(here, {.backend = backend});
  const midden::GlobalRoot<SnapshotMap> shared(made);
  SnapshotMap& map = *made;
  KeyBatch keys(options.maps.style());
  for (const std::uint32_t number : shuffled(options.entries)) keys.add(number);
  {
    Progress progress(backend + ", build", options.entries);
    for (std::size_t i = 0; i < keys.size(); ++i) {
      map.insert_or_assign(here, keys.key(i), 0);
      progress.step();
    }
  }
  SnapshotFigures figures;
  // A copy takes long enough to be timed alone.
  const bool copies = microseconds_of([&] { map.snapshot().close(); }) > 10'000;
  take_first(here, map, keys, copies ? 3 : 101, figures.first_us);
  take_others(map, copies ? 3 : 101, copies ? 1 : 64, figures.snapshot_us);

  Writer writer(runtime, shared, keys);
  const std::chrono::milliseconds time(options.slice_ms);
  Samples none;
  Progress progress(backend + ", scans", options.slices);
  for (std::size_t i = 0; i < options.slices; ++i) {
    slice(writer, figures.alone_mops, none, [&] {
      const midden::Blocked waiting;
      std::this_thread::sleep_for(time);
      return std::size_t{0};
    });
    slice(writer, figures.cursor_mops, figures.cursor_scans, [&] { return scan_for(time, [&] { return &map; }); });
    slice(writer, figures.snapshot_mops, figures.snapshot_scans,
          [&] { return scan_for(time, [&] { return map.snapshot(); }); });
    progress.step();
  }
  for (std::size_t i = 0; i < (copies ? 3 : 101); ++i) {
    {
      const midden::Blocked waiting;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    figures.first_busy_us.add(microseconds_of([&] { map.snapshot().close(); }));
  }
  writer.finish();
  return figures;
}

void report(const std::string& backend, const SnapshotsOptions& options, const SnapshotFigures& found, Table& table,
            Output& output) {
  const nlohmann::ordered_json parameters{{"entries", options.entries}, {"keys", options.maps.keys}};
  const auto add = [&](std::string_view metric, std::string_view unit, double value) {
    output.add("snapshots", backend, parameters, metric, unit, value);
  };
  const double ratio = found.snapshot_mops.median() / found.cursor_mops.median();
  add("first_us", "us", found.first_us.median());
  add("first_busy_us", "us", found.first_busy_us.median());
  add("snapshot_us", "us", found.snapshot_us.median());
  add("write_alone_mops", "Mops/s", found.alone_mops.median());
  add("write_beside_cursor_mops", "Mops/s", found.cursor_mops.median());
  add("write_beside_snapshot_mops", "Mops/s", found.snapshot_mops.median());
  add("write_snapshot_ratio_to_cursor", "ratio", ratio);
  add("scan_cursor_mops", "Mops/s", found.cursor_scans.median());
  add("scan_snapshot_mops", "Mops/s", found.snapshot_scans.median());
  table.row({backend, figure(found.first_us.median()), figure(found.first_busy_us.median()),
             figure(found.snapshot_us.median()), figure(found.alone_mops.median()), figure(found.cursor_mops.median()),
             figure(found.snapshot_mops.median()), figure(ratio), figure(found.cursor_scans.median()),
             figure(found.snapshot_scans.median())});
}

void run_snapshots(const SnapshotsOptions& options, Output& output) {
  Table table({"backend", "first us", "busy us", "others us", "writes alone", "beside cursor", "beside snapshot",
               "ratio", "cursor scans", "snapshot scans"});
  for (const std::string& backend : options.maps.chosen()) {
    report(backend, options, measure(backend, options), table, output);
  }
  fmt::print(output.text(), "Snapshots of a map of {} {} keys; writes and entries scanned in millions a second\n\n",
             options.entries, options.maps.keys);
  table.print(output.text());
}

}  // namespace

Case snapshots_case(CLI::App& app) {
  const auto options = std::make_shared<SnapshotsOptions>();
  CLI::App* command = app.add_subcommand("snapshots", "Snapshots of a map, and writers beside a scan of one");
  add_entries(*command, "--entries", options->entries, "Entries of the map");
  add_map_choice(*command, options->maps);
  add_number(*command, "--slices", options->slices, 1, 1000, "Slices of each kind of scan");
  add_number(*command, "--slice-ms", options->slice_ms, 1, 60'000, "Milliseconds of a slice");
  return {command, [options](Output& output) { run_snapshots(*options, output); }};
}

}  // namespace bench
