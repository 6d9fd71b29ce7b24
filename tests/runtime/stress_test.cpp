// Stress modes: at every n-th event something happens, and what it finds is a heap that holds together. Those of maps
// and slices are in tests/containers.

#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include "tests/runtime/nodes.hpp"
#include "tests/support/catch.hpp"

using midden::Attach;
using midden::Cause;
using midden::Root;
using midden::Runtime;

namespace {

std::uint64_t cycles(const Runtime& runtime) { return runtime.pauses().cycles; }

}  // namespace

TEST_CASE("Stress by allocation collects at every n-th one, of whatever kind") {
  midden::Config config = quiet();
  config.check = GENERATE(false, true);
  config.stress.alloc = GENERATE(1U, 2U, 7U);
  Runtime runtime(config);
  Attach here(runtime);
  const midden::TypeHandle type = runtime.add_type({.name = "Made", .size = 40});
  for (int i = 0; i < 7; ++i) {
    midden::make<Node>();
    midden::make<Number>(here);
    midden::make_string("text");
    midden::make_array<int>(5);
    midden::make_object(type);
    midden::unsafe::make<Node>(here);
    midden::make_array<char>(300'000);
  }
  CHECK(cycles(runtime) == 49 / config.stress.alloc);
  CHECK(runtime.last_cycle().cause == Cause::stress);
}

TEST_CASE("Stress by safepoint collects at every n-th one, and an allocation is one") {
  midden::Config config = quiet();
  config.stress.safepoint = GENERATE(1U, 3U);
  Runtime runtime(config);
  Attach here(runtime);
  for (int i = 0; i < 30; ++i) midden::safepoint();
  CHECK(cycles(runtime) == 30 / config.stress.safepoint);
  for (int i = 0; i < 30; ++i) midden::make<Node>();
  CHECK(cycles(runtime) == 60 / config.stress.safepoint);
  for (int i = 0; i < 30; ++i) midden::safepoint(here);
  CHECK(cycles(runtime) == 90 / config.stress.safepoint);
}

TEST_CASE("Stress by root collects at the safepoint after every n-th one") {
  midden::Config config = checking();
  config.stress.root = GENERATE(1U, 4U);
  Runtime runtime(config);
  Attach here(runtime);
  Root<Node> node = midden::make<Node>();
  const std::uint64_t before = cycles(runtime);
  for (int i = 0; i < 20; ++i) {
    const Root<Node> copy(node);
    node = copy;
    midden::safepoint();
    midden::safepoint();
  }
  CHECK(cycles(runtime) - before == (config.stress.root == 1 ? 20 : 10));
  const std::uint64_t settled = cycles(runtime);
  for (int i = 0; i < 20; ++i) midden::safepoint();
  CHECK(cycles(runtime) == settled);
}

TEST_CASE("Who has much to sweep gets memory although each poll collects, and then all is to be swept again") {
  midden::Config config = quiet();
  config.stress.safepoint = 1;
  Runtime runtime(config);
  Attach here(runtime);
  std::vector<Root<midden::Array<char>>> kept;
  for (int i = 0; i < 200; ++i) kept.push_back(midden::make_array<char>(300'000));  // large objects
  CHECK(cycles(runtime) > 200);                                                     // also in the midst of a request
  CHECK(live_objects(runtime) == 200);
}

TEST_CASE("Stress by grace asks for a period at every n-th safepoint") {
  midden::Config config = quiet();
  config.stress.grace = GENERATE(1U, 4U);
  Runtime runtime(config);
  Attach here(runtime);
  for (int i = 0; i < 40; ++i) midden::safepoint();
  CHECK(runtime.grace().asked == 40 / config.stress.grace);
  CHECK(runtime.grace().over >= runtime.grace().asked - 1);
  CHECK(cycles(runtime) == 0);
}

TEST_CASE("Stress by refusal refuses every n-th allocation, of each thread") {
  midden::Config config = checking();
  config.stress.refuse = GENERATE(1U, 3U, 10U);
  Runtime runtime(config);
  Attach here(runtime);
  const auto refused_of = [](unsigned allocations) {
    std::vector<Root<Node>> made;
    unsigned refused = 0;
    for (unsigned i = 0; i < allocations; ++i) {
      try {
        made.push_back(midden::make<Node>());
      } catch (const midden::OutOfMemory& error) {
        CHECK(std::string(error.what()).find("stress") != std::string::npos);
        ++refused;
      }
    }
    CHECK(made.size() == allocations - refused);
    return refused;
  };
  CHECK(refused_of(30) == 30 / config.stress.refuse);
  {
    const midden::Blocked blocked;
    std::thread([&] {
      Attach other(runtime);
      CHECK(refused_of(config.stress.refuse - 1) == 0);
    }).join();
  }
  CHECK(live_objects(runtime) == 0);
}

TEST_CASE("All stress modes together keep a program right") {
  midden::Config config = checking();
  config.stress = {.alloc = 2, .safepoint = 3, .root = 2};
  Runtime runtime(config);
  Attach here(runtime);
  const Root<Node> list = make_list(40);
  std::vector<Root<Node>> lists;
  for (std::int64_t i = 0; i < 10; ++i) lists.push_back(make_list(i));
  {
    const midden::Blocked blocked;
    const midden::Unblocked working;
    lists.push_back(make_list(11));
  }
  {
    const midden::NoSafepoint none;
    lists.push_back(list);
  }
  CHECK(length_of(list.get()) == 40);
  for (std::int64_t i = 0; i < 10; ++i) CHECK(length_of(lists[static_cast<std::size_t>(i)].get()) == i);
  CHECK(cycles(runtime) > 100);
}
