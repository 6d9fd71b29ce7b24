// Upkeep: when it is done, and how long the object lives that it was asked for.

#include "runtime/upkeep.hpp"

#include <atomic>
#include <thread>

#include <midden/midden.hpp>

#include "tests/runtime/nodes.hpp"
#include "tests/support/catch.hpp"

using midden::Attach;
using midden::Ref;
using midden::Root;
using midden::Runtime;

namespace {

struct Kept {
  int done = 0;
  int again = 0;
  Ref<Kept> other;

  static constexpr auto midden_refs = midden::refs<Kept>(&Kept::other);
};

bool tend(Runtime&, void* object) {
  Kept& kept = *static_cast<Kept*>(object);
  ++kept.done;
  kept.other = nullptr;
  return kept.done <= kept.again;
}

}  // namespace

TEST_CASE("Upkeep is done once, before the cycle finds what it lets go of dead") {
  Runtime runtime(quiet());
  Attach here(runtime);
  const Root<Kept> kept = midden::make<Kept>();
  kept->other = midden::make<Kept>();
  const auto weak = midden::make_weak(kept->other);
  runtime.before_next_cycle(kept.get(), tend);
  CHECK(kept->done == 0);
  runtime.collect();
  CHECK(kept->done == 1);
  CHECK(weak->get() == nullptr);
  runtime.collect();
  CHECK(kept->done == 1);
}

TEST_CASE("Upkeep that leaves something is done again, and keeps its object until then") {
  Runtime runtime(quiet());
  Attach here(runtime);
  Root<Kept> kept = midden::make<Kept>();
  kept->again = 2;
  const auto weak = midden::make_weak(kept);
  runtime.before_next_cycle(kept.get(), tend);
  kept = nullptr;
  for (int cycle = 1; cycle <= 2; ++cycle) {
    runtime.collect();
    REQUIRE(weak->get() != nullptr);
    CHECK(weak->get()->done == cycle);
  }
  runtime.collect();
  CHECK(weak->get() == nullptr);
}

TEST_CASE("Upkeep alone keeps no object") {
  Runtime runtime(quiet());
  Attach here(runtime);
  Root<Kept> kept = midden::make<Kept>();
  const auto weak = midden::make_weak(kept);
  runtime.before_next_cycle(kept.get(), tend);
  kept = nullptr;
  runtime.collect();
  CHECK(weak->get() == nullptr);
}

TEST_CASE("Threads ask for upkeep of what they drop at once, beside collections in a checked heap") {
  Runtime runtime(checking());
  Attach here(runtime);
  std::atomic<bool> over{false};
  std::thread asks([&] {
    Attach own(runtime);
    for (int i = 0; i < 20'000; ++i) {
      const Root<Kept> kept = midden::make<Kept>();
      kept->again = i % 3;
      kept->other = midden::make<Kept>();
      runtime.before_next_cycle(kept.get(), tend);
      midden::safepoint(own);
    }
    over = true;
  });
  while (!over) runtime.collect();
  {
    const midden::Blocked blocked;
    asks.join();
  }
  for (int i = 0; i < 4; ++i) runtime.collect();
  CHECK(runtime.last_cycle().objects_marked < 10);
}
