// Reports as text: <midden/fmt.hpp>.

#include <midden/fmt.hpp>

#include <cstdint>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include <midden/midden.hpp>

#include "tests/support/catch.hpp"

namespace {

// The words of each line.
std::vector<std::vector<std::string>> cells(const std::string& text) {
  std::vector<std::vector<std::string>> rows;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    rows.emplace_back();
    for (std::string word; words >> word;) rows.back().push_back(word);
  }
  return rows;
}

using Row = std::vector<std::string>;

}  // namespace

TEST_CASE("A pause report is a table of the pause and of each phase") {
  midden::PauseReport report;
  report.cycles = 4;
  report.sweep_ns = 12'340'000;
  for (unsigned ns : {1'000u, 2'000u, 3'000u, 40'000'000u}) report.pause.record(ns);
  report.collection_ns = 50'000'000;
  report.running_ns = 159'994'000;
  report.phases[static_cast<std::size_t>(midden::Phase::mark)].record(100);

  const std::string text = fmt::format("{}", report);
  const auto rows = cells(text);
  REQUIRE(rows.size() == 3 + midden::phase_count);
  CHECK(rows[0] == Row{"count", "mean", "p50", "p90", "p99", "p99.9", "max"});
  // The median lies in the cell that ends at 2,007 ns; the mean and the maximum are exact.
  CHECK(rows[1] ==
        Row{"pause", "4", "10.0", "ms", "2.01", "us", "40.0", "ms", "40.0", "ms", "40.0", "ms", "40.0", "ms"});
  CHECK(rows[2] == Row{"stop", "0", "-", "-", "-", "-", "-", "-"});
  CHECK(rows[4] ==
        Row{"mark", "1", "0.10", "us", "0.10", "us", "0.10", "us", "0.10", "us", "0.10", "us", "0.10", "us"});
  for (std::size_t i = 0; i < midden::phase_count; ++i) CHECK(rows[2 + i][0] == midden::phase_names[i]);
  CHECK(rows.back() == Row{"4", "cycles,", "12.3", "ms", "of", "sweeping", "outside", "of", "pauses,", "25.0", "%",
                           "of", "the", "time"});

  SECTION("cycles that were put off near the limit are told of") {
    report.capped = 2;
    CHECK(fmt::format("{}", report) == text + "; put off near the limit 2 times");
  }
  SECTION("its columns stand under each other") {
    std::istringstream lines(text);
    std::string first, line;
    std::getline(lines, first);
    for (std::size_t i = 0; i <= midden::phase_count; ++i) {
      std::getline(lines, line);
      CHECK(line.size() == first.size());
    }
  }
}

TEST_CASE("A time is shown with three digits and its unit") {
  const auto [nanoseconds, text] = GENERATE(table<double, std::string>({
      {0, "0.00 us"},
      {994, "0.99 us"},
      {9'990, "9.99 us"},
      {9'996, "10.0 us"},
      {99'960, "100 us"},
      {999'400, "999 us"},
      {999'600, "1.00 ms"},
      {123'456'789, "123 ms"},
      {9'999'000'000, "9999 ms"},
      {9'999'600'000, "10.0 s"},
      {3.6e12, "3600 s"},
  }));
  CAPTURE(nanoseconds);
  CHECK(midden::detail::duration_text(nanoseconds) == text);
}

TEST_CASE("Bytes are shown with three digits and their unit") {
  const auto [bytes, text] = GENERATE(table<std::uint64_t, std::string>({
      {0, "0 B"},
      {1023, "1023 B"},
      {1024, "1.00 KiB"},
      {10 * 1024 + 512, "10.5 KiB"},
      {1024 * 1024 - 1, "1.00 MiB"},
      {std::uint64_t{300} << 20, "300 MiB"},
      {std::uint64_t{3} << 39, "1.50 TiB"},
      {std::uint64_t{2048} << 40, "2048 TiB"},
  }));
  CAPTURE(bytes);
  CHECK(midden::detail::bytes_text(bytes) == text);
}

TEST_CASE("A cycle report tells its cause, its phases and what was found") {
  midden::CycleReport report;
  report.number = 7;
  report.cause = midden::Cause::growth;
  report.phase_ns = {1'000, 2'000, 3'000'000, 4'000, 5'000, 6'000};
  report.pause_ns = 3'018'000;
  report.running_ns = 3 * 3'018'000;
  report.mutators = 1;
  report.objects_marked = 12;
  report.references_scanned = 34;
  report.workers = 2;
  report.live_bytes = 3 << 20;
  report.scannable_bytes = 1 << 20;
  report.arena_bytes = 2 << 20;
  report.allocated_bytes = 5 << 20;
  report.committed_bytes = 9 << 20;
  const std::string text =
      "cycle 7 (growth): pause 3.02 ms (stop 1.00 us, roots 2.00 us, mark 3.00 ms, weak 4.00 us, reclaim 5.00 us, "
      "resume 6.00 us) of 1 thread, swept before for 0.00 us, 25.0 % of the time; marked 12 objects by 34 references "
      "with 2 workers; live 3.00 MiB (scannable 1.00 MiB, arenas 2.00 MiB), committed 9.00 MiB, allocated 5.00 MiB "
      "since the cycle before";
  CHECK(fmt::format("{}", report) == text);

  report.late_thread = "reader";
  report.late_ns = 900;
  std::string with_latest = text;
  with_latest.replace(text.find(" of 1 thread"), 12, " of 1 thread (the latest, \"reader\", after 0.90 us)");
  CHECK(fmt::format("{}", report) == with_latest);
  report.late_thread.clear();

  report.weak_references = 5;
  report.weak_cleared = 2;
  report.cleanups = 1;
  report.cleanups_due = 3;
  report.external_bytes = 3 << 20;
  CHECK(fmt::format("{}", report) == text + "; 5 weak references, 2 made null, 1 cleanup, 3 due, external 3.00 MiB");
  report.weak_references = report.cleanups = report.cleanups_due = report.external_bytes = 0;
  CHECK(fmt::format("{}", report) == text + "; 0 weak references, 2 made null, 0 cleanups, 0 due, external 0 B");
  report.weak_cleared = 0;

  report.trigger_bytes = 32 << 20;
  CHECK(fmt::format("{}", report) == text + "; next after 32.0 MiB");
  report.overflows = 2;
  CHECK(fmt::format("{}", report) == text + "; rescanned 2 times; next after 32.0 MiB");
  report.overflows = 0;
  report.capped = true;
  CHECK(fmt::format("{}", report) == text + "; next after 32.0 MiB, capped");
  report.over_limit_bytes = 3 << 20;
  CHECK(fmt::format("{}", report) == text + "; above the limit by 3.00 MiB; next after 32.0 MiB, capped");
}

TEST_CASE("A heap's report tells what it holds, and what its objects keep outside of it") {
  midden::HeapReport report;
  report.committed_bytes = 9 << 20;
  report.used_bytes = 6 << 20;
  report.returned_bytes = 1 << 20;
  report.free_bytes = 1 << 10;
  report.arena_bytes = 2 << 20;
  report.external_bytes = 3 << 20;
  report.allocated_bytes = 20 << 20;
  report.cycles = 4;
  CHECK(fmt::format("{}", report) ==
        "committed 9.00 MiB (blocks in use 6.00 MiB, of them returned 1.00 MiB, free 1.00 KiB, arenas 2.00 MiB), "
        "external 3.00 MiB, allocated 20.0 MiB in 4 cycles");
}

TEST_CASE("A row of the census tells its type, its objects and the room around them") {
  midden::SpaceReport report;
  report.type = "Node";
  report.slot_bytes = 24;
  report.objects = 1;
  report.object_bytes = 24;
  report.block_bytes = 64 << 10;
  report.free_bytes = 63 << 10;
  report.returned_bytes = 60 << 10;
  const std::string text = ": 1 object of 24 B in blocks of 64.0 KiB, of which free 63.0 KiB, returned 60.0 KiB";
  CHECK(fmt::format("{}", report) == "Node, 24 bytes" + text);
  report.slot_bytes = 0;
  CHECK(fmt::format("{}", report) == "Node, large" + text);
  report.type.clear();
  report.slot_bytes = 24;
  CHECK(fmt::format("{}", report) == "shared by types, 24 bytes" + text);
}

TEST_CASE("A thread's report tells its name, its state and its times to stop") {
  midden::ThreadReport report;
  report.name = "reader";
  CHECK(fmt::format("{}", report) == "thread \"reader\", running, 0 stops");
  report.blocked = true;
  for (unsigned ns : {1'000u, 2'000u, 3'000u}) report.stop.record(ns);
  CHECK(fmt::format("{}", report) ==
        "thread \"reader\", blocked, 3 stops after mean 2.00 us, p50 2.01 us, p99 3.00 us, max 3.00 us");
}

TEST_CASE("Reports of a runtime are formatted") {
  midden::Config config;
  config.environment = midden::Environment::ignore;
  midden::Runtime runtime(config);
  midden::Attach here(runtime);
  CHECK(cells(fmt::format("{}", runtime.pauses())).back()[0] == "0");
  CHECK(fmt::format("{}", runtime.pins()) == "0 pins");
  REQUIRE(runtime.threads().size() == 1);
  CHECK(fmt::format("{}", runtime.threads()[0]).ends_with(", running, 0 stops"));
  {
    const midden::Root<midden::String> text = midden::make_string("text");
    const midden::Pin<midden::String> pin(text);
    runtime.collect();
    const std::string pins = fmt::format("{}", runtime.pins());
    CAPTURE(pins);
    CHECK(pins.starts_with("1 pin, the oldest "));
    CHECK(pins.ends_with(" old"));
  }
  CHECK(cells(fmt::format("{}", runtime.pauses())).back()[0] == "1");
  const std::string cycle = fmt::format("{}", runtime.last_cycle());
  CAPTURE(cycle);
  CHECK(cycle.starts_with("cycle 1 (requested): pause "));
  CHECK(cycle.find("marked 1 object by ") != std::string::npos);
  const std::string heap = fmt::format("{}", runtime.heap());
  CAPTURE(heap);
  CHECK(heap.starts_with("committed "));
  CHECK(heap.ends_with(" in 1 cycle"));
}

TEST_CASE("A report takes no format options") {
  const midden::PinReport report;
  CHECK_THROWS_AS(fmt::format(fmt::runtime("{:>20}"), report), fmt::format_error);
  CHECK(fmt::format(fmt::runtime("{:}"), report) == "0 pins");
}

TEST_CASE("Grace periods name the threads that they wait for") {
  CHECK(fmt::format("{}", midden::GraceReport{.over = 1, .asked = 1}) == "1 grace period over");
  const midden::GraceReport report{.over = 2, .asked = 3, .waiting_ns = 1'500'000, .waits_for = {"reader", "writer"}};
  CHECK(fmt::format("{}", report) == "2 grace periods over, the next waits 1.50 ms for \"reader\", \"writer\"");
}
