// Random graphs of objects of many shapes against their shadows, in every kind of heap.

#include "tests/collector/shadow_graph.hpp"
#include "tests/collector/test_crew.hpp"
#include "tests/support/seed.hpp"

namespace midden::collector_tests {
namespace {

constexpr std::size_t unlimited = std::numeric_limits<std::size_t>::max();

void run(bool checked, std::size_t stack_limit, std::uint64_t stream, std::size_t helpers = 0) {
  CAPTURE(checked, stack_limit, helpers);
  TestCrew crew(helpers);
  FullCycle full(checked, {.marking = {.stack_limit = stack_limit, .patience = 1, .slice = 1}, .crew = &crew});
  const EndOf end(crew);
  ShadowGraph graph(full, test_generator(stream));
  for (int i = 0; i < 12'000; ++i) {
    graph.step();
    if (i % 300 == 299) graph.collect();
  }
  CHECK(graph.cycles() == 40);
  CHECK(graph.objects() > 20);  // or nothing was tried
  graph.finish();
}

TEST_CASE("A random graph is what its shadow says") { run(false, unlimited, 30); }
TEST_CASE("A random graph is what its shadow says, marked with a stack of one") { run(false, 1, 31); }
TEST_CASE("A random graph is what its shadow says, in a checked heap") { run(true, unlimited, 32); }
TEST_CASE("A random graph is what its shadow says, in a checked heap with a stack of one") { run(true, 1, 33); }
TEST_CASE("A random graph is what its shadow says, marked by a team") { run(false, unlimited, 34, 2); }
TEST_CASE("A random graph is what its shadow says, marked by a team with stacks of one") { run(false, 1, 35, 2); }
TEST_CASE("A random graph is what its shadow says, marked by a team in a checked heap") { run(true, unlimited, 36, 1); }

}  // namespace
}  // namespace midden::collector_tests
