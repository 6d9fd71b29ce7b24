// The soft limit by simulated programs: what is left of it, what cannot be used, and the cap on the
// time that it costs.

#include <cmath>
#include <vector>

#include "tests/collector/simulated_program.hpp"
#include "tests/support/catch.hpp"

namespace midden::collector_tests {
namespace {

constexpr std::uint64_t limit = 1000 * mib;
constexpr std::uint64_t second = 1'000'000'000;

constexpr std::uint64_t floor_bytes = PacerSettings{}.floor;

SimulatedProgram limited_program() { return SimulatedProgram({.soft_limit = limit}); }

// What the limit may cost: as much time as the program had, and a cycle on its way.
bool paid(const SimulatedProgram& program, std::uint64_t cycle_ns) {
  return program.collecting_ns <= program.running_ns + cycle_ns;
}

TEST_CASE("Far from the soft limit it changes nothing") {
  SimulatedProgram program = limited_program(), free({});
  for (int i = 0; i < 20; ++i) {
    const PacerDecision& decision = program.run({.scannable = 100 * mib});
    CHECK(decision.growth.allocated == free.run({.scannable = 100 * mib}).growth.allocated);
    CHECK(decision.growth.allocated < decision.together);
    CHECK_FALSE(decision.capped);
    CHECK(decision.over_limit == 0);
  }
  CHECK(program.limited == 0);
}

TEST_CASE("Near the soft limit the trigger is what is left of it, tables counted") {
  for (const std::uint64_t live : {500U, 600U, 700U, 800U}) {
    CAPTURE(live);
    SimulatedProgram program = limited_program();
    program.marked_a_ns = 100;  // marking is cheap, so the cap plays no part
    for (int i = 0; i < 20; ++i) program.run({.scannable = live * mib});
    program.forget_totals();
    for (int i = 0; i < 50; ++i) program.run({.scannable = live * mib});
    CHECK(program.peak <= limit + limit / 100);
    CHECK(program.peak >= limit - limit / 50);
    CHECK(program.limited == 50);
    CHECK_FALSE(program.pacer.decision().capped);
  }
}

TEST_CASE("The first cycle comes before the limit, too") {
  SimulatedProgram program({.off = true, .soft_limit = limit});
  program.run({.scannable = mib});
  CHECK(program.peak <= limit);
  CHECK(program.peak >= limit - limit / 50);
  CHECK(program.limited == 1);
}

TEST_CASE("Whatever lives, the soft limit costs at most half of the time") {
  for (const std::uint64_t live : {930 * mib, 990 * mib, 1000 * mib, 4000 * mib}) {
    for (const double allocating : {0.01, 0.5, 20.0}) {
      for (const double marking : {0.1, 1.0, 50.0}) {
        CAPTURE(live, allocating, marking);
        SimulatedProgram program({.off = true, .soft_limit = limit});  // growth has a price of its own
        program.bytes_a_ns = allocating;
        program.marked_a_ns = marking;
        const std::uint64_t cycle_ns = static_cast<std::uint64_t>(static_cast<double>(live) / marking);
        for (int i = 0; i < 200; ++i) {
          REQUIRE(program.run({.scannable = live}).together >= mib);
        }
        CHECK(paid(program, cycle_ns));
        if (live >= limit) CHECK(program.pacer.decision().capped);
        if (live >= limit) CHECK(program.pacer.decision().over_limit >= live - limit);
      }
    }
  }
}

TEST_CASE("Above the limit as many cycles run as half of the time allows, and not fewer") {
  SimulatedProgram program = limited_program();
  for (int i = 0; i < 100; ++i) program.run({.scannable = 2000 * mib});
  // A cycle takes as long as 2000 MiB take to be allocated: no sooner, and growth no later.
  CHECK(program.collecting_ns >= program.running_ns * 9 / 10);
  program.marked_a_ns = 10;
  program.forget_totals();
  for (int i = 0; i < 100; ++i) program.run({.scannable = 2000 * mib});
  CHECK(program.limited >= 98);
  CHECK(program.collecting_ns >= program.running_ns * 9 / 10);
  CHECK(paid(program, 200 * mib));
}

TEST_CASE("A cycle is worth a mebibyte of allocation at least") {
  SimulatedProgram program = limited_program();
  for (int i = 0; i < 100; ++i) {
    const PacerDecision& decision = program.run({.scannable = mib, .leaves = 2000 * mib});
    CHECK(decision.together >= mib);
    CHECK(decision.capped);
  }
  CHECK(program.cycles * mib <= program.allocated);
}

TEST_CASE("A program that becomes faster is charged once, and has paid soon after") {
  SimulatedProgram program = limited_program();
  program.marked_a_ns = 5;
  constexpr std::uint64_t cycle_ns = 2000 * mib / 5;
  for (int i = 0; i < 60; ++i) {
    program.bytes_a_ns = i % 6 < 3 ? 0.01 : 4;  // again and again
    program.run({.scannable = 2000 * mib});
    CHECK(paid(program, 2 * cycle_ns));
  }
}

TEST_CASE("A program that becomes faster all the time still gets its half") {
  // The last rate is always half of the next: what one interval leaves unpaid, the others pay.
  SimulatedProgram program({.off = true, .soft_limit = limit});
  program.bytes_a_ns = 0.01;
  program.run({.scannable = 2000 * mib});
  program.forget_totals();
  for (int i = 0; i < 20; ++i) {
    program.bytes_a_ns *= 2;
    program.run({.scannable = 2000 * mib});
    REQUIRE(paid(program, 3 * 2000 * mib));
  }
  CHECK(program.limited == 20);
}

TEST_CASE("Hours without a cycle are no credit") {
  SimulatedProgram program = limited_program();
  program.marked_a_ns = 10;
  for (int i = 0; i < 10; ++i) program.run({.scannable = 2000 * mib});
  program.run_for(3600 * second, {.scannable = 2000 * mib}, {.allocated = 100 * mib});
  program.forget_totals();
  for (int i = 0; i < 20; ++i) {
    program.run({.scannable = 2000 * mib});
    REQUIRE(paid(program, 2 * 200 * mib));
  }
}

TEST_CASE("A process that was suspended in a cycle does not forget its limit for as long") {
  SimulatedProgram program = limited_program();
  program.bytes_a_ns = 0.1;
  for (int i = 0; i < 3; ++i) program.run({.scannable = 990 * mib});
  Pacer suspended = program.pacer;
  const PacerDecision& decision = suspended.pace({.scannable_bytes = 990 * mib,
                                                  .live_bytes = 990 * mib,
                                                  .held_bytes = limit,
                                                  .added = {.allocated = 10 * mib},
                                                  .cycle_ns = 3600 * second,
                                                  .running_ns = 100 * mib,
                                                  .limited = true});
  // A minute's allocation.
  CHECK(decision.together >= 5'900'000'000);
  CHECK(decision.together <= 6'100'000'000);
}

TEST_CASE("Cycles that a host asks for are not charged, however many") {
  SimulatedProgram program = limited_program();
  program.marked_a_ns = 100;
  for (int i = 0; i < 10; ++i) program.run({.scannable = 800 * mib});
  const std::uint64_t before = program.pacer.decision().together;
  CHECK(before >= 100 * mib);
  for (int i = 0; i < 1000; ++i) {
    program.run_for(10, {.scannable = 800 * mib}, {.allocated = 100}, Cause::requested);
  }
  CHECK_FALSE(program.pacer.decision().capped);
  CHECK(program.pacer.decision().together >= before - limit / 100);
  CHECK(program.pacer.decision().together <= before + limit / 10);
}

TEST_CASE("Around the limit the cap lets go as soon as there is room again") {
  SimulatedProgram program = limited_program();
  program.marked_a_ns = 20;
  std::vector<std::uint64_t> peaks;
  for (int i = 0; i < 400; ++i) {
    const auto live = static_cast<std::uint64_t>(900.0 + 150 * std::sin(i / 20.0)) * mib;
    program.forget_totals();
    const PacerDecision& decision = program.run({.scannable = live});
    if (live < 850 * mib) REQUIRE_FALSE(decision.capped);
    if (live > 1000 * mib) REQUIRE(decision.capped);
    // Never beyond the limit by more than what lives, and what is allocated while a cycle is paid for.
    REQUIRE(program.peak <= (std::max(limit, 1050 * mib) + 1050 * mib / 20) / 16 * 18);
  }
}

TEST_CASE("A burst above the limit is forgotten when its memory has been swept") {
  SimulatedProgram program = limited_program();
  program.marked_a_ns = 50;
  for (int i = 0; i < 100; ++i) {
    const bool burst = i % 20 >= 15;
    const PacerDecision& decision = program.run({.scannable = burst ? 1500 * mib : 300 * mib});
    if (burst) CHECK(decision.capped);
    if (burst || i % 20 < static_cast<int>(mark_colours)) continue;
    CHECK_FALSE(decision.capped);
    CHECK(decision.growth.allocated <= decision.together);
  }
}

TEST_CASE("Holes that nothing fits into count: what is held keeps to the limit") {
  for (const double fitting : {1.0, 0.9, 0.7, 0.5}) {
    CAPTURE(fitting);
    SimulatedProgram program = limited_program();
    program.marked_a_ns = 100;
    program.fitting = fitting;
    program.lazy = false;
    for (int i = 0; i < 20; ++i) program.run({.scannable = 500 * mib});
    program.forget_totals();
    for (int i = 0; i < 200; ++i) program.run({.scannable = 500 * mib});
    CHECK(program.peak <= limit + limit / 50);
  }
}

TEST_CASE("A shrunken program whose holes are of no use passes the limit once") {
  SimulatedProgram program({.percent = 300, .soft_limit = limit});
  program.marked_a_ns = 100;
  for (int i = 0; i < 20; ++i) program.run({.scannable = 800 * mib});
  program.run({.scannable = 100 * mib});
  CHECK(program.pacer.decision().growth.allocated < program.pacer.decision().together);
  program.fitting = 0;  // objects of another type
  program.forget_totals();
  const PacerDecision& decision = program.run({.scannable = 100 * mib});
  CHECK(program.peak >= limit + 290 * mib);
  CHECK(decision.over_limit > 0);
  CHECK(decision.capped);
  program.fitting = 1;
  program.lazy = false;  // what is free in it is found
  for (int i = 0; i < 3; ++i) program.run({.scannable = 100 * mib});
  CHECK_FALSE(decision.capped);
}

TEST_CASE("A heap that holds no more than before may have room in it: the limit takes none away") {
  SimulatedProgram program = limited_program();
  program.marked_a_ns = 100;
  for (int i = 0; i < 20; ++i) program.run({.scannable = 800 * mib});
  // 100 MiB live in 900 MiB that nobody has swept yet.
  for (int i = 0; i < 10; ++i) {
    const PacerDecision& decision = program.run({.scannable = 100 * mib});
    CHECK(decision.growth.allocated == floor_bytes + 100 * mib);
    CHECK(decision.together >= 800 * mib);
  }
}

TEST_CASE("Objects and segments share what is left of the limit") {
  SimulatedProgram program({.off = true, .soft_limit = limit});
  program.marked_a_ns = 100;
  for (int i = 0; i < 20; ++i) program.run({.scannable = 100 * mib, .arenas = 600 * mib}, {.arena = 100 * mib});
  program.forget_totals();
  for (int i = 0; i < 20; ++i) program.run({.scannable = 100 * mib, .arenas = 600 * mib}, {.arena = 100 * mib});
  CHECK(program.limited == 20);
  CHECK(program.peak <= limit + limit / 50);
}

TEST_CASE("External bytes count toward the soft limit, and are charged to no other") {
  SimulatedProgram program = limited_program();
  program.marked_a_ns = 100;
  const PacerDecision& decision = program.run({.scannable = 300 * mib, .external = 500 * mib});
  CHECK(decision.together <= 200 * mib);
  CHECK(decision.growth.external == floor_bytes + 500 * mib);
  CHECK(decision.cause(Cause::growth, {.external = decision.together}) == Cause::limit);
  CHECK(decision.cause(Cause::growth, {.allocated = decision.together / 2, .external = decision.together / 2 + 1}) ==
        Cause::limit);
  CHECK(program.run({.scannable = 300 * mib, .external = 900 * mib}).over_limit >= 200 * mib);
  CHECK(program.pacer.decision().capped);
}

TEST_CASE("A large request comes to the limit before it is granted, unless little is new or the cap holds") {
  SimulatedProgram program = limited_program();
  program.marked_a_ns = 100;
  for (int i = 0; i < 5; ++i) program.run({.scannable = 700 * mib});
  const PacerDecision& decision = program.pacer.decision();
  const std::uint64_t room = decision.together;
  REQUIRE_FALSE(decision.capped);
  CHECK(decision.cause(Cause::growth, {.allocated = 2 * mib}, room - 2 * mib) == Cause::growth);
  CHECK(decision.cause(Cause::growth, {.allocated = 2 * mib}, room - 2 * mib + 1) == Cause::limit);
  CHECK(decision.cause(Cause::growth, {.arena = 9 * mib, .external = 9 * mib}, room - 17 * mib) == Cause::limit);
  CHECK(decision.cause(Cause::growth, {.allocated = mib - 1}, room) == Cause::growth);
  CHECK(decision.cause(Cause::requested, {.allocated = 2 * mib}, room) == Cause::requested);
  program.run({.scannable = 990 * mib});
  REQUIRE(decision.capped);
  CHECK(decision.cause(Cause::growth, {.allocated = 2 * mib}, 1000 * mib) == Cause::growth);
  SimulatedProgram free({});
  free.run({.scannable = mib});
  CHECK(free.pacer.decision().cause(Cause::growth, {.allocated = 2 * mib}, 1'000'000 * mib) == Cause::growth);
}

TEST_CASE("A cycle that comes early for the limit says so, one that growth asks for does not") {
  SimulatedProgram program = limited_program();
  program.marked_a_ns = 100;
  for (int i = 0; i < 5; ++i) program.run({.scannable = 700 * mib});
  const PacerDecision& decision = program.pacer.decision();
  REQUIRE(decision.together < 700 * mib);
  CHECK(decision.cause(Cause::growth, {.allocated = decision.together}) == Cause::limit);
  CHECK(decision.cause(Cause::growth, {.allocated = decision.together - 1}) == Cause::growth);
  CHECK(decision.cause(Cause::growth, {.allocated = floor_bytes + 700 * mib}) == Cause::growth);
  CHECK(decision.cause(Cause::requested, {.allocated = decision.together}) == Cause::requested);
  CycleReport report;
  decision.report_to(report);
  CHECK(report.trigger_bytes == decision.together);
}

}  // namespace
}  // namespace midden::collector_tests
