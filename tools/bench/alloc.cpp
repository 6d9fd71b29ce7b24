// midden-bench alloc: making objects of one size that are dropped at once.
//
//   row       a size, a number of threads; each thread makes as many objects, and writes the first
//             word of each
//   dropped   a collector's objects are referred to by nobody; malloc and mimalloc free an object
//             when 64 others have been made after it, from a ring on the stack of its thread
//
// Subjects: midden, make<Block> as the README writes it; midden-unsafe, the raw variant; the peers
// (peers/makers.hpp, peers/programs.hpp). Midden's blocks are leaves, so are those of Go and Java; what
// GC_MALLOC makes may have references. All come zeroed but those of malloc and mimalloc.
//
// All subjects in turn, as often as asked, each in a process of its own. Time is that of the
// slowest thread, from when all are there to its last object; a thread's own objects count for ns
// per object, all of them for objects per second.
//
// Threads: as many as the row says, the main thread one of them, and those of the collector.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <midden/midden.hpp>

#include "tools/bench/cases.hpp"
#include "tools/bench/child.hpp"
#include "tools/bench/cycles.hpp"
#include "tools/bench/peers/makers.hpp"
#include "tools/bench/peers/programs.hpp"
#include "tools/bench/progress.hpp"
#include "tools/bench/ratios.hpp"
#include "tools/bench/subjects.hpp"
#include "tools/bench/table.hpp"
#include "tools/bench/timing.hpp"
#include "tools/bench/together.hpp"

namespace bench {

namespace {

constexpr std::size_t least_bytes = 16;
constexpr std::size_t size_count = 9;
constexpr std::size_t most_bytes = least_bytes << (size_count - 1);

struct AllocOptions {
  SubjectChoice subjects;
  std::size_t from = least_bytes;
  std::size_t to = most_bytes;
  std::size_t threads = 2;
  std::size_t objects = 0;
  std::size_t repetitions = 3;
};

struct Row {
  std::size_t bytes;
  std::size_t threads;
  std::size_t objects;  // of each thread

  nlohmann::ordered_json parameters(std::size_t repetitions) const {
    return {{"bytes", bytes}, {"threads", threads}, {"objects", objects}, {"repetitions", repetitions}};
  }
};

template <std::size_t bytes>
struct Block {
  std::array<std::uint64_t, bytes / sizeof(std::uint64_t)> words;
  static constexpr midden::Leaf midden_leaf{};
};

// Writes to the memory; the compiler cannot do without it.
void use(void* memory, std::uint64_t word) {
  *static_cast<std::uint64_t*>(memory) = word;
  asm volatile("" : : "r"(memory) : "memory");
}

// Has `first` done by this thread and `other` by the others; answers the time of the slowest.
using Work = std::function<double(Start&)>;
double seconds_of(std::size_t threads, const Work& first, const Work& other) {
  const std::vector<double> seconds =
      together(threads, [&](std::size_t thread, Start& start) { return thread == 0 ? first(start) : other(start); });
  return *std::max_element(seconds.begin(), seconds.end());
}

template <bool raw, std::size_t bytes>
nlohmann::ordered_json run_managed(const Row& row) {
  Cycles cycles;
  midden::Runtime runtime;
  runtime.add_observer(cycles);
  const Work work = [&](Start& start) {
    midden::Attach here(runtime);
    return start.repeat(row.objects, [&](std::size_t i) {
      if constexpr (raw) {
        use(midden::unsafe::make<Block<bytes>>(here), i);
      } else {
        use(midden::make<Block<bytes>>().get(), i);
      }
    });
  };
  const double seconds = seconds_of(row.threads, work, work);
  nlohmann::ordered_json figures = cycles.figures();
  figures["seconds"] = seconds;
  return figures;
}

template <class Maker>
double make_plain(Start& start, const Row& row) {
  Maker maker;
  if constexpr (Maker::collects) {
    return start.repeat(row.objects, [&](std::size_t i) { use(maker.make(row.bytes), i); });
  } else {
    std::array<void*, 64> ring{};
    const double seconds = start.repeat(row.objects, [&](std::size_t i) {
      void*& place = ring[i % ring.size()];
      Maker::release(place);
      place = maker.make(row.bytes);
      use(place, i);
    });
    for (void* const memory : ring) Maker::release(memory);
    return seconds;
  }
}

template <class Maker>
nlohmann::ordered_json run_peer(const Row& row) {
  Maker::start(0, row.threads);
  const double seconds = seconds_of(
      row.threads, [&](Start& start) { return make_plain<Maker>(start, row); },
      [&](Start& start) {
        [[maybe_unused]] MakerThread<Maker> here;
        return make_plain<Maker>(start, row);
      });
  nlohmann::ordered_json figures = Maker::collects ? Cycles::of_bdwgc().figures() : nlohmann::ordered_json::object();
  figures["seconds"] = seconds;
  return figures;
}

std::size_t index_of(std::size_t bytes) {
  return static_cast<std::size_t>(std::countr_zero(bytes) - std::countr_zero(least_bytes));
}

using Run = nlohmann::ordered_json (*)(const Row&);
using Runs = std::array<Run, size_count>;  // for each size

template <bool raw, std::size_t... i>
constexpr Runs managed_runs(std::index_sequence<i...>) {
  return {run_managed<raw, (least_bytes << i)>...};
}

template <class Maker>
Runs peer_runs() {
  Runs runs;
  runs.fill(run_peer<Maker>);
  return runs;
}

struct Subject {
  std::string name;
  std::function<ChildFigures(const Row&)> measure;
  bool collects = true;
};

std::vector<Subject> chosen_subjects(const AllocOptions& options) {
  constexpr std::make_index_sequence<size_count> sizes;
  std::vector<Subject> subjects;
  const auto add = [&](const char* name, const Runs& runs, bool collects) {
    if (!options.subjects.has(name)) return;
    const auto measure = [=](const Row& row) {
      return measure_in_child(name, [&] { return runs[index_of(row.bytes)](row); });
    };
    subjects.push_back({name, measure, collects});
  };
  add("midden", managed_runs<false>(sizes), true);
  add("midden-unsafe", managed_runs<true>(sizes), true);
  add(Packaged::name, peer_runs<Packaged>(), true);
  add(Tuned::name, peer_runs<Tuned>(), true);
  add(Malloc::name, peer_runs<Malloc>(), false);
  add(Mimalloc::name, peer_runs<Mimalloc>(), false);
  for (const Program& program : programs()) {
    if (!options.subjects.has(program.name)) continue;
    subjects.push_back({program.name, [&](const Row& row) {
                          return program.measure({.name = "alloc", .numbers = {row.bytes, row.threads, row.objects}});
                        }});
  }
  return subjects;
}

std::vector<std::size_t> sizes_of(const AllocOptions& options) {
  std::vector<std::size_t> sizes;
  for (std::size_t bytes = least_bytes; bytes <= options.to; bytes *= 2) {
    if (bytes >= options.from) sizes.push_back(bytes);
  }
  if (sizes.empty()) {
    throw UsageError(fmt::format("no power of two is from --from {} to --to {}", options.from, options.to));
  }
  return sizes;
}

std::vector<Row> rows_of(const AllocOptions& options) {
  std::vector<Row> rows;
  for (std::size_t threads = 1; threads <= options.threads; threads *= 2) {
    for (const std::size_t bytes : sizes_of(options)) {
      // About 0.3 s of any subject that is not slow.
      const std::size_t objects = options.objects != 0 ? options.objects : (std::size_t{1} << 30) / (bytes + 48);
      rows.push_back({bytes, threads, objects});
    }
  }
  return rows;
}

// What a subject took for a row.
struct Taken {
  Samples seconds;
  Samples cycles;
  Samples peak_rss_bytes;

  double ns_per_object(const Row& row) const { return seconds.median() * 1e9 / static_cast<double>(row.objects); }
  double millions_per_s(const Row& row) const {
    return seconds.median() > 0 ? static_cast<double>(row.threads * row.objects) / 1e6 / seconds.median() : 0;
  }
};

struct Results {
  std::vector<Row> rows;
  std::vector<Subject> subjects;
  std::vector<std::vector<Taken>> taken;  // for each row, for each subject

  // The first row is of the least size and one thread.
  std::size_t of_one_thread(std::size_t row) const {
    for (std::size_t i = 0;; ++i) {
      if (rows[i].bytes == rows[row].bytes) return i;
    }
  }
  double to_one_thread(std::size_t row, std::size_t subject) const {
    const std::size_t one = of_one_thread(row);
    const double base = taken[one][subject].millions_per_s(rows[one]);
    return base > 0 ? taken[row][subject].millions_per_s(rows[row]) / base : 0;
  }
};

Results measure(const AllocOptions& options) {
  Results results{rows_of(options), chosen_subjects(options), {}};
  results.taken.assign(results.rows.size(), std::vector<Taken>(results.subjects.size()));
  Progress progress("alloc", results.rows.size() * results.subjects.size() * options.repetitions);
  for (std::size_t repetition = 0; repetition < options.repetitions; ++repetition) {
    for (std::size_t r = 0; r < results.rows.size(); ++r) {
      const Row& row = results.rows[r];
      for (std::size_t s = 0; s < results.subjects.size(); ++s) {
        const Subject& subject = results.subjects[s];
        const ChildFigures child = subject.measure(row);
        Taken& taken = results.taken[r][s];
        taken.seconds.add(child.figures["seconds"].get<double>());
        if (subject.collects) taken.cycles.add(child.figures["cycles"].get<double>());
        taken.peak_rss_bytes.add(static_cast<double>(child.peak_rss_bytes));
        progress.step();
      }
    }
  }
  return results;
}

void add_rows(const Results& results, std::size_t repetitions, Output& output) {
  for (std::size_t r = 0; r < results.rows.size(); ++r) {
    const Row& row = results.rows[r];
    Ratios ratios;
    for (std::size_t s = 0; s < results.subjects.size(); ++s) {
      ratios.add(results.subjects[s].name, results.taken[r][s].ns_per_object(row));
    }
    for (std::size_t s = 0; s < results.subjects.size(); ++s) {
      const Subject& subject = results.subjects[s];
      const Taken& taken = results.taken[r][s];
      const auto add = [&](std::string_view metric, std::string_view unit, double value) {
        output.add("alloc", subject.name, row.parameters(repetitions), metric, unit, value);
      };
      add("ns_per_object", "ns", taken.ns_per_object(row));
      add("objects_per_s", "M/s", taken.millions_per_s(row));
      add("peak_rss_bytes", "bytes", taken.peak_rss_bytes.median());
      if (subject.collects) add("cycles", "count", taken.cycles.median());
      ratios.report(subject.name, [&](std::string_view metric, double ratio) { add(metric, "ratio", ratio); });
      if (row.threads > 1) add("ratio_to_one_thread", "ratio", results.to_one_thread(r, s));
    }
  }
}

// A row for each subject, a column for each size; `cell` answers what stands there.
void print(const Results& results, std::size_t threads, Output& output,
           const std::function<std::string(std::size_t row, std::size_t subject)>& cell) {
  std::vector<std::string> header{"bytes"};
  for (const Row& row : results.rows) {
    if (row.threads == threads) header.push_back(std::to_string(row.bytes));
  }
  Table table(std::move(header));
  for (std::size_t s = 0; s < results.subjects.size(); ++s) {
    std::vector<std::string> cells{results.subjects[s].name};
    for (std::size_t r = 0; r < results.rows.size(); ++r) {
      if (results.rows[r].threads == threads) cells.push_back(cell(r, s));
    }
    table.row(std::move(cells));
  }
  table.print(output.text());
}

void run_alloc(const AllocOptions& options, Output& output) {
  const Results results = measure(options);
  add_rows(results, options.repetitions, output);
  for (std::size_t threads = 1; threads <= options.threads; threads *= 2) {
    fmt::print(output.text(), "Making objects, {} thread{}, ns per object of each: median of {} runs, in turn\n\n",
               threads, threads == 1 ? "" : "s", options.repetitions);
    print(results, threads, output,
          [&](std::size_t r, std::size_t s) { return figure(results.taken[r][s].ns_per_object(results.rows[r])); });
    fmt::print(output.text(), "\n");
    if (threads == 1) continue;
    fmt::print(output.text(), "Objects per second of {} threads, by those of one\n\n", threads);
    print(results, threads, output,
          [&](std::size_t r, std::size_t s) { return figure(results.to_one_thread(r, s)) + "x"; });
    fmt::print(output.text(), "\n");
  }
  fmt::print(output.text(), "{}", options.subjects.missing_peers());
}

}  // namespace

Case alloc_case(CLI::App& app) {
  const auto options = std::make_shared<AllocOptions>();
  CLI::App* command = app.add_subcommand("alloc", "Making objects of one size, with one thread and more");
  add_subjects(*command, options->subjects, allocating_subjects());
  add_number(*command, "--from", options->from, least_bytes, most_bytes, "The least size in bytes");
  add_number(*command, "--to", options->to, least_bytes, most_bytes, "The largest; between them each power of two");
  add_number(*command, "--threads", options->threads, 1, 64, "Threads: 1, 2, 4 ... up to this");
  add_number(*command, "--objects", options->objects, 0, 10'000'000'000, "Objects of each thread; 0: enough for 0.3 s");
  add_number(*command, "--repetitions", options->repetitions, 1, 1000, "Runs of each row");
  return {command, [options](Output& output) { run_alloc(*options, output); }};
}

}  // namespace bench
