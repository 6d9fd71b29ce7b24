// Pauses as the Runtime tells them, against what an observer of its cycles saw.

#include "runtime/statistics.hpp"

#include <algorithm>
#include <numeric>
#include <vector>

#include "tests/runtime/nodes.hpp"
#include "tests/support/catch.hpp"

using midden::Attach;
using midden::CycleReport;
using midden::Phase;
using midden::Root;
using midden::Runtime;

namespace {

struct Witness final : midden::Observer {
  struct Event {
    char kind;  // c: cycle begins, p: phase begins, e: phase ends, r: reported
    std::size_t phase = 0;
    std::uint64_t ns = 0;
  };
  std::vector<CycleReport> reports;
  std::vector<Event> events;

  void cycle_begins(std::uint64_t, midden::Cause) override { events.push_back({'c'}); }
  void phase_begins(Phase phase) override { events.push_back({'p', static_cast<std::size_t>(phase)}); }
  void phase_ends(Phase phase, std::uint64_t ns) override {
    events.push_back({'e', static_cast<std::size_t>(phase), ns});
  }
  void cycle_ended(const CycleReport& report) override {
    events.push_back({'r'});
    reports.push_back(report);
  }
};

}  // namespace

TEST_CASE("The histograms hold what an observer saw of each cycle") {
  Runtime runtime(quiet());
  Witness witness;
  runtime.add_observer(witness);
  {
    Attach here(runtime);
    for (std::int64_t i = 1; i <= 12; ++i) {
      const Root<Node> list = make_list(i * 100);
      runtime.collect();
    }
  }
  runtime.remove_observer(witness);
  runtime.collect();

  const midden::PauseReport pauses = runtime.pauses();
  REQUIRE(witness.reports.size() == 12);
  CHECK(pauses.cycles == 13);
  const CycleReport last = runtime.last_cycle();
  CHECK(last.number == 13);
  witness.reports.push_back(last);

  std::uint64_t sum = 0;
  std::uint64_t longest = 0;
  std::uint64_t swept = 0;
  for (const CycleReport& report : witness.reports) {
    CHECK(report.pause_ns == std::accumulate(report.phase_ns.begin(), report.phase_ns.end(), std::uint64_t{0}));
    sum += report.pause_ns;
    longest = std::max(longest, report.pause_ns);
    swept += report.sweep_ns;
  }
  CHECK(pauses.pause.count() == 13);
  CHECK(pauses.pause.sum() == sum);
  CHECK(pauses.pause.max() == longest);
  CHECK(pauses.pause.quantile(1.0) == longest);
  CHECK(pauses.sweep_ns == swept);
  for (std::size_t i = 0; i < midden::phase_count; ++i) {
    std::uint64_t of_phase = 0;
    for (const CycleReport& report : witness.reports) of_phase += report.phase_ns[i];
    CHECK(pauses.of(static_cast<Phase>(i)).count() == 13);
    CHECK(pauses.of(static_cast<Phase>(i)).sum() == of_phase);
  }
}

TEST_CASE("An observer hears of a cycle in the order of its phases") {
  Runtime runtime(quiet());
  Witness witness;
  runtime.add_observer(witness);
  runtime.collect();
  runtime.remove_observer(witness);
  REQUIRE(witness.events.size() == 2 + 2 * midden::phase_count);
  CHECK(witness.events.front().kind == 'c');
  CHECK(witness.events.back().kind == 'r');
  for (std::size_t i = 0; i < midden::phase_count; ++i) {
    const Witness::Event& begins = witness.events[1 + 2 * i];
    const Witness::Event& ends = witness.events[2 + 2 * i];
    CHECK(begins.kind == 'p');
    CHECK(begins.phase == i);
    CHECK(ends.kind == 'e');
    CHECK(ends.phase == i);
    CHECK(ends.ns == witness.reports[0].phase_ns[i]);
  }
}

TEST_CASE("A cycle's report counts what lives, what was scanned and what was allocated") {
  Runtime runtime(quiet());
  Attach here(runtime);
  Root<Node> list = make_list(1000);
  Root<midden::String> text = midden::make_string(std::string(5000, 'x'));
  runtime.collect();
  const CycleReport first = runtime.last_cycle();
  CHECK(first.objects_marked == 1001);
  CHECK(first.references_scanned == 999 + 2);
  CHECK(first.live_bytes >= 1000 * sizeof(Node) + 5008);
  CHECK(first.scannable_bytes >= 1000 * sizeof(Node));
  CHECK(first.scannable_bytes < 1000 * sizeof(Node) + 5008);
  CHECK(first.allocated_bytes >= first.live_bytes);
  CHECK(first.committed_bytes >= first.live_bytes);
  CHECK(first.mutators == 1);
  CHECK(first.overflows == 0);
  CHECK(first.trigger_bytes == runtime.config().gc_floor + first.scannable_bytes);
  runtime.collect();
  CHECK(runtime.last_cycle().allocated_bytes == 0);
  CHECK(runtime.last_cycle().live_bytes == first.live_bytes);
}

TEST_CASE("A grey stack of one entry overflows, is counted, and loses nothing") {
  midden::Config config = checking();
  config.mark_stack_limit = 1;
  Runtime runtime(config);
  Attach here(runtime);
  const Root<midden::Array<midden::Ref<Node>>> lists = midden::make_array<midden::Ref<Node>>(20);
  for (midden::Ref<Node>& list : *lists) list = make_list(10);
  CHECK(live_objects(runtime) == 201);
  CHECK(runtime.last_cycle().overflows > 0);
}
