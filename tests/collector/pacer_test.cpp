#include "collector/pacer.hpp"

#include <algorithm>
#include <functional>
#include <vector>

#include "tests/support/catch.hpp"

namespace midden::collector {
namespace {

constexpr std::uint64_t never = std::numeric_limits<std::uint64_t>::max();
constexpr std::uint64_t mib = std::uint64_t{1} << 20;
constexpr std::uint64_t floor_bytes = PacerSettings{}.floor;

PacerInput scannable(std::uint64_t bytes) { return {.scannable_bytes = bytes, .live_bytes = bytes}; }

// A program by numbers alone: a cycle finds what `live` says that is alive in it, then as much is
// allocated as the decision allows.
struct Simulation {
  PacerSettings settings;
  std::uint64_t peak = 0;       // live and garbage together
  std::uint64_t allocated = 0;  // in all
  std::uint64_t marked = 0;     // in all: what the cycles had to visit

  std::vector<PacerDecision> run(int cycles, const std::function<PacerInput(int)>& live) {
    std::vector<PacerDecision> decisions;
    for (int cycle = 0; cycle < cycles; ++cycle) {
      const PacerInput found = live(cycle);
      decisions.push_back(pace(settings, found));
      marked += found.scannable_bytes;
      allocated += decisions.back().allocated;
      peak = std::max(peak, found.live_bytes + decisions.back().allocated);
    }
    return decisions;
  }
};

TEST_CASE("A steady program's heap grows by the percentage between two cycles, and by no more") {
  for (const std::uint32_t percent : {25U, 50U, 100U, 300U}) {
    CAPTURE(percent);
    Simulation program{.settings = {.percent = percent}};
    const auto decisions = program.run(100, [](int) { return scannable(1000 * mib); });
    for (const PacerDecision& decision : decisions) REQUIRE(decision.allocated == 10 * mib * percent);
    CHECK(program.peak == 1000 * mib + 10 * mib * percent);
    CHECK(program.marked * percent == program.allocated * 100);  // marking in proportion to allocation
  }
}

TEST_CASE("A small heap is collected no more often than the floor allows") {
  Simulation program{};
  for (const PacerDecision& decision : program.run(50, [](int) { return scannable(mib); })) {
    CHECK(decision.allocated == floor_bytes);
    CHECK(decision.arena == floor_bytes);
  }
}

TEST_CASE("The trigger follows a growing program, so marking stays in proportion to allocation") {
  Simulation program{};
  const auto decisions = program.run(40, [](int cycle) { return scannable(std::uint64_t{1} << std::min(cycle, 33)); });
  CHECK(std::is_sorted(decisions.begin(), decisions.end(),
                       [](const auto& a, const auto& b) { return a.allocated < b.allocated; }));
  CHECK(program.marked <= program.allocated);
  CHECK(decisions.back().allocated == std::uint64_t{1} << 33);
}

TEST_CASE("The trigger follows a shrinking program down to the floor") {
  Simulation program{};
  const auto decisions = program.run(40, [](int cycle) { return scannable((std::uint64_t{1} << 36) >> cycle); });
  CHECK(decisions[0].allocated == std::uint64_t{1} << 36);
  CHECK(decisions[1].allocated == std::uint64_t{1} << 35);
  CHECK(decisions.back().allocated == floor_bytes);
}

TEST_CASE("After a burst the trigger is what it was before at once") {
  Simulation program{};
  const auto decisions = program.run(30, [](int cycle) { return scannable(cycle % 10 == 5 ? 4000 * mib : 100 * mib); });
  for (std::size_t i = 0; i < decisions.size(); ++i) {
    REQUIRE(decisions[i].allocated == (i % 10 == 5 ? 4000 * mib : 100 * mib));
  }
}

TEST_CASE("Leaves count little: a heap of long strings is collected as seldom as its marking is dear") {
  const PacerDecision decision = pace({}, {.scannable_bytes = 64 * mib, .live_bytes = 10'000 * mib});
  CHECK(decision.allocated == 64 * mib);
}

TEST_CASE("Arenas have a trigger of their own, which objects do not move") {
  const PacerDecision decision =
      pace({.percent = 50}, {.scannable_bytes = 100 * mib, .arena_bytes = 8000 * mib, .live_bytes = 8100 * mib});
  CHECK(decision.allocated == 50 * mib);
  CHECK(decision.arena == 4000 * mib);
  CHECK(pace({}, {.arena_bytes = mib}).arena == floor_bytes);
}

TEST_CASE("Near the soft limit the trigger is what is left of it") {
  const PacerSettings settings{.soft_limit = 1000 * mib};
  CHECK(pace(settings, scannable(400 * mib)).allocated == 400 * mib);
  CHECK(pace(settings, scannable(600 * mib)).allocated == 400 * mib);
  CHECK(pace(settings, scannable(800 * mib)).allocated == 200 * mib);
  CHECK(pace(settings, scannable(800 * mib)).arena == floor_bytes);
  CHECK(pace(settings, {.scannable_bytes = mib, .arena_bytes = 990 * mib, .live_bytes = 991 * mib}).arena == 9 * mib);
}

TEST_CASE("Past the soft limit each cycle still pays for itself") {
  const PacerSettings settings{.soft_limit = 1000 * mib};
  for (const std::uint64_t live : {990 * mib, 1000 * mib, 4000 * mib}) {
    CAPTURE(live);
    CHECK(pace(settings, scannable(live)).allocated == live / 8);
  }
  CHECK(pace(settings, {.scannable_bytes = mib, .live_bytes = 2000 * mib}).allocated == mib);
  Simulation program{.settings = settings};
  program.run(100, [](int) { return scannable(2000 * mib); });
  CHECK(program.marked <= 8 * program.allocated);
}

TEST_CASE("Switched off, only the soft limit starts cycles") {
  const PacerDecision off = pace({.off = true}, scannable(4000 * mib));
  CHECK(off.allocated == never);
  CHECK(off.arena == never);
  const PacerDecision limited = pace({.off = true, .soft_limit = 1000 * mib}, scannable(300 * mib));
  CHECK(limited.allocated == 700 * mib);
  CHECK(limited.arena == 700 * mib);
}

TEST_CASE("A percentage of zero leaves the floor, a floor of zero collects always") {
  CHECK(pace({.percent = 0}, scannable(4000 * mib)).allocated == floor_bytes);
  CHECK(pace({.percent = 0, .floor = 0}, scannable(4000 * mib)).allocated == 0);
}

TEST_CASE("Numbers at the end of their range do not wrap") {
  const PacerDecision decision = pace({.percent = ~0U}, scannable(never / 2));
  CHECK(decision.allocated == never);
  CHECK(pace({.percent = 100}, scannable(std::uint64_t{1} << 62)).allocated == std::uint64_t{1} << 62);
}

}  // namespace
}  // namespace midden::collector
