#include "collector/report/ledger.hpp"

#include <fmt/format.h>

#include <numeric>
#include <string>
#include <vector>

#include "tests/support/catch.hpp"

namespace midden::collector {
namespace {

// A clock that a test winds.
std::uint64_t now_ns = 0;
std::uint64_t readings = 0;
std::uint64_t fake_clock() {
  ++readings;
  return now_ns;
}

class Listener final : public Observer {
 public:
  void cycle_begins(std::uint64_t number, Cause cause) override {
    heard.push_back(fmt::format("cycle {} {}", number, name(cause)));
  }
  void phase_begins(Phase phase) override { heard.push_back(fmt::format("+{}", name(phase))); }
  void phase_ends(Phase phase, std::uint64_t nanoseconds) override {
    heard.push_back(fmt::format("-{} {}", name(phase), nanoseconds));
  }
  void cycle_ended(const CycleReport& report) override { heard.push_back(fmt::format("end {}", report.pause_ns)); }

  std::vector<std::string> heard;
};

constexpr Phase phases[] = {Phase::stop, Phase::roots, Phase::mark, Phase::weak, Phase::reclaim, Phase::resume};

TEST_CASE("Phases neither overlap nor leave gaps, and their sum is the pause") {
  now_ns = 1000;
  Ledger ledger(fake_clock);
  readings = 0;
  ledger.begin(5, Cause::growth);
  now_ns += 99;  // before the first phase: no part of the pause
  std::uint64_t took = 1;
  for (const Phase phase : phases) {
    ledger.enter(phase);
    now_ns += took;
    took *= 10;
  }
  const CycleReport& report = ledger.finish();
  now_ns += 77;  // after the last: neither
  CHECK(report.number == 5);
  CHECK(report.cause == Cause::growth);
  CHECK(report.phase_ns == std::array<std::uint64_t, phase_count>{1, 10, 100, 1000, 10'000, 100'000});
  CHECK(report.pause_ns == 111'111);
  CHECK(report.running_ns == 99);
  CHECK(std::accumulate(report.phase_ns.begin(), report.phase_ns.end(), std::uint64_t{0}) == report.pause_ns);
  CHECK(readings == phase_count + 1);  // one at each boundary
}

TEST_CASE("Every observer hears of each boundary, in order") {
  now_ns = 0;
  Ledger ledger(fake_clock);
  Listener first, second;
  ledger.add_observer(first);
  ledger.add_observer(second);
  ledger.begin(1, Cause::requested);
  for (const Phase phase : phases) {
    ledger.enter(phase);
    now_ns += 3;
  }
  ledger.finish();
  CHECK(first.heard.back() == "-resume 3");  // the report is not complete yet
  ledger.publish();
  CHECK(first.heard == std::vector<std::string>{"cycle 1 requested", "+stop", "-stop 3", "+roots", "-roots 3", "+mark",
                                                "-mark 3", "+weak", "-weak 3", "+reclaim", "-reclaim 3", "+resume",
                                                "-resume 3", "end 18"});
  CHECK(second.heard == first.heard);
}

TEST_CASE("A cycle begins with nothing of the one before") {
  now_ns = 0;
  Ledger ledger(fake_clock);
  for (int round = 0; round < 2; ++round) {
    ledger.begin(1, Cause::requested);
    for (const Phase phase : phases) {
      ledger.enter(phase);
      now_ns += 1;
    }
    CycleReport& report = ledger.finish();
    CHECK(report.pause_ns == phase_count);
    CHECK(report.objects_marked == 0);
    report.objects_marked = 100;
  }
}

TEST_CASE("The time between two pauses runs from the end of the one to the request of the other") {
  now_ns = 0;
  Ledger ledger(fake_clock);
  for (std::uint64_t number = 1; number <= 3; ++number) {
    now_ns += 1000 * number;
    ledger.begin(number, Cause::growth);
    for (const Phase phase : phases) {
      ledger.enter(phase);
      now_ns += 10;
    }
    CycleReport& report = ledger.finish();
    CHECK(report.running_ns == 1000 * number);
    CHECK(report.share() == 60.0 / static_cast<double>(60 + 1000 * number));
    // Two threads swept for 400 ns between them: each was delayed by half of that.
    report.sweep_ns = 400;
    report.mutators = 2;
    CHECK(report.collection_ns() == 260);
    report.sweep_ns = 1'000'000;
    CHECK(report.share() == 1);
  }
}

TEST_CASE("An observer that was removed hears nothing") {
  Ledger ledger(fake_clock);
  Listener listener;
  ledger.add_observer(listener);
  ledger.remove_observer(listener);
  ledger.begin(1, Cause::requested);
  ledger.enter(Phase::stop);
  ledger.finish();
  ledger.publish();
  CHECK(listener.heard.empty());
}

TEST_CASE("The clock of the process never goes back") {
  std::uint64_t last = steady_ns();
  for (int i = 0; i < 1000; ++i) {
    const std::uint64_t now = steady_ns();
    REQUIRE(now >= last);
    last = now;
  }
}

}  // namespace
}  // namespace midden::collector
