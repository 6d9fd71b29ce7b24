// midden-bench churn: a large heap of small objects that are replaced one by one, at random.
//
//   table   | slot | slot | slot | ...        one object, as large as a reference for each node
//               |      |
//   node    | next | payload, 56 bytes |      64 bytes; `next` is null, but a collector has to look
//
//   operation   a new node with its slot's number in it takes the place of the one in a random
//               slot, which malloc and mimalloc free
//   batch       1,000 operations: their latency is measured together
//
// The table is filled, then each slot is filled anew in an order that jumps through all of it:
// nodes lie as they would after a long time. Then operations are counted for as long as asked, with
// the cycles of that time. A node that is not what its slot says at the end is an error.
//
// Subjects: midden, make<Node> as the README writes it; midden-unsafe, the raw variant; the peers
// (peers/makers.hpp, peers/programs.hpp). Each has a process of its own, with the same sequence of
// slots, or a random one of its own in Go and Java.
//
// Threads: one, and those of the collector.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <numeric>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <midden/array.hpp>
#include <midden/midden.hpp>

#include "tools/bench/cases.hpp"
#include "tools/bench/child.hpp"
#include "tools/bench/cycles.hpp"
#include "tools/bench/dice.hpp"
#include "tools/bench/peers/makers.hpp"
#include "tools/bench/peers/programs.hpp"
#include "tools/bench/progress.hpp"
#include "tools/bench/ratios.hpp"
#include "tools/bench/subjects.hpp"
#include "tools/bench/table.hpp"
#include "tools/bench/timing.hpp"
#include "tools/bench/workers.hpp"

namespace bench {

namespace {

constexpr std::size_t batch = 1000;

struct ChurnOptions {
  SubjectChoice subjects;
  std::size_t bytes = std::size_t{256} << 20;
  double seconds = 5;
  std::size_t workers = std::clamp(std::thread::hardware_concurrency(), 1U, 16U);
};

using Payload = std::array<std::uint64_t, 7>;

struct Node {
  midden::Ref<Node> next;
  Payload payload;
  static constexpr auto midden_refs = midden::refs<Node>(&Node::next);
};

struct PlainNode {
  PlainNode* next;
  Payload payload;
};

static_assert(sizeof(Node) == 64 && sizeof(PlainNode) == 64);

// A heap has a table of slots, and
//
//   replace(slot)    puts a new node there
//   payload(slot)    of the node that is there
//   begin()          from here on cycles count

class Managed {
 public:
  Managed(std::uint32_t workers, std::size_t slots) : runtime_(with_workers(workers)), here_(runtime_) {
    table_ = midden::make_array<midden::Ref<Node>>(slots);
  }

  void replace(std::size_t slot) {
    const midden::Root<Node> node = midden::make<Node>();
    node->payload.fill(slot);
    (*table_)[slot] = node;
  }
  const Payload& payload(std::size_t slot) const { return (*table_)[slot]->payload; }

  void begin() { runtime_.add_observer(cycles_); }
  nlohmann::ordered_json figures() const { return cycles_.figures(); }

 protected:
  Cycles cycles_;
  midden::Runtime runtime_;
  midden::Attach here_;
  midden::Root<midden::Array<midden::Ref<Node>>> table_;
};

class Unsafe : public Managed {
 public:
  using Managed::Managed;

  void replace(std::size_t slot) {
    Node* const node = midden::unsafe::make<Node>(here_);
    node->payload.fill(slot);
    (*table_)[slot] = node;
  }
};

template <class Maker>
class Peer {
 public:
  Peer(std::uint32_t workers, std::size_t slots) {
    Maker::start(workers, 1);
    if constexpr (Maker::collects) {
      table_ = static_cast<PlainNode**>(bdwgc::allocate(slots * sizeof(PlainNode*)));
    } else {
      plain_table_.resize(slots);
      table_ = plain_table_.data();
    }
  }

  void replace(std::size_t slot) {
    auto* const node = static_cast<PlainNode*>(maker_.make(sizeof(PlainNode)));
    node->next = nullptr;
    node->payload.fill(slot);
    Maker::release(std::exchange(table_[slot], node));
  }
  const Payload& payload(std::size_t slot) const { return table_[slot]->payload; }

  void begin() {
    if constexpr (Maker::collects) earlier_cycles_ = bdwgc::cycles().size();
  }
  nlohmann::ordered_json figures() const {
    return Maker::collects ? Cycles::of_bdwgc(earlier_cycles_).figures() : nlohmann::ordered_json::object();
  }

 private:
  Maker maker_;
  PlainNode** table_ = nullptr;  // on the stack, with all of this: bdwgc finds it
  std::vector<PlainNode*> plain_table_;
  std::size_t earlier_cycles_ = 0;
};

// Fills the slots once more, each once, in jumps.
template <class Heap>
void replace_all(Heap& heap, std::size_t slots) {
  std::size_t step = slots * 5 / 8 + 1;
  while (std::gcd(step, slots) != 1) ++step;
  std::size_t slot = 0;
  for (std::size_t i = 0; i < slots; ++i) {
    heap.replace(slot);
    slot = (slot + step) % slots;
  }
}

template <class Heap>
void verify(const Heap& heap, std::size_t slots) {
  for (std::size_t slot = 0; slot < slots; ++slot) {
    for (const std::uint64_t word : heap.payload(slot)) {
      if (word != slot) throw std::runtime_error(fmt::format("slot {} has a node that says {}", slot, word));
    }
  }
}

template <class Heap>
nlohmann::ordered_json run(const ChurnOptions& options) {
  const std::size_t slots = options.bytes / sizeof(Node);
  Heap heap(static_cast<std::uint32_t>(options.workers), slots);
  for (std::size_t slot = 0; slot < slots; ++slot) heap.replace(slot);
  replace_all(heap, slots);

  heap.begin();
  Dice dice(slots);
  std::vector<double> batches_us;
  const Stopwatch whole;
  do {
    const Stopwatch watch;
    for (std::size_t i = 0; i < batch; ++i) heap.replace(dice.below(slots));
    batches_us.push_back(watch.seconds() * 1e6);
  } while (whole.seconds() < options.seconds);
  const double seconds = whole.seconds();

  verify(heap, slots);
  nlohmann::ordered_json figures = heap.figures();
  figures["operations_per_s"] = static_cast<double>(batches_us.size() * batch) / 1e6 / seconds;
  const Samples latency(std::move(batches_us));
  figures["p50"] = latency.median();
  figures["p99"] = latency.quantile(0.99);
  figures["p99.9"] = latency.quantile(0.999);
  figures["p99.99"] = latency.quantile(0.9999);
  figures["max"] = latency.most();
  return figures;
}

// Filling takes its time, too, and more than that where memory is short.
std::chrono::milliseconds limit_of(const ChurnOptions& options) {
  return std::chrono::minutes(30) + std::chrono::milliseconds(static_cast<std::int64_t>(options.seconds * 1e3));
}

ChildFigures measure_program(const Program& program, const ChurnOptions& options) {
  constexpr std::uint64_t java_bytes_per_slot = 72 + 4;
  const std::uint64_t slots = options.bytes / sizeof(Node);
  return program.measure({.name = "churn",
                          .numbers = {slots, static_cast<std::uint64_t>(options.seconds * 1e3)},
                          .live_bytes = slots * java_bytes_per_slot,
                          .workers = options.workers,
                          .limit = limit_of(options)});
}

struct Subject {
  std::string name;
  std::function<ChildFigures()> measure;
  bool collects = true;
  ChildFigures found{};

  double value(const char* of) const { return found.figures[of].get<double>(); }
};

std::vector<Subject> measured_subjects(const ChurnOptions& options) {
  std::vector<Subject> subjects;
  const auto add = [&](const char* name, nlohmann::ordered_json (*run)(const ChurnOptions&), bool collects) {
    if (!options.subjects.has(name)) return;
    const auto measure = [=, &options] {
      return measure_in_child(
          name, [&] { return run(options); }, limit_of(options));
    };
    subjects.push_back({name, measure, collects});
  };
  add("midden", run<Managed>, true);
  add("midden-unsafe", run<Unsafe>, true);
  add(Packaged::name, run<Peer<Packaged>>, true);
  add(Tuned::name, run<Peer<Tuned>>, true);
  add(Malloc::name, run<Peer<Malloc>>, false);
  add(Mimalloc::name, run<Peer<Mimalloc>>, false);
  for (const Program& program : programs()) {
    if (options.subjects.has(program.name)) {
      subjects.push_back({program.name, [&] { return measure_program(program, options); }});
    }
  }
  Progress progress("churn", subjects.size());
  for (Subject& subject : subjects) {
    subject.found = subject.measure();
    progress.step();
  }
  return subjects;
}

void report(const std::vector<Subject>& subjects, const ChurnOptions& options, Output& output) {
  const nlohmann::ordered_json parameters{
      {"bytes", options.bytes}, {"seconds", options.seconds}, {"workers", options.workers}};
  Ratios ratios;
  Ratios pause_ratios;
  for (const Subject& subject : subjects) {
    ratios.add(subject.name, 1 / subject.value("operations_per_s"));
    if (subject.collects) pause_ratios.add(subject.name, subject.value("pause_ns_max"));
  }
  std::vector<std::string> header{"", "M operations/s"};
  for (std::string& name : ratios.header()) header.push_back(std::move(name));
  header.insert(header.end(), {"p50 us", "p99", "p99.9", "p99.99", "max", "cycles", "pause max us"});
  for (const std::string& name : pause_ratios.header()) header.push_back("pause " + name);
  header.push_back("peak RSS MiB");
  Table table(std::move(header));
  for (const Subject& subject : subjects) {
    const auto add = [&](std::string_view metric, std::string_view unit, double value) {
      output.add("churn", subject.name, parameters, metric, unit, value);
    };
    add("operations_per_s", "M/s", subject.value("operations_per_s"));
    std::vector<std::string> cells{subject.name, figure(subject.value("operations_per_s"))};
    for (std::string& cell :
         ratios.report(subject.name, [&](std::string_view metric, double ratio) { add(metric, "ratio", ratio); })) {
      cells.push_back(std::move(cell));
    }
    for (const char* const quantile : {"p50", "p99", "p99.9", "p99.99", "max"}) {
      add(fmt::format("batch_us_{}", quantile), "us", subject.value(quantile));
      cells.push_back(figure(subject.value(quantile)));
    }
    if (subject.collects) {
      add("cycles", "count", subject.value("cycles"));
      add("pause_us_max", "us", subject.value("pause_ns_max") / 1e3);
      cells.insert(cells.end(), {figure(subject.value("cycles")), figure(subject.value("pause_ns_max") / 1e3)});
      for (std::string& cell : pause_ratios.report(subject.name, [&](std::string_view metric, double ratio) {
             add(fmt::format("pause_{}", metric), "ratio", ratio);
           })) {
        cells.push_back(std::move(cell));
      }
    } else {
      cells.insert(cells.end(), 2 + pause_ratios.header().size(), "-");
    }
    const auto peak_rss_bytes = static_cast<double>(subject.found.peak_rss_bytes);
    add("peak_rss_bytes", "bytes", peak_rss_bytes);
    cells.push_back(figure(peak_rss_bytes / (1 << 20)));
    table.row(std::move(cells));
  }
  fmt::print(output.text(), "Replacing random ones of {} nodes of {} bytes for {} s, {} marking threads\n\n",
             options.bytes / sizeof(Node), sizeof(Node), options.seconds, options.workers);
  table.print(output.text());
  fmt::print(output.text(),
             "\nRatios: the row's operations per second by the other's; behind the pause, the other's by the row's. "
             "Latency: of {} operations together.\n{}",
             batch, options.subjects.missing_peers());
}

}  // namespace

Case churn_case(CLI::App& app) {
  const auto options = std::make_shared<ChurnOptions>();
  CLI::App* command = app.add_subcommand("churn", "Replacing objects of a large heap at random");
  add_subjects(*command, options->subjects, allocating_subjects());
  add_bytes(*command, "--bytes", options->bytes, 4096, std::size_t{64} << 30, "Size of all nodes");
  add_seconds(*command, "--seconds", options->seconds, "Time for each subject, once its table is full");
  add_number(*command, "--workers", options->workers, 1, 16, "Threads that mark");
  return {command, [options](Output& output) { report(measured_subjects(*options), *options, output); }};
}

}  // namespace bench
