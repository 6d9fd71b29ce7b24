// midden-bench trees: binary trees, made and dropped, against malloc, mimalloc, bdwgc, Go and Java.
//
// The program is the benchmarks game's "binary-trees":
//
//   stretch tree     one of depth D + 1, made, counted, dropped
//   long-lived tree  one of depth D, kept to the end
//   short-lived      for d = 4, 6 ... D: 2^(D - d + 4) trees of depth d, made, counted, dropped
//
//   node   | left | right |    16 bytes; malloc adds its own
//
// It runs on
//
//   midden          as the README writes it: make<Node>, which returns a Root
//   midden-unsafe   the raw variant: one root a tree, from which it grows downwards
//   the peers       peers/makers.hpp: bdwgc, bdwgc-tuned, malloc, mimalloc
//                   peers/programs.hpp: go, java-g1, java-parallel
//
// in turn, as often as asked, each run in a process of its own: the first touch of every page
// counts. The time is from the beginning of the heap to its end. All must count the same nodes.
//
// Threads: one, and those of the collector.

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <midden/midden.hpp>

#include "tools/bench/cases.hpp"
#include "tools/bench/child.hpp"
#include "tools/bench/cycles.hpp"
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

struct TreeOptions {
  SubjectChoice subjects;
  std::size_t depth = 18;
  std::size_t repetitions = 5;
  std::size_t workers = 0;
};

struct Node {
  midden::Ref<Node> left;
  midden::Ref<Node> right;
  static constexpr auto midden_refs = midden::refs<Node>(&Node::left, &Node::right);
};

struct PlainNode {
  PlainNode* left;
  PlainNode* right;
};

static_assert(sizeof(Node) == 16 && sizeof(PlainNode) == 16);

// A heap has make(d), a tree of depth d, which drops what it holds when it ends, and its top node.

class Managed {
 public:
  using Tree = midden::Root<Node>;

  explicit Managed(std::uint32_t workers) : runtime_(with_workers(workers)), here_(runtime_) {
    runtime_.add_observer(cycles_);
  }

  static Tree make(std::size_t depth) {
    if (depth == 0) return midden::make<Node>();
    return midden::make<Node>(make(depth - 1), make(depth - 1));
  }
  static const Node& top(const Tree& tree) { return *tree; }

  nlohmann::ordered_json figures() const { return cycles_.figures(); }

 protected:
  midden::Attach& here() { return here_; }

 private:
  Cycles cycles_;
  midden::Runtime runtime_;
  midden::Attach here_;
};

class Unsafe : public Managed {
 public:
  using Managed::Managed;

  Tree make(std::size_t depth) {
    Tree tree(midden::unsafe::make<Node>(here()));
    grow(here(), *tree, depth);
    return tree;
  }

 private:
  // Safe without roots: each node hangs in the tree before the next one is made.
  static void grow(midden::Attach& here, Node& node, std::size_t depth) {
    if (depth == 0) return;
    node.left = midden::unsafe::make<Node>(here);
    node.right = midden::unsafe::make<Node>(here);
    grow(here, *node.left, depth - 1);
    grow(here, *node.right, depth - 1);
  }
};

template <class Maker>
class Peer : public PlainTrees<Maker, PlainNode> {
 public:
  explicit Peer(std::uint32_t workers) { Maker::start(workers, 1); }
  auto make(std::size_t depth) { return this->bottom_up(depth); }
  static nlohmann::ordered_json figures() {
    return Maker::collects ? Cycles::of_bdwgc().figures() : nlohmann::ordered_json::object();
  }
};

template <class N>
std::uint64_t count(const N& node) {
  return node.left ? 1 + count(*node.left) + count(*node.right) : 1;
}

// The program; answers how many nodes it counted.
template <class Heap>
std::uint64_t program(Heap& heap, std::size_t depth) {
  const auto dropped = [&](std::size_t d) { return count(heap.top(heap.make(d))); };
  std::uint64_t nodes = dropped(depth + 1);
  const auto kept = heap.make(depth);
  for (std::size_t d = least_depth; d <= depth; d += 2) {
    for (std::uint64_t left = std::uint64_t{1} << (depth - d + least_depth); left > 0; --left) nodes += dropped(d);
  }
  return nodes + count(heap.top(kept));
}

template <class Heap>
nlohmann::ordered_json run(const TreeOptions& options) {
  const Stopwatch watch;
  nlohmann::ordered_json figures;
  std::uint64_t nodes = 0;
  {
    Heap heap(static_cast<std::uint32_t>(options.workers));
    nodes = program(heap, options.depth);
    figures = heap.figures();
  }
  figures["seconds"] = watch.seconds();
  figures["nodes"] = nodes;
  return figures;
}

// The stretch tree is the largest.
ChildFigures measure_program(const Program& program, const TreeOptions& options) {
  constexpr std::uint64_t java_node_bytes = 24;
  return program.measure({.name = "trees",
                          .numbers = {options.depth},
                          .live_bytes = (std::uint64_t{4} << options.depth) * java_node_bytes,
                          .workers = options.workers});
}

struct Subject {
  std::string name;
  std::function<ChildFigures()> measure;
  bool collects = true;
  Samples seconds{};
  Samples peak_rss_bytes{};
  // Of the cycles of all runs.
  double cycles = 0;
  double pauses = 0;
  double pause_us = 0;
  double pause_us_max = 0;
  double mark_ns = 0;
  double objects = 0;

  void add(const ChildFigures& child) {
    const auto value = [&](const char* of) { return child.figures[of].get<double>(); };
    seconds.add(value("seconds"));
    peak_rss_bytes.add(static_cast<double>(child.peak_rss_bytes));
    if (!collects) return;
    cycles += value("cycles");
    pauses += value(child.figures.contains("pauses") ? "pauses" : "cycles");
    pause_us += value("pause_ns") / 1e3;
    pause_us_max = std::max(pause_us_max, value("pause_ns_max") / 1e3);
    if (!counts_objects()) return;
    mark_ns += value("mark_ns");
    objects += value("objects");
  }
  bool counts_objects() const { return name.starts_with("midden"); }
  double pause_us_mean() const { return pauses == 0 ? 0 : pause_us / pauses; }
};

std::vector<Subject> chosen_subjects(const TreeOptions& options) {
  std::vector<Subject> subjects;
  const auto add = [&](const char* name, nlohmann::ordered_json (*run)(const TreeOptions&), bool collects) {
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

void measure(std::vector<Subject>& subjects, const TreeOptions& options) {
  std::uint64_t expected = 0;
  Progress progress("trees", subjects.size() * options.repetitions);
  for (std::size_t repetition = 0; repetition < options.repetitions; ++repetition) {
    for (Subject& subject : subjects) {
      const ChildFigures child = subject.measure();
      const auto nodes = child.figures["nodes"].get<std::uint64_t>();
      if (expected == 0) expected = nodes;
      if (nodes != expected) {
        throw std::runtime_error(fmt::format("{} counted {} nodes, not {}", subject.name, nodes, expected));
      }
      subject.add(child);
      progress.step();
    }
  }
}

void report(const std::vector<Subject>& subjects, const TreeOptions& options, Output& output) {
  const nlohmann::ordered_json parameters{
      {"depth", options.depth}, {"repetitions", options.repetitions}, {"workers", options.workers}};
  Ratios ratios;
  for (const Subject& subject : subjects) ratios.add(subject.name, subject.seconds.median());
  std::vector<std::string> header = ratios.header();
  header.insert(header.begin(), {"", "best s", "median s"});
  header.insert(header.end(), {"cycles", "pause mean us", "pause max us", "mark ns/object", "peak RSS MiB"});
  Table table(std::move(header));
  for (const Subject& subject : subjects) {
    const auto add = [&](std::string_view metric, std::string_view unit, double value) {
      output.add("trees", subject.name, parameters, metric, unit, value);
    };
    add("wall_s", "s", subject.seconds.median());
    add("wall_s_best", "s", subject.seconds.least());
    add("peak_rss_bytes", "bytes", subject.peak_rss_bytes.median());
    std::vector<std::string> cells =
        ratios.report(subject.name, [&](std::string_view metric, double ratio) { add(metric, "ratio", ratio); });
    cells.insert(cells.begin(), {subject.name, fmt::format("{:.3f}", subject.seconds.least()),
                                 fmt::format("{:.3f}", subject.seconds.median())});
    const double mark_ns_per_object = subject.objects == 0 ? 0 : subject.mark_ns / subject.objects;
    if (subject.counts_objects()) add("mark_ns_per_object", "ns", mark_ns_per_object);
    if (subject.collects) {
      const double cycles = subject.cycles / static_cast<double>(options.repetitions);
      add("cycles", "count", cycles);
      add("pause_us_mean", "us", subject.pause_us_mean());
      add("pause_us_max", "us", subject.pause_us_max);
      cells.insert(cells.end(), {figure(cycles), figure(subject.pause_us_mean()), figure(subject.pause_us_max),
                                 subject.counts_objects() ? figure(mark_ns_per_object) : "-"});
    } else {
      cells.insert(cells.end(), {"-", "-", "-", "-"});
    }
    cells.push_back(figure(subject.peak_rss_bytes.median() / (1 << 20)));
    table.row(std::move(cells));
  }
  fmt::print(output.text(), "Binary trees of depth {}, {} runs each, in turn\n\n", options.depth, options.repetitions);
  table.print(output.text());
  fmt::print(output.text(),
             "\nRatios: the other's median time by the row's; above 1 the row is faster. Cycles: of one run.\n{}",
             options.subjects.missing_peers());
}

}  // namespace

Case trees_case(CLI::App& app) {
  const auto options = std::make_shared<TreeOptions>();
  CLI::App* command = app.add_subcommand("trees", "Binary trees against malloc, mimalloc, bdwgc, Go and Java");
  add_subjects(*command, options->subjects, allocating_subjects());
  add_number(*command, "--depth", options->depth, least_depth, 28, "Depth of the long-lived tree");
  add_number(*command, "--repetitions", options->repetitions, 1, 1000, "Runs of each program");
  add_number(*command, "--workers", options->workers, 0, 16, "Threads that mark; 0: the default of each");
  return {command, [options](Output& output) {
            std::vector<Subject> subjects = chosen_subjects(*options);
            measure(subjects, *options);
            report(subjects, *options, output);
          }};
}

}  // namespace bench
