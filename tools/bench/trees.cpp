// midden-bench trees: binary trees, made and dropped, against malloc and free.
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
//   malloc          malloc and free
//
// in turn, as often as asked. Each run of Midden has a fresh Runtime, so that its first touch of
// every page counts; malloc keeps its pages from run to run. All must count the same nodes.
//
// Threads: one.

#include <fmt/format.h>

#include <cstdint>
#include <cstdlib>
#include <functional>
#include <memory>
#include <new>
#include <string>
#include <vector>

#include <midden/midden.hpp>

#include "tools/bench/cases.hpp"
#include "tools/bench/progress.hpp"
#include "tools/bench/table.hpp"
#include "tools/bench/timing.hpp"

namespace bench {

namespace {

constexpr std::size_t least_depth = 4;

struct TreeOptions {
  std::size_t depth = 18;
  std::size_t repetitions = 5;
};

struct Node {
  midden::Ref<Node> left;
  midden::Ref<Node> right;
  static constexpr auto midden_refs = midden::refs<Node>(&Node::left, &Node::right);
};

std::uint64_t count(const Node& node) { return node.left ? 1 + count(*node.left) + count(*node.right) : 1; }

struct Managed {
  using Tree = midden::Root<Node>;
  static Tree make(midden::Attach&, std::size_t depth) { return make(depth); }
  static std::uint64_t count(const Tree& tree) { return bench::count(*tree); }

 private:
  static Tree make(std::size_t depth) {
    if (depth == 0) return midden::make<Node>();
    return midden::make<Node>(make(depth - 1), make(depth - 1));
  }
};

struct Unsafe {
  using Tree = midden::Root<Node>;
  static Tree make(midden::Attach& here, std::size_t depth) {
    Tree tree(midden::unsafe::make<Node>(here));
    grow(here, *tree, depth);
    return tree;
  }
  static std::uint64_t count(const Tree& tree) { return bench::count(*tree); }

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

struct Unmanaged {
  struct Pair {
    Pair* left;
    Pair* right;
  };
  struct Drop {
    void operator()(Pair* node) const {
      if (node->left != nullptr) {
        (*this)(node->left);
        (*this)(node->right);
      }
      std::free(node);
    }
  };
  using Tree = std::unique_ptr<Pair, Drop>;

  static Tree make(std::size_t depth) { return Tree(grow(depth)); }
  static std::uint64_t count(const Tree& tree) { return count(*tree); }

 private:
  static Pair* grow(std::size_t depth) {
    auto* node = static_cast<Pair*>(std::malloc(sizeof(Pair)));
    if (node == nullptr) throw std::bad_alloc();
    *node = depth == 0 ? Pair{nullptr, nullptr} : Pair{grow(depth - 1), grow(depth - 1)};
    return node;
  }
  static std::uint64_t count(const Pair& node) {
    return node.left != nullptr ? 1 + count(*node.left) + count(*node.right) : 1;
  }
};

// The program; answers how many nodes it counted.
template <class Kind, class... Here>
std::uint64_t program(std::size_t depth, Here&... here) {
  std::uint64_t nodes = Kind::count(Kind::make(here..., depth + 1));
  const typename Kind::Tree kept = Kind::make(here..., depth);
  for (std::size_t d = least_depth; d <= depth; d += 2) {
    for (std::uint64_t left = std::uint64_t{1} << (depth - d + least_depth); left > 0; --left) {
      nodes += Kind::count(Kind::make(here..., d));
    }
  }
  return nodes + Kind::count(kept);
}

// What the cycles of all runs cost.
struct Cycles final : midden::Observer {
  void cycle_ended(const midden::CycleReport& report) override {
    pause_us.add(static_cast<double>(report.pause_ns) / 1e3);
    mark_ns += report.ns(midden::Phase::mark);
    objects += report.objects_marked;
  }
  double mark_ns_per_object() const {
    return objects == 0 ? 0 : static_cast<double>(mark_ns) / static_cast<double>(objects);
  }

  Samples pause_us;
  std::uint64_t mark_ns = 0;
  std::uint64_t objects = 0;
};

struct Subject {
  std::string name;
  std::uint64_t (*run)(std::size_t depth, Cycles& cycles);
  bool collects = true;
  Samples seconds{};
  Cycles cycles{};
};

template <class Kind>
std::uint64_t run_collected(std::size_t depth, Cycles& cycles) {
  midden::Runtime runtime;
  runtime.add_observer(cycles);
  midden::Attach here(runtime);
  return program<Kind>(depth, here);
}

void measure(std::vector<Subject>& subjects, const TreeOptions& options) {
  std::uint64_t expected = 0;
  Progress progress("trees", subjects.size() * options.repetitions);
  for (std::size_t repetition = 0; repetition < options.repetitions; ++repetition) {
    for (Subject& subject : subjects) {
      const Stopwatch watch;
      const std::uint64_t nodes = subject.run(options.depth, subject.cycles);
      subject.seconds.add(watch.seconds());
      progress.step();
      if (expected == 0) expected = nodes;
      if (nodes != expected) {
        throw std::runtime_error(fmt::format("{} counted {} nodes, not {}", subject.name, nodes, expected));
      }
    }
  }
}

void report(const std::vector<Subject>& subjects, const TreeOptions& options, Output& output) {
  const Samples& base = subjects.back().seconds;
  const nlohmann::ordered_json parameters{{"depth", options.depth}, {"repetitions", options.repetitions}};
  Table table(
      {"", "best s", "median s", "ratio to malloc", "cycles", "pause mean us", "pause max us", "mark ns/object"});
  for (const Subject& subject : subjects) {
    const auto add = [&](std::string_view metric, std::string_view unit, double value) {
      output.add("trees", subject.name, parameters, metric, unit, value);
    };
    add("wall_s", "s", subject.seconds.median());
    add("wall_s_best", "s", subject.seconds.least());
    std::vector<std::string> cells{subject.name, fmt::format("{:.3f}", subject.seconds.least()),
                                   fmt::format("{:.3f}", subject.seconds.median())};
    if (!subject.collects) {
      cells.insert(cells.end(), {"1", "-", "-", "-", "-"});
    } else {
      const Samples& pauses = subject.cycles.pause_us;
      const double cycles = static_cast<double>(pauses.count()) / static_cast<double>(options.repetitions);
      add("ratio_to_malloc", "ratio", base.median() / subject.seconds.median());
      add("cycles", "count", cycles);
      add("pause_us_mean", "us", pauses.mean());
      add("pause_us_max", "us", pauses.most());
      add("mark_ns_per_object", "ns", subject.cycles.mark_ns_per_object());
      cells.insert(cells.end(), {times(base.median(), subject.seconds.median()), figure(cycles), figure(pauses.mean()),
                                 figure(pauses.most()), figure(subject.cycles.mark_ns_per_object())});
    }
    table.row(std::move(cells));
  }
  fmt::print(output.text(), "Binary trees of depth {}, {} runs each, in turn\n\n", options.depth, options.repetitions);
  table.print(output.text());
  fmt::print(
      output.text(),
      "\nRatio: the median time of malloc and free by the row's; above 1 the row is faster. Cycles: of one run.\n");
}

}  // namespace

Case trees_case(CLI::App& app) {
  const auto options = std::make_shared<TreeOptions>();
  CLI::App* command = app.add_subcommand("trees", "Binary trees against malloc and free");
  add_number(*command, "--depth", options->depth, least_depth, 28, "Depth of the long-lived tree");
  add_number(*command, "--repetitions", options->repetitions, 1, 1000, "Runs of each program");
  return {command, [options](Output& output) {
            std::vector<Subject> subjects(3);
            subjects[0] = {"midden", run_collected<Managed>};
            subjects[1] = {"midden-unsafe", run_collected<Unsafe>};
            subjects[2] = {"malloc", [](std::size_t depth, Cycles&) { return program<Unmanaged>(depth); }, false};
            measure(subjects, *options);
            report(subjects, *options, output);
          }};
}

}  // namespace bench
