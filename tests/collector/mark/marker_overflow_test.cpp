// The grey stack that cannot grow: marking is slower then, and finds the same.

#include <algorithm>
#include <vector>

#include "tests/collector/host_memory.hpp"
#include "tests/collector/marking.hpp"
#include "tests/support/seed.hpp"

namespace midden::collector_tests {
namespace {

// What is reachable, found without a collector.
std::vector<bool> reachable_from(std::size_t root, const std::vector<std::vector<std::size_t>>& edges) {
  std::vector<bool> found(edges.size(), false);
  std::vector<std::size_t> waiting{root};
  found[root] = true;
  while (!waiting.empty()) {
    const std::size_t node = waiting.back();
    waiting.pop_back();
    for (const std::size_t target : edges[node]) {
      if (found[target]) continue;
      found[target] = true;
      waiting.push_back(target);
    }
  }
  return found;
}

bool any_waits(Marking& m, const std::vector<Node*>& nodes) {
  return std::any_of(nodes.begin(), nodes.end(), [&](Node* node) { return (m.byte_of(node) & waiting_flag) != 0; });
}

TEST_CASE("With a stack of one a deep list is found whole") {
  Marking m(1);
  std::vector<Node*> nodes{m.make<Node>()};
  for (int i = 0; i < 20'000; ++i) {
    Node* node = m.make<Node>();
    (i % 2 == 0 ? node->left : node->right) = nodes.back();
    nodes.push_back(node);
  }
  CHECK(m.mark({nodes.back()}).objects == nodes.size());
  CHECK(m.count_marked(nodes) == nodes.size());
}

TEST_CASE("With a stack of one a wide tree is found whole, flag by flag") {
  Marking m(1);
  std::vector<Node*> nodes{m.make<Node>()};
  for (std::size_t i = 0; nodes.size() < 4000; ++i) {
    nodes.push_back(m.make<Node>());
    nodes[i]->left = nodes.back();
    nodes.push_back(m.make<Node>());
    nodes[i]->right = nodes.back();
  }
  const MarkTotals& totals = m.mark({nodes[0]});
  CHECK(totals.objects == nodes.size());
  CHECK(totals.overflows > 0);
  CHECK(m.count_marked(nodes) == nodes.size());
  CHECK_FALSE(any_waits(m, nodes));
}

TEST_CASE("With a stack of one a large array loses none of its elements") {
  Marking m(1);
  Type& type = m.add(RefArray::type());
  auto* outer = m.make_array<RefArray>(type, 20'000);
  std::vector<Node*> nodes;
  for (std::size_t i = 0; i < 10'000; ++i) {
    nodes.push_back(m.make<Node>());
    nodes.back()->left = m.make<Node>();
    outer->begin()[2 * i] = nodes.back();
    nodes.push_back(nodes.back()->left.get());
  }
  CHECK(m.mark({outer}).objects == nodes.size() + 1);
  CHECK(m.count_marked(nodes) == nodes.size());
}

TEST_CASE("Any stack finds in a shuffled graph what a search without a heap finds") {
  auto random = test_generator(20);
  for (const std::size_t limit :
       {std::size_t{0}, std::size_t{1}, std::size_t{2}, std::size_t{7}, std::size_t{100}, unlimited}) {
    for (int round = 0; round < 6; ++round) {
      CAPTURE(limit, round);
      Marking m(limit);
      const std::size_t count = 1 + random() % 1500;
      std::vector<Node*> nodes;
      for (std::size_t i = 0; i < count; ++i) nodes.push_back(m.make<Node>());
      std::shuffle(nodes.begin(), nodes.end(), random);
      std::vector<std::vector<std::size_t>> edges(count);
      const std::size_t density = 1 + random() % 4;
      for (std::size_t i = 0; i < count; ++i) {
        for (Ref<Node>* edge : {&nodes[i]->left, &nodes[i]->right}) {
          if (random() % 4 >= density) continue;
          edges[i].push_back(random() % count);
          *edge = nodes[edges[i].back()];
        }
      }
      const std::vector<bool> expected = reachable_from(0, edges);
      const MarkTotals& totals = m.mark({nodes[0]});
      std::uint64_t objects = 0, references = 1;
      std::size_t wrong = 0;
      for (std::size_t i = 0; i < count; ++i) {
        wrong += m.marked(nodes[i]) != expected[i];
        if (!expected[i]) continue;
        ++objects;
        references += edges[i].size();
      }
      REQUIRE(wrong == 0);
      REQUIRE(totals.objects == objects);
      REQUIRE(totals.references == references);
      REQUIRE(totals.live_bytes == objects * 16);
      REQUIRE(totals.scannable_bytes == objects * 16);
      REQUIRE_FALSE(any_waits(m, nodes));
    }
  }
}

TEST_CASE("A stack that is large enough never overflows") {
  Marking m;
  std::vector<Node*> nodes{m.make<Node>()};
  for (std::size_t i = 0; i < 20'000; ++i) {
    nodes.push_back(m.make<Node>());
    nodes[i / 2]->left = nodes.back();
  }
  CHECK(m.mark({nodes[0]}).overflows == 0);
}

TEST_CASE("Marking needs nothing of a host that has no memory left") {
  Marking m;
  Type& type = m.add(RefArray::type());
  auto* array = m.make_array<RefArray>(type, 3000);
  std::vector<Node*> nodes;
  for (std::size_t i = 0; i < 3000; ++i) {
    nodes.push_back(m.make<Node>());
    array->begin()[i] = nodes.back();
    nodes.back()->right = m.make<Node>();
    nodes.push_back(nodes.back()->right.get());
  }
  const std::vector<const void*> roots{array};
  Given given(roots);
  RootSource* const sources[] = {&given};
  const StoppedWorld stopped = m.world.stop();
  m.heap.begin_cycle(stopped);
  {
    const NoHostMemory refused;
    m.marker.trace(stopped, sources);
    m.marker.drain(stopped);
    m.marker.finish(stopped);
  }
  m.heap.reclaim(stopped);
  CHECK(m.marker.totals().overflows > 0);
  CHECK(m.marker.totals().objects == nodes.size() + 1);
  CHECK(m.count_marked(nodes) == nodes.size());
}

}  // namespace
}  // namespace midden::collector_tests
