// Upkeep: when it is done, and that it keeps nothing alive.

#include "runtime/upkeep.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <string>
#include <thread>

#include <midden/fmt.hpp>
#include <midden/midden.hpp>

#include "tests/runtime/nodes.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/sanitized.hpp"

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

TEST_CASE("Upkeep that leaves something is done again before the next cycle") {
  Runtime runtime(quiet());
  Attach here(runtime);
  const Root<Kept> kept = midden::make<Kept>();
  kept->again = 2;
  runtime.before_next_cycle(kept.get(), tend);
  for (int cycle = 1; cycle <= 5; ++cycle) {
    runtime.collect();
    CHECK(kept->done == std::min(cycle, 3));
  }
}

TEST_CASE("Upkeep keeps no object, also where it left something") {
  Runtime runtime(quiet());
  Attach here(runtime);
  const int again = GENERATE(0, 5);
  Root<Kept> kept = midden::make<Kept>();
  kept->again = again;
  const auto weak = midden::make_weak(kept);
  runtime.before_next_cycle(kept.get(), tend);
  kept = nullptr;
  runtime.collect();
  CHECK(weak->get() == nullptr);
}

TEST_CASE("Upkeep that there is no time for is done later") {
  Runtime runtime(quiet());
  Attach here(runtime);
  midden::runtime::Upkeep upkeep;
  const Root<Kept> kept = midden::make<Kept>();
  upkeep.ask(kept.get(), tend);
  upkeep.run(runtime, 0);
  CHECK(kept->done == 0);
  CHECK(upkeep.asked() == 1);
  upkeep.run(runtime, ~std::uint64_t{0});
  CHECK(kept->done == 1);
  CHECK(upkeep.asked() == 0);
}

TEST_CASE("The report of a cycle tells how long the upkeep before it took") {
  Runtime runtime(quiet());
  Attach here(runtime);
  const Root<Kept> kept = midden::make<Kept>();
  runtime.before_next_cycle(kept.get(), [](Runtime&, void*) {
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
    return false;
  });
  runtime.collect();
  CHECK(runtime.last_cycle().upkept.ns >= 2'000'000);
  CHECK(runtime.last_cycle().upkept.calls == 1);
  CHECK(fmt::format("{}", runtime.last_cycle()).find(", upkeep of 1 structure before for ") != std::string::npos);
  runtime.collect();
  CHECK(runtime.last_cycle().upkept.calls == 0);
}

TEST_CASE("Threads ask for upkeep of what they drop at once, beside collections in a checked heap") {
  Runtime runtime(checking());
  Attach here(runtime);
  std::atomic<bool> over{false};
  std::thread asks([&] {
    Attach own(runtime);
    for (int i = 0; i < (sanitized ? 1'000 : 20'000); ++i) {
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
