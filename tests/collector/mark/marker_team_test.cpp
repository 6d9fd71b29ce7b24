// Marking by several workers: they find what one finds, they get work, and nobody waits for who is late.

#include <algorithm>
#include <chrono>
#include <map>
#include <set>
#include <thread>
#include <vector>

#include "tests/collector/marking.hpp"
#include "tests/collector/test_crew.hpp"
#include "tests/support/seed.hpp"

namespace midden::collector_tests {
namespace {

constexpr MarkSettings eager{.patience = 1, .slice = 1};

// Runs `attempt` until it says yes. That a helper takes part is up to the scheduler, but not for long.
template <class Attempt>
bool soon(Attempt&& attempt) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (std::chrono::steady_clock::now() < deadline) {
    if (attempt()) return true;
  }
  return false;
}

// A tree of Nodes, of 2^depth - 1 nodes.
Node* make_tree(Marking& m, std::size_t depth, std::vector<Node*>& nodes) {
  if (depth == 0) return nullptr;
  Node* node = m.make<Node>();
  nodes.push_back(node);
  node->left = make_tree(m, depth - 1, nodes);
  node->right = make_tree(m, depth - 1, nodes);
  return node;
}

TEST_CASE("A team marks just what is reachable, cycle after cycle, while the graph changes") {
  for (const bool prefetch : {true, false}) {
    CAPTURE(prefetch);
    TestCrew crew(3);
    Marking m({.prefetch = prefetch, .patience = 1, .slice = 1}, &crew);
    const EndOf end(crew);
    auto random = test_generator(50);
    std::vector<Node*> nodes;
    for (int i = 0; i < 3000; ++i) nodes.push_back(m.make<Node>());
    for (int cycle = 0; cycle < 100; ++cycle) {
      CAPTURE(cycle);
      for (Node* node : nodes) {
        node->left = random() % 4 == 0 ? nullptr : nodes[random() % nodes.size()];
        node->right = random() % 4 == 0 ? nullptr : nodes[random() % nodes.size()];
      }
      std::vector<bool> reached(nodes.size(), false);
      std::map<const Node*, std::size_t> numbers;
      for (std::size_t i = 0; i < nodes.size(); ++i) numbers[nodes[i]] = i;
      std::vector<std::size_t> waiting{0};
      reached[0] = true;
      while (!waiting.empty()) {
        const Node* node = nodes[waiting.back()];
        waiting.pop_back();
        for (const Node* target : {node->left.get(), node->right.get()}) {
          if (target == nullptr || reached[numbers[target]]) continue;
          reached[numbers[target]] = true;
          waiting.push_back(numbers[target]);
        }
      }
      m.mark({nodes[0]});
      for (std::size_t i = 0; i < nodes.size(); ++i) {
        if (m.marked(nodes[i]) != reached[i]) FAIL("node " << i << " is marked: " << m.marked(nodes[i]));
      }
    }
    CHECK(crew.calls() > 0);
  }
}

TEST_CASE("Helpers are not called where there is little to mark") {
  TestCrew crew(1);
  Marking m(MarkSettings{}, &crew);
  const EndOf end(crew);
  std::vector<Node*> nodes;
  Node* root = make_tree(m, 10, nodes);
  REQUIRE(nodes.size() * 2 < MarkSettings{}.patience);
  CHECK(m.mark({root}).objects == nodes.size());
  CHECK(m.marker.totals().workers == 1);
  CHECK(crew.calls() == 0);
  make_tree(m, 2, nodes)->left = root;
  std::vector<const void*> roots(nodes.begin(), nodes.end());
  for (int i = 0; i < 5; ++i) roots.insert(roots.end(), roots.begin(), roots.end());
  m.mark(roots);
  CHECK(crew.calls() == 1);
}

TEST_CASE("Of a tree, of which few nodes are grey at a time, a helper gets a part") {
  TestCrew crew(1);
  Marking m(eager, &crew);
  const EndOf end(crew);
  std::vector<Node*> nodes;
  Node* root = make_tree(m, 15, nodes);
  CHECK(soon([&] {
    m.mark({root});
    REQUIRE(m.count_marked(nodes) == nodes.size());
    return m.marker.totals().workers == 2;
  }));
}

TEST_CASE("Of one long array a helper gets a part") {
  TestCrew crew(1);
  Marking m(eager, &crew);
  const EndOf end(crew);
  Type& type = m.add(RefArray::type());
  auto* array = m.make_array<RefArray>(type, 500'000);
  std::vector<Node*> nodes;
  for (std::size_t i = 0; i < 500'000; ++i) {
    nodes.push_back(m.make<Node>());
    array->begin()[i] = nodes.back();
  }
  CHECK(soon([&] {
    const MarkTotals& totals = m.mark({array});
    // Each node hangs in the array alone: nobody meets at one.
    REQUIRE(totals.objects == nodes.size() + 1);
    REQUIRE(totals.references == nodes.size() + 1);
    REQUIRE(m.count_marked(nodes) == nodes.size());
    return totals.workers == 2;
  }));
}

TEST_CASE("Of a few objects whose scan functions report much a helper gets a part") {
  TestCrew crew(1);
  Marking m(MarkSettings{.patience = 1}, &crew);
  const EndOf end(crew);
  TypeInfo info = RefArray::type();
  info.name = "Bunch";
  info.element_refs = {};
  info.scan = [](Tracer& tracer, const void* object) {
    auto* bunch = const_cast<RefArray*>(static_cast<const RefArray*>(object));
    for (std::size_t i = 0; i < bunch->used; ++i) tracer.edge(bunch->begin()[i]);
  };
  Type& bunches = m.add(info);
  constexpr std::size_t each = 4000;
  auto* array = m.make_array<RefArray>(m.add(RefArray::type()), 60);
  std::vector<Node*> nodes;
  for (std::size_t i = 0; i < array->used; ++i) {
    auto* bunch = m.make_array<RefArray>(bunches, each);
    array->begin()[i] = reinterpret_cast<Node*>(bunch);
    for (std::size_t k = 0; k < each; ++k) {
      nodes.push_back(m.make<Node>());
      bunch->begin()[k] = nodes.back();
    }
  }
  CHECK(soon([&] {
    m.mark({array});
    REQUIRE(m.count_marked(nodes) == nodes.size());
    return m.marker.totals().workers == 2;
  }));
}

// Each part names nodes of its own, and says who traced it.
struct Parted final : RootSource {
  explicit Parted(std::size_t count) : nodes(count), tracers(count) {}
  void trace(Tracer& tracer) override {
    for (std::size_t i = 0; i < parts(); ++i) trace_part(i, tracer);
  }
  std::size_t parts() const override { return nodes.size(); }
  void trace_part(std::size_t part, Tracer& tracer) override {
    tracers[part].push_back(std::this_thread::get_id());
    for (Node* node : nodes[part]) tracer.object(node);
  }
  const char* name() const override { return "parted"; }

  std::vector<std::vector<Node*>> nodes;
  std::vector<std::vector<std::thread::id>> tracers;
};

TEST_CASE("The roots are divided, and each part is traced once") {
  TestCrew crew(1);
  Marking m(eager, &crew);
  const EndOf end(crew);
  Parted first(20), empty(0), last(3);
  std::vector<Node*> all;
  for (Parted* source : {&first, &last}) {
    for (std::vector<Node*>& nodes : source->nodes) {
      for (int i = 0; i < 2000; ++i) nodes.push_back(m.make<Node>());
      all.insert(all.end(), nodes.begin(), nodes.end());
    }
  }
  RootSource* const sources[] = {&first, &empty, &last};
  CHECK(soon([&] {
    for (Parted* source : {&first, &last}) source->tracers.assign(source->parts(), {});
    m.mark_from(sources);
    REQUIRE(m.count_marked(all) == all.size());
    std::set<std::thread::id> seen;
    for (const Parted* source : {&first, &last}) {
      for (const auto& tracers : source->tracers) {
        REQUIRE(tracers.size() == 1);
        seen.insert(tracers[0]);
      }
    }
    return seen.size() == 2;
  }));
}

TEST_CASE("A helper that comes when all is done is not waited for, and does no harm") {
  TestCrew crew(2, true);
  Marking m(eager, &crew);
  const EndOf end(crew);
  std::vector<Node*> nodes;
  Node* root = make_tree(m, 10, nodes);
  for (int cycle = 0; cycle < 3; ++cycle) {
    m.mark({root});
    CHECK(m.marker.totals().workers == 1);
    CHECK(m.marker.totals().objects == nodes.size());
  }
  CHECK(crew.calls() == 3);
  crew.release();
  m.mark({root});
  CHECK(m.count_marked(nodes) == nodes.size());
}

TEST_CASE("A team whose stacks cannot grow finds all the same") {
  TestCrew crew(2);
  Marking m({.stack_limit = 2, .patience = 1, .slice = 1}, &crew);
  const EndOf end(crew);
  std::vector<Node*> nodes;
  Node* root = make_tree(m, 12, nodes);
  for (int cycle = 0; cycle < 50; ++cycle) {
    m.mark({root});
    REQUIRE(m.count_marked(nodes) == nodes.size());
    REQUIRE(std::none_of(nodes.begin(), nodes.end(), [&](Node* node) { return m.byte_of(node) & waiting_flag; }));
  }
}

}  // namespace
}  // namespace midden::collector_tests
