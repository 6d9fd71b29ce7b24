// A random graph of objects, beside a shadow of it that is no part of the heap.
//
//   roots ──▶ node ──left, right──▶ node        shadow: identity -> identities of what it refers to
//               |
//               many ──▶ | node | null | ... |   bytes ──▶ as the identity says
//
// An operation makes a node, stores an edge, walks, or drops roots. Where it asks for a collection all that can be
// reached is compared with the shadow afterwards, and the number of objects that were marked is what the shadow says,
// exactly, where one worker marks.
//
// Threads: one, and the Runtime's own.

#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "tools/stress/node.hpp"
#include "tools/stress/scenarios/scenarios.hpp"

namespace stress {

namespace {

using midden::Array;
using midden::Ref;
using midden::Root;

constexpr std::uint64_t none = 0;

struct Shadow {
  std::uint64_t left = none;
  std::uint64_t right = none;
  std::optional<std::vector<std::uint64_t>> many{};  // the identities in its places
  std::optional<std::size_t> bytes{};                // how many
};

class Graph {
 public:
  Graph(const Round& round, midden::Runtime& runtime, midden::Attach& here)
      : round_(round), runtime_(runtime), here_(here) {}

  void operate(Random& random) {
    switch (random.below(16)) {
      case 0:
      case 1:
        make(random);
        break;
      case 2:
        drop(random, 1 + random.below(4));
        break;
      case 3:
        if (roots_.size() > 60) drop(random, 50);
        break;
      case 4:
        reorder(random);
        break;
      case 5:
        if (random.one_in(12)) collect();
        if (random.one_in(60)) plant(random);
        break;
      case 6:
        walk(random);
        break;
      default:
        connect(random);
    }
  }

  void collect() {
    round_.tell("collect");
    runtime_.collect();
    const std::uint64_t objects = compare();
    const std::uint64_t marked = runtime_.last_cycle().objects_marked;
    if (runtime_.config().workers == 1) {
      must(marked == objects, "{} objects were marked, and {} can be reached", marked, objects);
    } else {
      must(marked >= objects, "{} objects were marked, and {} can be reached", marked, objects);
    }
  }

  void finish() {
    collect();
    roots_.clear();
    runtime_.collect();
    must(runtime_.last_cycle().objects_marked == 0, "{} objects were marked without a root",
         runtime_.last_cycle().objects_marked);
  }

 private:
  // A node that can be reached, some steps from a root, and its shadow's identity.
  Root<Node> some(Random& random) {
    if (roots_.empty()) return {};
    Root<Node> at = random.pick(roots_);
    for (std::uint64_t steps = random.below(12); steps > 0; --steps) {
      const Shadow& shadow = shadow_.at(at->identity);
      const bool left = random.one_in(2);
      const Ref<Node>& next = left ? at->left : at->right;
      must(identity_of(next.get()) == (left ? shadow.left : shadow.right), "an edge of {} has changed", at->identity);
      if (!next) break;
      at = next.get();
    }
    return at;
  }
  static std::uint64_t identity_of(const Node* node) { return node == nullptr ? none : node->identity; }

  void make(Random& random) {
    const std::uint64_t identity = ++last_;
    Root<Node> node = make_node(here_, identity);
    Shadow shadow;
    if (random.one_in(4)) {
      shadow.many.emplace(random.of_any_size(random.one_in(20) ? 16 : 8));
      node->many = midden::make_array<Ref<Node>>(here_, shadow.many->size());
    }
    if (random.one_in(3)) {
      shadow.bytes = random.of_any_size(random.one_in(20) ? 20 : 11);
      node->bytes = make_bytes(here_, identity, *shadow.bytes);
    }
    round_.tell("make {} with {} places and {} bytes", identity, shadow.many ? shadow.many->size() : 0,
                shadow.bytes.value_or(0));
    shadow_.emplace(identity, std::move(shadow));
    roots_.push_back(std::move(node));
  }

  // A tree of some thousand nodes, of which mark workers give each other parts; not where each allocation collects.
  void plant(Random& random) {
    if (runtime_.config().stress.alloc != 0 || runtime_.config().stress.safepoint != 0) return;
    const std::uint64_t first = last_ + 1;
    const std::uint64_t count = 4000 + random.below(4000);
    round_.tell("plant a tree of {}", count);
    std::vector<Root<Node>> nodes;
    for (std::uint64_t i = 0; i < count; ++i) {
      nodes.push_back(make_node(here_, ++last_));
      shadow_.emplace(last_, Shadow());
      if (i == 0) continue;
      const Root<Node>& parent = nodes[(i - 1) / 2];
      Shadow& shadow = shadow_.at(parent->identity);
      (i % 2 == 1 ? parent->left : parent->right) = nodes.back();
      (i % 2 == 1 ? shadow.left : shadow.right) = last_;
    }
    must(nodes[0]->identity == first, "the first node of a tree is {} and not {}", nodes[0]->identity, first);
    roots_.push_back(nodes[0]);
    nodes.clear();
    collect();
  }

  void connect(Random& random) {
    const Root<Node> from = some(random);
    if (from == nullptr) return make(random);
    const Root<Node> to = random.one_in(5) ? Root<Node>() : some(random);
    Shadow& shadow = shadow_.at(from->identity);
    const std::uint64_t place = random.below(3);
    if (place == 2 && shadow.many && !shadow.many->empty()) {
      const std::size_t i = random.below(shadow.many->size());
      round_.tell("place {} of {} = {}", i, from->identity, identity_of(to.get()));
      (*from->many)[i] = to;
      (*shadow.many)[i] = identity_of(to.get());
    } else {
      round_.tell("{} of {} = {}", place == 0 ? "left" : "right", from->identity, identity_of(to.get()));
      (place == 0 ? from->left : from->right) = to;
      (place == 0 ? shadow.left : shadow.right) = identity_of(to.get());
    }
    if (random.one_in(4)) roots_.push_back(from);
  }

  void walk(Random& random) {
    const Root<Node> node = some(random);
    if (node == nullptr) return;
    round_.tell("look at {}", node->identity);
    compare_one(*node, shadow_.at(node->identity));
  }

  void drop(Random& random, std::uint64_t count) {
    for (; count > 0 && !roots_.empty(); --count) {
      const std::size_t i = random.below(roots_.size());
      round_.tell("drop the root of {}", roots_[i]->identity);
      std::swap(roots_[i], roots_.back());
      roots_.pop_back();
    }
  }

  // Roots that move from place to place.
  void reorder(Random& random) {
    if (roots_.size() < 2) return;
    round_.tell("move roots");
    std::vector<Root<Node>> moved;
    while (!roots_.empty()) {
      const std::size_t i = random.below(roots_.size());
      moved.push_back(std::move(roots_[i]));
      std::swap(roots_[i], roots_.back());
      roots_.pop_back();
    }
    roots_ = std::move(moved);
  }

  static void compare_one(const Node& node, const Shadow& shadow) {
    must(identity_of(node.left.get()) == shadow.left, "left of {} has changed", node.identity);
    must(identity_of(node.right.get()) == shadow.right, "right of {} has changed", node.identity);
    must(static_cast<bool>(node.many) == shadow.many.has_value(), "the places of {} have changed", node.identity);
    must(static_cast<bool>(node.bytes) == shadow.bytes.has_value(), "the bytes of {} have changed", node.identity);
    if (node.bytes) must_hold(*node.bytes, node.identity, *shadow.bytes);
    if (!node.many) return;
    const std::vector<std::uint64_t>& many = *shadow.many;
    must(node.many->size() == many.size(), "{} has {} places and not {}", node.identity, node.many->size(),
         many.size());
    for (std::size_t i = 0; i < many.size(); ++i) {
      must(identity_of((*node.many)[i].get()) == many[i], "place {} of {} has changed", i, node.identity);
    }
  }

  // Everything that can be reached is as the shadow says, which forgets the rest. Returns how many objects that is.
  std::uint64_t compare() {
    std::uint64_t objects = 0;
    std::set<std::uint64_t> seen;
    std::vector<const Node*> waiting;
    const auto visit = [&](const Node* node) {
      if (node != nullptr && seen.insert(node->identity).second) waiting.push_back(node);
    };
    for (const Root<Node>& root : roots_) visit(root.get());
    while (!waiting.empty()) {
      const Node& node = *waiting.back();
      waiting.pop_back();
      const auto shadow = shadow_.find(node.identity);
      must(shadow != shadow_.end(), "{} is not a node that can be reached", node.identity);
      compare_one(node, shadow->second);
      objects += 1U + (node.many ? 1U : 0U) + (node.bytes ? 1U : 0U);
      visit(node.left.get());
      visit(node.right.get());
      if (!node.many) continue;
      for (const Ref<Node>& place : *node.many) visit(place.get());
    }
    std::erase_if(shadow_, [&](const auto& entry) { return !seen.contains(entry.first); });
    return objects;
  }

  const Round& round_;
  midden::Runtime& runtime_;
  midden::Attach& here_;
  std::vector<Root<Node>> roots_;
  std::map<std::uint64_t, Shadow> shadow_;
  std::uint64_t last_ = none;
};

}  // namespace

void play_graph(const Round& round) {
  midden::Runtime runtime(round.configuration(round.setting(0), true));
  midden::Attach here(runtime);
  Graph graph(round, runtime, here);
  round.each([&](Random& random) { graph.operate(random); });
  graph.finish();
}

}  // namespace stress
