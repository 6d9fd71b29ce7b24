// midden-bench graph: marking a graph that is far larger than any cache.
//
//   node   | to 0 | to 1 | to 2 | to 3 | payload, 32 bytes |      64 bytes
//
// The nodes, as many as make the heap as large as asked, are made in a comb, a chain of every
// fourth with the three behind it at its sides. Then they are linked anew, with nothing allocated
// meanwhile. With --order shuffled, after they were shuffled:
//
//   tree    node k hangs from a random earlier one that has a place left: all are reached, by
//           many short paths, so that several threads find work
//   extra   the places left refer to random nodes
//
// So marking follows references through memory without any order, and comes to each node four
// times. With --order made, to a binary tree in the order in which one is made depth first: marking
// goes through memory as it lies, and to each node once. The graph is the same for each marker (marking.hpp) but those
// of other languages, which have random numbers of their own. Peak RSS is with what building took, 13
// bytes a node, given back before anything is measured.
//
// Threads: one, and those of the collector.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <midden/midden.hpp>

#include "tools/bench/cases.hpp"
#include "tools/bench/dice.hpp"
#include "tools/bench/marking.hpp"
#include "tools/bench/peers/bdwgc.hpp"

namespace bench {

namespace {

constexpr std::size_t places = 4;

struct GraphOptions {
  SubjectChoice subjects;
  std::size_t bytes = std::size_t{1} << 30;
  std::size_t cycles = 5;
  std::string order = "shuffled";

  bool shuffled() const { return order == "shuffled"; }
};

struct Node {
  std::array<midden::Ref<Node>, places> to;
  std::array<std::uint64_t, 4> payload;
  static constexpr auto midden_refs = midden::refs<Node>(&Node::to);
};

struct PeerNode {
  std::array<PeerNode*, places> to;
  std::array<std::uint64_t, 4> payload;
};

static_assert(sizeof(Node) == 64 && sizeof(PeerNode) == 64);

// Hangs the i-th node in the comb: at the side of `root`, or in the chain before it. The reference
// along the chain is the last of a node, which bdwgc follows first: what is at the sides waits.
template <class N, class Root>
void hang(N* node, std::size_t i, Root& root) {
  if (i % places == 0) {
    node->to[places - 1] = root;
    root = node;
  } else {
    root->to[i % places - 1] = node;
  }
}

// Links all nodes, in place of what they referred to; answers the one from which all are reached.
template <class N>
N* link_shuffled(std::vector<N*> nodes) {
  std::shuffle(nodes.begin(), nodes.end(), std::mt19937_64(nodes.size()));
  Dice dice(nodes.size());
  std::vector<std::uint8_t> taken(nodes.size());
  std::vector<std::uint32_t> open{0};  // the numbers of those that have a place left
  open.reserve(nodes.size());
  for (std::uint32_t k = 1; k < nodes.size(); ++k) {
    std::uint32_t& choice = open[dice.below(open.size())];
    const std::uint32_t parent = choice;
    nodes[parent]->to[taken[parent]++] = nodes[k];
    if (taken[parent] < places) {
      open.push_back(k);
    } else {
      choice = k;
    }
  }
  for (std::size_t k = 0; k < nodes.size(); ++k) {
    for (std::size_t place = taken[k]; place < places; ++place) nodes[k]->to[place] = nodes[dice.below(nodes.size())];
  }
  return nodes.front();
}

// A binary tree of the nodes [begin, end), of which each subtree stands in a row.
template <class N>
N* link_as_made(const std::vector<N*>& nodes, std::size_t begin, std::size_t end) {
  if (begin == end) return nullptr;
  const std::size_t middle = begin + 1 + (end - begin - 1) / 2;
  nodes[begin]->to = {};
  nodes[begin]->to[0] = link_as_made(nodes, begin + 1, middle);
  nodes[begin]->to[1] = link_as_made(nodes, middle, end);
  return nodes[begin];
}

template <class N>
N* link(std::vector<N*> nodes, const GraphOptions& options) {
  return options.shuffled() ? link_shuffled(std::move(nodes)) : link_as_made(nodes, 0, nodes.size());
}

nlohmann::ordered_json measure_managed(const Marker& marker, std::size_t count, const GraphOptions& options) {
  midden::Runtime runtime(config_of(marker));
  midden::Attach here(runtime);
  midden::Root<Node> root;
  {
    std::vector<Node*> nodes(count);
    for (std::size_t i = 0; i < count; ++i) {
      nodes[i] = midden::unsafe::make<Node>(here);
      hang(nodes[i], i, root);
    }
    root = link(std::move(nodes), options);
  }
  return mark_managed(runtime, options.cycles, count);
}

nlohmann::ordered_json measure_peer(const Marker& marker, std::size_t count, const GraphOptions& options) {
  start_peer(marker);
  const auto allocate = marker.collector == Collector::bdwgc ? bdwgc::allocate : bdwgc::allocate_one;
  {
    std::vector<PeerNode*> nodes(count);
    PeerNode* root = nullptr;
    for (std::size_t i = 0; i < count; ++i) {
      nodes[i] = static_cast<PeerNode*>(allocate(sizeof(PeerNode)));
      hang(nodes[i], i, root);
      bdwgc::keep(root);
    }
    bdwgc::settle(count);
    bdwgc::keep(link(std::move(nodes), options));
  }
  return mark_peer(options.cycles, count * sizeof(PeerNode));
}

void run_graph(const GraphOptions& options, Output& output) {
  const std::size_t count = options.bytes / sizeof(Node);
  constexpr std::uint64_t java_node_bytes = 64 + 4;  // with the list of all
  const Task task{.name = "graph",
                  .numbers = {count, options.shuffled() ? 1U : 0U, options.cycles},
                  .live_bytes = count * java_node_bytes};
  const std::vector<Marked> all =
      measure_markers("graph", chosen_markers(options.subjects, true), task, [&](const Marker& marker) {
        return marker.collector == Collector::midden ? measure_managed(marker, count, options)
                                                     : measure_peer(marker, count, options);
      });
  fmt::print(output.text(), "Marking a graph of {} nodes of {} bytes, {}, median of {} cycles\n\n", count, sizeof(Node),
             options.shuffled() ? "shuffled" : "as made", options.cycles);
  report_markers(all, "graph", {{"bytes", options.bytes}, {"order", options.order}, {"cycles", options.cycles}},
                 "object", count, output);
  fmt::print(output.text(), "\n{}", ratio_notes(options.subjects));
}

}  // namespace

Case graph_case(CLI::App& app) {
  const auto options = std::make_shared<GraphOptions>();
  CLI::App* command = app.add_subcommand("graph", "Marking a large graph, with one thread and two");
  add_markers(*command, options->subjects);
  add_bytes(*command, "--bytes", options->bytes, 4096, std::size_t{64} << 30, "Size of all nodes");
  add_number(*command, "--cycles", options->cycles, 1, 1000, "Cycles measured");
  add_choice(*command, "--order", options->order, "order", {"shuffled", "made"},
             "Of the nodes in memory, along the references: ");
  return {command, [options](Output& output) { run_graph(*options, output); }};
}

}  // namespace bench
