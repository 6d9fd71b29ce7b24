// The pacer by simulated programs: growth, and numbers at their ends. The soft limit's tests stand in
// pacer_limit_test.cpp.

#include "collector/pacer.hpp"

#include <vector>

#include "tests/collector/simulated_program.hpp"
#include "tests/support/catch.hpp"

namespace midden::collector_tests {
namespace {

constexpr std::uint64_t floor_bytes = PacerSettings{}.floor;

TEST_CASE("A steady program's heap grows by the percentage between two cycles, and by no more") {
  for (const std::uint32_t percent : {25U, 50U, 100U, 300U}) {
    CAPTURE(percent);
    SimulatedProgram program({.percent = percent, .floor = 0});
    program.run({.scannable = 1000 * mib});
    program.forget_totals();
    for (int i = 0; i < 100; ++i) {
      REQUIRE(program.run({.scannable = 1000 * mib}).growth.allocated == 10 * mib * percent);
    }
    CHECK(program.peak <= (1000 * mib + 10 * mib * percent) / 16 * 17);
    CHECK(program.marked * percent == program.allocated * 100);  // marking in proportion to allocation
    CHECK(program.limited == 0);
  }
}

TEST_CASE("The floor is added to each trigger, so a small heap is collected no more often than that") {
  SimulatedProgram program({});
  for (int i = 0; i < 50; ++i) {
    const PacerDecision& decision = program.run({.scannable = mib, .arenas = mib, .external = mib});
    CHECK(decision.growth.allocated == floor_bytes + mib);
    CHECK(decision.growth.arena == floor_bytes + mib);
    CHECK(decision.growth.external == floor_bytes + mib);
  }
}

TEST_CASE("The trigger follows a growing program, so marking stays in proportion to allocation") {
  SimulatedProgram program({});
  std::uint64_t before = 0;
  for (int i = 0; i < 40; ++i) {
    const std::uint64_t live = std::uint64_t{1} << std::min(i, 33);
    const std::uint64_t trigger = program.run({.scannable = live}).growth.allocated;
    REQUIRE(trigger >= before);
    REQUIRE(trigger == floor_bytes + live);
    before = trigger;
  }
  CHECK(program.marked <= program.allocated + (std::uint64_t{1} << 33));
}

TEST_CASE("The trigger follows a shrinking program down to the floor") {
  SimulatedProgram program({});
  CHECK(program.run({.scannable = std::uint64_t{1} << 36}).growth.allocated == floor_bytes + (std::uint64_t{1} << 36));
  CHECK(program.run({.scannable = std::uint64_t{1} << 35}).growth.allocated == floor_bytes + (std::uint64_t{1} << 35));
  for (int i = 34; i > 0; --i) program.run({.scannable = std::uint64_t{1} << i});
  CHECK(program.pacer.decision().growth.allocated == floor_bytes + 2);
}

TEST_CASE("After a burst the trigger is what it was before at once") {
  SimulatedProgram program({});
  for (int i = 0; i < 30; ++i) {
    const std::uint64_t live = i % 10 == 5 ? 4000 * mib : 100 * mib;
    REQUIRE(program.run({.scannable = live}).growth.allocated == floor_bytes + live);
  }
}

TEST_CASE("Leaves count little: a heap of long strings is collected as seldom as its marking is dear") {
  SimulatedProgram program({});
  CHECK(program.run({.scannable = 64 * mib, .leaves = 10'000 * mib}).growth.allocated == floor_bytes + 64 * mib);
}

TEST_CASE("Arenas and external bytes have triggers of their own, at the same percentage") {
  SimulatedProgram program({.percent = 50});
  const PacerDecision& decision = program.run({.scannable = 100 * mib, .arenas = 8000 * mib, .external = 300 * mib});
  CHECK(decision.growth.allocated == floor_bytes + 50 * mib);
  CHECK(decision.growth.arena == floor_bytes + 4000 * mib);
  CHECK(decision.growth.external == floor_bytes + 150 * mib);
}

TEST_CASE("Each trigger is reached by bytes of its own kind") {
  SimulatedProgram program({.floor = 0});
  const PacerDecision& decision = program.run({.scannable = 100 * mib, .arenas = 200 * mib, .external = 300 * mib});
  CHECK(decision.together == no_trigger);
  for (const Pressure& added :
       {Pressure{.allocated = 100 * mib}, Pressure{.arena = 200 * mib}, Pressure{.external = 300 * mib},
        Pressure{99 * mib, 199 * mib, 299 * mib}, Pressure{}}) {
    CHECK(decision.cause(Cause::growth, added) == Cause::growth);
    CHECK(decision.cause(Cause::requested, added) == Cause::requested);
  }
}

TEST_CASE("Switched off, growth starts no cycle") {
  SimulatedProgram program({.off = true});
  const PacerDecision& decision = program.run_for(1, {4000 * mib, 0, 4000 * mib, 4000 * mib}, {});
  CHECK(decision.growth.allocated == no_trigger);
  CHECK(decision.growth.arena == no_trigger);
  CHECK(decision.growth.external == no_trigger);
  CHECK(decision.together == no_trigger);
  CycleReport report;
  decision.report_to(report);
  CHECK(report.trigger_bytes == 0);
}

TEST_CASE("A percentage of zero leaves the floor, a floor of zero collects always") {
  SimulatedProgram floored({.percent = 0});
  CHECK(floored.run({.scannable = 4000 * mib}).growth.allocated == floor_bytes);
  SimulatedProgram eager({.percent = 0, .floor = 0});
  CHECK(eager.run({.scannable = 4000 * mib}).growth.allocated == 0);
}

TEST_CASE("Numbers at the end of their range do not wrap") {
  constexpr std::uint64_t most = no_trigger;
  Pacer wide({.percent = ~0U});
  CHECK(wide.pace({.scannable_bytes = most / 2}).growth.allocated == most);
  Pacer plain({.percent = 100});
  CHECK(plain.pace({.scannable_bytes = std::uint64_t{1} << 62}).growth.allocated ==
        floor_bytes + (std::uint64_t{1} << 62));
  Pacer limited({.soft_limit = 1000 * mib});
  const PacerInput input{.scannable_bytes = most,
                         .arena_bytes = most,
                         .live_bytes = most,
                         .external_bytes = most,
                         .held_bytes = most,
                         .added = {most, most, most},
                         .cycle_ns = most,
                         .running_ns = most,
                         .limited = true};
  for (int i = 0; i < 3; ++i) {
    const PacerDecision& decision = limited.pace(input);
    CHECK(decision.over_limit == most - 1000 * mib);
    CHECK(decision.together >= mib);
    CHECK(decision.growth.allocated == most);
  }
}

}  // namespace
}  // namespace midden::collector_tests
