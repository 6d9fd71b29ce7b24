// midden-bench gcbench: Ellis, Kovac and Boehm's GCBench.
//
//   stretch tree      one of depth D + 2, made and dropped
//   long-lived        a tree of depth D, and an array of 500,000 numbers, kept to the end
//   short-lived       for d = 4, 6 ... D: as many trees of depth d as have twice the nodes of the
//                     stretch tree, top-down, then as many bottom-up, each dropped at once
//
//   node   | left | right | int | int |    24 bytes
//
//   top-down    a node is made, then what hangs from it: old objects refer to younger ones
//   bottom-up   what hangs from a node is made before it
//
// It runs on
//
//   midden          as the README writes it: make<Node>, which returns a Root
//   midden-unsafe   top-down raw; bottom-up with roots, but without looking for the thread
//   the peers       peers/makers.hpp: bdwgc, bdwgc-tuned, malloc, mimalloc
//                   peers/programs.hpp: go, java-g1, java-parallel
//
// in turn, as often as asked, each run in a process of its own. The time is from the beginning of
// the heap to the last short-lived tree; a run whose long-lived tree is not whole then is an error. How
// long they mark is not asked of Go and Java, which do so in part beside the program.
//
// Threads: one, and those of the collector.

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <midden/array.hpp>
#include <midden/midden.hpp>

#include "tools/bench/cases.hpp"
#include "tools/bench/child.hpp"
#include "tools/bench/cycles.hpp"
#include "tools/bench/peers/bdwgc.hpp"
#include "tools/bench/peers/makers.hpp"
#include "tools/bench/peers/plain_trees.hpp"
#include "tools/bench/peers/programs.hpp"
#include "tools/bench/progress.hpp"
#include "tools/bench/ratios.hpp"
#include "tools/bench/subjects.hpp"
#include "tools/bench/table.hpp"
#include "tools/bench/timing.hpp"
#include "tools/bench/workers.hpp"

namespace bench {

namespace {

constexpr std::size_t least_depth = 4;
constexpr std::size_t stretch = 2;
constexpr std::size_t numbers = 500'000;

struct GcbenchOptions {
  SubjectChoice subjects;
  std::size_t depth = 16;
  std::size_t repetitions = 5;
  std::size_t workers = std::clamp(std::thread::hardware_concurrency(), 1U, 16U);
};

struct Node {
  midden::Ref<Node> left;
  midden::Ref<Node> right;
  std::int32_t i = 0;
  std::int32_t j = 0;
  Node() = default;
  Node(const midden::Root<Node>& l, const midden::Root<Node>& r) : left(l), right(r) {}
  static constexpr auto midden_refs = midden::refs<Node>(&Node::left, &Node::right);
};

struct PlainNode {
  PlainNode* left;
  PlainNode* right;
  std::int32_t i;
  std::int32_t j;
};

static_assert(sizeof(Node) == 24 && sizeof(PlainNode) == 24);

std::uint64_t tree_size(std::size_t depth) { return (std::uint64_t{2} << depth) - 1; }

// A heap has
//
//   node()               a tree of one node; a Tree drops what it holds when it ends
//   top_down(tree, d)    lets the tree, which is one node, grow to depth d
//   bottom_up(d)         a tree of depth d
//   array()              of numbers, each zero: array[i]
//   top(tree)            its top node

class Managed {
 public:
  using Tree = midden::Root<Node>;

  explicit Managed(std::uint32_t workers) : runtime_(with_workers(workers)), here_(runtime_) {
    runtime_.add_observer(cycles_);
  }

  static Tree node() { return midden::make<Node>(); }
  static void top_down(const Tree& tree, std::size_t depth) { grow(*tree, depth); }
  static Tree bottom_up(std::size_t depth) {
    if (depth == 0) return midden::make<Node>();
    return midden::make<Node>(bottom_up(depth - 1), bottom_up(depth - 1));
  }
  struct Array {
    midden::Root<midden::Array<double>> elements = midden::make_array<double>(numbers);
    double& operator[](std::size_t i) { return (*elements)[i]; }
  };
  static Array array() { return {}; }
  static const Node& top(const Tree& tree) { return *tree; }

  nlohmann::ordered_json figures() const { return cycles_.figures(); }

 protected:
  midden::Attach& here() { return here_; }

 private:
  static void grow(Node& node, std::size_t depth) {
    if (depth == 0) return;
    node.left = midden::make<Node>();
    node.right = midden::make<Node>();
    grow(*node.left, depth - 1);
    grow(*node.right, depth - 1);
  }

  Cycles cycles_;
  midden::Runtime runtime_;
  midden::Attach here_;
};

class Unsafe : public Managed {
 public:
  using Managed::Managed;

  Tree node() { return midden::make<Node>(here()); }
  void top_down(const Tree& tree, std::size_t depth) { grow(here(), *tree, depth); }
  Tree bottom_up(std::size_t depth) { return bottom_up(here(), depth); }

 private:
  // Safe without roots: each node hangs in the tree before the next one is made.
  static void grow(midden::Attach& here, Node& node, std::size_t depth) {
    if (depth == 0) return;
    node.left = midden::unsafe::make<Node>(here);
    node.right = midden::unsafe::make<Node>(here);
    grow(here, *node.left, depth - 1);
    grow(here, *node.right, depth - 1);
  }
  static Tree bottom_up(midden::Attach& here, std::size_t depth) {
    if (depth == 0) return midden::make<Node>(here);
    return midden::make<Node>(here, bottom_up(here, depth - 1), bottom_up(here, depth - 1));
  }
};

template <class Maker>
class Peer : public PlainTrees<Maker, PlainNode> {
 public:
  explicit Peer(std::uint32_t workers) { Maker::start(workers, 1); }

  static auto array() {
    if constexpr (Maker::collects) {
      auto* const elements = static_cast<double*>(bdwgc::allocate_leaf(numbers * sizeof(double)));
      std::fill_n(elements, numbers, 0.0);
      return elements;
    } else {
      return std::vector<double>(numbers);
    }
  }

  static nlohmann::ordered_json figures() {
    return Maker::collects ? Cycles::of_bdwgc().figures() : nlohmann::ordered_json::object();
  }
};

template <class N>
std::uint64_t count(const N& node) {
  return node.left != nullptr ? 1 + count(*node.left) + count(*node.right) : 1;
}

template <class Heap>
nlohmann::ordered_json run(const GcbenchOptions& options) {
  const Stopwatch watch;
  Heap heap(static_cast<std::uint32_t>(options.workers));
  static_cast<void>(heap.bottom_up(options.depth + stretch));
  const auto kept = heap.node();
  heap.top_down(kept, options.depth);
  auto array = heap.array();
  for (std::size_t i = 1; i < numbers / 2; ++i) array[i] = 1.0 / static_cast<double>(i);
  for (std::size_t d = least_depth; d <= options.depth; d += 2) {
    const std::uint64_t trees = 2 * tree_size(options.depth + stretch) / tree_size(d);
    for (std::uint64_t left = trees; left > 0; --left) {
      const auto tree = heap.node();
      heap.top_down(tree, d);
    }
    for (std::uint64_t left = trees; left > 0; --left) static_cast<void>(heap.bottom_up(d));
  }
  const double seconds = watch.seconds();
  const std::uint64_t nodes = count(heap.top(kept));
  if (nodes != tree_size(options.depth) || array[1000] != 1.0 / 1000) {
    throw std::runtime_error(fmt::format("{} long-lived nodes are left of {}", nodes, tree_size(options.depth)));
  }
  nlohmann::ordered_json figures = heap.figures();
  figures["seconds"] = seconds;
  return figures;
}

// The stretch tree, or the long-lived one with the array and a short-lived one.
ChildFigures measure_program(const Program& program, const GcbenchOptions& options) {
  constexpr std::uint64_t java_node_bytes = 32;
  return program.measure({.name = "gcbench",
                          .numbers = {options.depth},
                          .live_bytes = tree_size(options.depth + stretch) * java_node_bytes + numbers * sizeof(double),
                          .workers = options.workers});
}

struct Subject {
  std::string name;
  std::function<ChildFigures()> measure;
  bool collects = true;
  Samples seconds{};
  Samples cycles{};
  Samples mark_ms{};
  Samples pause_us_max{};  // of each run
  Samples peak_rss_bytes{};
};

std::vector<Subject> chosen_subjects(const GcbenchOptions& options) {
  std::vector<Subject> subjects;
  const auto add = [&](const char* name, nlohmann::ordered_json (*run)(const GcbenchOptions&), bool collects) {
    if (!options.subjects.has(name)) return;
    subjects.push_back(
        {name, [=, &options] { return measure_in_child(name, [&] { return run(options); }); }, collects});
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
  return subjects;
}

void measure(std::vector<Subject>& subjects, const GcbenchOptions& options) {
  Progress progress("gcbench", subjects.size() * options.repetitions);
  for (std::size_t repetition = 0; repetition < options.repetitions; ++repetition) {
    for (Subject& subject : subjects) {
      const ChildFigures child = subject.measure();
      subject.seconds.add(child.figures["seconds"].get<double>());
      subject.peak_rss_bytes.add(static_cast<double>(child.peak_rss_bytes));
      if (subject.collects) {
        subject.cycles.add(child.figures["cycles"].get<double>());
        if (child.figures.contains("mark_ns")) subject.mark_ms.add(child.figures["mark_ns"].get<double>() / 1e6);
        subject.pause_us_max.add(child.figures["pause_ns_max"].get<double>() / 1e3);
      }
      progress.step();
    }
  }
}

void report(const std::vector<Subject>& subjects, const GcbenchOptions& options, Output& output) {
  const nlohmann::ordered_json parameters{
      {"depth", options.depth}, {"repetitions", options.repetitions}, {"workers", options.workers}};
  Ratios ratios;
  for (const Subject& subject : subjects) ratios.add(subject.name, subject.seconds.median());
  std::vector<std::string> header = ratios.header();
  header.insert(header.begin(), {"", "best s", "median s"});
  header.insert(header.end(), {"cycles", "mark ms", "pause max us", "peak RSS MiB"});
  Table table(std::move(header));
  for (const Subject& subject : subjects) {
    const auto add = [&](std::string_view metric, std::string_view unit, double value) {
      output.add("gcbench", subject.name, parameters, metric, unit, value);
    };
    add("wall_s", "s", subject.seconds.median());
    add("wall_s_best", "s", subject.seconds.least());
    add("peak_rss_bytes", "bytes", subject.peak_rss_bytes.median());
    std::vector<std::string> cells =
        ratios.report(subject.name, [&](std::string_view metric, double ratio) { add(metric, "ratio", ratio); });
    cells.insert(cells.begin(), {subject.name, fmt::format("{:.3f}", subject.seconds.least()),
                                 fmt::format("{:.3f}", subject.seconds.median())});
    if (subject.collects) {
      add("cycles", "count", subject.cycles.median());
      const bool marks_alone = subject.mark_ms.count() > 0;
      if (marks_alone) add("mark_ms", "ms", subject.mark_ms.median());
      add("pause_us_max", "us", subject.pause_us_max.most());
      cells.insert(cells.end(), {figure(subject.cycles.median()), marks_alone ? figure(subject.mark_ms.median()) : "-",
                                 figure(subject.pause_us_max.most())});
    } else {
      cells.insert(cells.end(), {"-", "-", "-"});
    }
    cells.push_back(figure(subject.peak_rss_bytes.median() / (1 << 20)));
    table.row(std::move(cells));
  }
  fmt::print(output.text(), "GCBench of depth {}, {} runs each, in turn, {} marking threads\n\n", options.depth,
             options.repetitions, options.workers);
  table.print(output.text());
  fmt::print(output.text(),
             "\nRatios: the other's median time by the row's; above 1 the row is faster. Cycles and marking: of one "
             "run.\n{}",
             options.subjects.missing_peers());
}

}  // namespace

Case gcbench_case(CLI::App& app) {
  const auto options = std::make_shared<GcbenchOptions>();
  CLI::App* command = app.add_subcommand("gcbench", "GCBench against malloc, mimalloc, bdwgc, Go and Java");
  add_subjects(*command, options->subjects, allocating_subjects());
  add_number(*command, "--depth", options->depth, least_depth, 24, "Depth of the long-lived tree");
  add_number(*command, "--repetitions", options->repetitions, 1, 1000, "Runs of each program");
  add_number(*command, "--workers", options->workers, 1, 16, "Threads that mark");
  return {command, [options](Output& output) {
            std::vector<Subject> subjects = chosen_subjects(*options);
            measure(subjects, *options);
            report(subjects, *options, output);
          }};
}

}  // namespace bench
