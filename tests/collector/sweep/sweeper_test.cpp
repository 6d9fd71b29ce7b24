#include "collector/sweep/sweeper.hpp"

#include <algorithm>
#include <vector>

#include "collector/heap/size_class.hpp"
#include "collector/sweep/free_runs.hpp"
#include "tests/collector/bare_span.hpp"
#include "tests/support/seed.hpp"

namespace midden::collector_tests {
namespace {

constexpr Colour live = 2;

// Slot sizes of every kind: one granule, shared granules, several blocks, one slot to a span.
constexpr std::size_t slot_sizes[] = {16, 24, 40, 48, 104, 144, 1008, 4608, 36864, 98304, 262144};

// The free runs of a span as find_free_run tells them.
std::vector<std::pair<std::uint32_t, std::uint32_t>> free_runs(BareSpan& bare, std::uint32_t at_most) {
  std::vector<std::pair<std::uint32_t, std::uint32_t>> runs;
  for (std::uint32_t from = 0;;) {
    const SlotRun run = find_free_run(bare.space, bare.head(), from, at_most);
    if (run.begin == run.end) return runs;
    REQUIRE(run.begin >= from);
    REQUIRE(run.end - run.begin <= at_most);
    runs.emplace_back(run.begin, run.end);
    from = run.end;
  }
}

using Runs = std::vector<std::pair<std::uint32_t, std::uint32_t>>;

TEST_CASE("Only slots of the live colour survive a sweep, with their flags") {
  BareSpan bare(48, 1);
  bare.metadata(0).mark(live);
  bare.metadata(1).mark(1);
  bare.metadata(2).mark(3);
  bare.metadata(3).mark(live);
  bare.metadata(3).set(pinned_flag | born_flag);
  bare.metadata(5).mark(1);
  bare.metadata(5).set(pinned_flag | born_flag);
  bare.metadata(6).set(born_flag);  // made since the last cycle, and not found

  CHECK(sweep_span(bare.space, bare.head(), live, 17) == bare.head().slots - 2);
  CHECK(bare.metadata(0).load() == live);
  CHECK(bare.metadata(3).load() == (live | pinned_flag | born_flag));
  for (const std::uint32_t slot : {1U, 2U, 4U, 5U, 6U}) CHECK(bare.metadata(slot).load() == 0);
  CHECK(bare.head().swept_cycle == 17);
  CHECK_FALSE(bare.head().zero);
  CHECK(free_runs(bare, ~0U) == Runs{{1, 3}, {4, bare.head().slots}});
}

TEST_CASE("A span that nothing survived is one run, a full one is none") {
  for (const std::size_t bytes : slot_sizes) {
    CAPTURE(bytes);
    BareSpan bare(bytes, span_blocks_for(bytes));
    const std::uint32_t slots = bare.head().slots;
    CHECK(sweep_span(bare.space, bare.head(), live, 1) == slots);
    CHECK(free_runs(bare, ~0U) == Runs{{0, slots}});
    for (std::uint32_t slot = 0; slot < slots; ++slot) bare.metadata(slot).mark(live);
    CHECK(sweep_span(bare.space, bare.head(), live, 1) == 0);
    CHECK(free_runs(bare, ~0U).empty());
  }
}

TEST_CASE("A sweep touches no metadata beside its span") {
  BareSpan bare(4608, span_blocks_for(4608));
  std::uint8_t* const before = bare.space.metadata_of(BareSpan::first) - 1;
  std::uint8_t* const after = bare.space.metadata_of(BareSpan::first + bare.head().blocks);
  *before = 1;
  *after = 1;
  sweep_span(bare.space, bare.head(), live, 1);
  CHECK(*before == 1);
  CHECK(*after == 1);
}

TEST_CASE("A run is cut where it would be too long") {
  BareSpan bare(24, span_blocks_for(24));
  bare.metadata(5).mark(live);
  const Runs runs = free_runs(bare, 2);
  CHECK(Runs(runs.begin(), runs.begin() + 4) == Runs{{0, 2}, {2, 4}, {4, 5}, {6, 8}});
}

TEST_CASE("Random marks of every colour leave just the free runs that a list of slots has") {
  auto random = test_generator(3);
  for (const std::size_t bytes : slot_sizes) {
    for (int round = 0; round < 40; ++round) {
      CAPTURE(bytes, round);
      BareSpan bare(bytes, span_blocks_for(bytes));
      const std::uint32_t slots = bare.head().slots;
      std::vector<bool> survives(slots, false);
      const std::uint64_t density = 1 + random() % 50;  // few survivors, or nearly all
      for (std::uint32_t slot = 0; slot < slots; ++slot) {
        const auto colour = static_cast<Colour>(random() % 50 < density ? live : random() % 4);
        if (colour != 0) bare.metadata(slot).mark(colour);
        if (random() % 8 == 0) bare.metadata(slot).set(pinned_flag);
        survives[slot] = colour == live;
      }
      const auto free = static_cast<std::uint32_t>(std::count(survives.begin(), survives.end(), false));
      REQUIRE(sweep_span(bare.space, bare.head(), live, 1) == free);

      const auto at_most = static_cast<std::uint32_t>(1 + random() % 300);
      std::vector<bool> offered(slots, false);
      for (const auto& [begin, end] : free_runs(bare, at_most)) {
        for (std::uint32_t slot = begin; slot < end; ++slot) offered[slot] = true;
        // A run ends at a survivor, at the span's end, or because it is long enough.
        REQUIRE((end == slots || end - begin == at_most || survives[end]));
      }
      std::size_t wrong = 0;
      for (std::uint32_t slot = 0; slot < slots; ++slot) wrong += offered[slot] == survives[slot];
      REQUIRE(wrong == 0);
    }
  }
}

}  // namespace
}  // namespace midden::collector_tests
