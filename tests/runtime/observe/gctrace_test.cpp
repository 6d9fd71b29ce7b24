// The line of MIDDEN_GCTRACE: its fields, in their order and units.

#include "runtime/observe/gctrace.hpp"

#include <regex>
#include <string>
#include <vector>

#include "tests/runtime/nodes.hpp"
#include "tests/support/catch.hpp"

TEST_CASE("A line tells every field of the report with its unit") {
  midden::CycleReport report;
  report.number = 12;
  report.cause = midden::Cause::growth;
  for (std::size_t i = 0; i < midden::phase_count; ++i) report.phase_ns[i] = 1'000'000 * (i + 1);
  report.pause_ns = 21'000'000;
  report.sweep_ns = 7'500'000;
  report.running_ns = 29'000'000;
  report.over_limit_bytes = 3 << 20;
  report.live_bytes = 10 << 20;
  report.scannable_bytes = 4 << 20;
  report.arena_bytes = 1 << 19;
  report.committed_bytes = 32 << 20;
  report.allocated_bytes = 8 << 20;
  report.trigger_bytes = 16 << 20;
  report.objects_marked = 1234;
  report.references_scanned = 5678;
  report.workers = 2;
  report.mutators = 3;
  const std::string line = midden::runtime::trace_line(report, 1'234'567'890);
  CHECK(line ==
        "midden: gc 12 @1.235s growth: pause 21.000 ms = stop 1.000 roots 2.000 mark 3.000 weak 4.000 reclaim 5.000 "
        "resume 6.000; sweep 7.500 ms, share 47.0 %; live 10.0 MiB (scannable 4.0, arenas 0.5), committed 32.0 MiB; "
        "allocated 8.0 "
        "MiB, next after 16.0 MiB, over the limit 3.0 MiB; objects 1234, references 5678; workers 2, threads 3");

  report.capped = true;
  std::string capped = line;
  capped.replace(line.find("16.0 MiB"), 8, "16.0 MiB (capped)");
  CHECK(midden::runtime::trace_line(report, 1'234'567'890) == capped);
  report.capped = false;

  report.weak_references = 4;
  report.weak_cleared = 3;
  report.cleanups = 2;
  report.cleanups_due = 1;
  report.external_bytes = 5 << 19;
  CHECK(midden::runtime::trace_line(report, 1'234'567'890) ==
        line + "; weak 4, cleared 3, cleanups 2, due 1, external 2.5 MiB");
  report.weak_references = report.weak_cleared = report.cleanups = report.cleanups_due = report.external_bytes = 0;

  report.late_thread = "reader \"2\"";
  report.late_ns = 12'345;
  CHECK(midden::runtime::trace_line(report, 1'234'567'890) == line + "; latest thread \"reader \"2\"\" after 0.012 ms");
}

TEST_CASE("A line holds the largest numbers there are") {
  midden::CycleReport report;
  constexpr std::uint64_t most = ~std::uint64_t{0};
  report.number = report.pause_ns = report.sweep_ns = report.live_bytes = report.scannable_bytes = most;
  report.arena_bytes = report.committed_bytes = report.allocated_bytes = report.trigger_bytes = most;
  report.objects_marked = report.references_scanned = report.workers = report.mutators = most;
  report.running_ns = report.over_limit_bytes = most;
  report.capped = true;
  report.phase_ns.fill(most);
  const std::string line = midden::runtime::trace_line(report, most);
  CHECK(
      line.ends_with("objects 18446744073709551615, references 18446744073709551615; workers 18446744073709551615, "
                     "threads 18446744073709551615"));
}

TEST_CASE("With gctrace there is one line for each cycle, through Config::message") {
  midden::Config config = quiet();
  std::vector<std::string> lines;
  config.gctrace = true;
  config.message = [&](std::string_view line) { lines.emplace_back(line); };
  midden::Runtime runtime(config);
  midden::Attach here(runtime);
  const midden::Root<Node> list = make_list(10);
  for (int i = 0; i < 3; ++i) runtime.collect();
  REQUIRE(lines.size() == 3);
  const std::regex form(
      R"(midden: gc (\d+) @\d+\.\d{3}s requested: pause \d+\.\d{3} ms = stop \d+\.\d{3} roots \d+\.\d{3} )"
      R"(mark \d+\.\d{3} weak \d+\.\d{3} reclaim \d+\.\d{3} resume \d+\.\d{3}; sweep \d+\.\d{3} ms, share \d+\.\d %; )"
      R"(live \d+\.\d MiB \(scannable \d+\.\d, arenas \d+\.\d\), committed \d+\.\d MiB; )"
      R"(allocated \d+\.\d MiB, next after \d+\.\d MiB, over the limit 0.0 MiB; objects 10, references \d+; workers 1, threads 1)");
  for (std::size_t i = 0; i < lines.size(); ++i) {
    CAPTURE(lines[i]);
    std::smatch parts;
    REQUIRE(std::regex_match(lines[i], parts, form));
    CHECK(parts[1] == std::to_string(i + 1));
  }
}
