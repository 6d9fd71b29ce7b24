#include "collector/cycle.hpp"

#include <limits>
#include <new>
#include <numeric>
#include <optional>
#include <string>
#include <vector>

#include "collector/check/heap_walk.hpp"
#include "tests/collector/full_cycle.hpp"
#include "tests/collector/host_memory.hpp"
#include "tests/collector/shapes.hpp"

namespace midden::collector_tests {
namespace {

Node* make_node(FullCycle& full) {
  return new (static_cast<void*>(full.make(full.heap.types().find(type_info<Node>())))) Node();
}

// Writes down each call with what the world did at that moment.
class Diary final : public Observer {
 public:
  explicit Diary(const FakeWorld& world) : world_(world) {}

  void cycle_begins(std::uint64_t number, Cause cause) override {
    note("cycle " + std::to_string(number) + " for " + std::string(name(cause)));
  }
  void phase_begins(Phase phase) override { note(std::string("+").append(name(phase))); }
  void phase_ends(Phase phase, std::uint64_t) override { note(std::string("-").append(name(phase))); }
  void cycle_ended(const CycleReport& report) override {
    note("end");
    last = report;
  }

  std::vector<std::string> lines;
  CycleReport last;

 private:
  void note(std::string line) { lines.push_back(line.append(world_.stopped() ? " stopped" : " runs")); }

  const FakeWorld& world_;
};

TEST_CASE("The itinerary: the world stands from the end of `stop` to the begin of `resume`") {
  FullCycle full;
  Diary diary(full.world);
  full.ledger.add_observer(diary);
  const CycleReport report = full.cycle.run(Cause::growth);
  CHECK(diary.lines == std::vector<std::string>{"cycle 1 for growth runs", "+stop runs", "-stop stopped",
                                                "+roots stopped", "-roots stopped", "+mark stopped", "-mark stopped",
                                                "+weak stopped", "-weak stopped", "+reclaim stopped",
                                                "-reclaim stopped", "+resume stopped", "-resume runs", "end runs"});
  CHECK(diary.last.number == report.number);
  CHECK(full.world.stops() == 1);
}

TEST_CASE("The report of a cycle is complete when the observer gets it") {
  FullCycle full;
  Diary diary(full.world);
  full.ledger.add_observer(diary);
  Node* root = full.root(make_node(full));
  root->left = make_node(full);
  Type& segment = full.add(segment_type());
  std::byte* arena = full.root(full.make(segment, 500'000));
  CHECK(full.heap.commit_segment(arena, 5000, Effort::normal) == Verdict::memory);
  for (int i = 0; i < 98; ++i) make_node(full);

  full.collect();
  const CycleReport& first = diary.last;
  CHECK(first.number == 1);
  CHECK(first.cause == Cause::requested);
  CHECK(first.mutators == 1);
  CHECK(first.late_thread == "the only one");
  CHECK(first.late_ns == 7);
  CHECK(first.objects_marked == 3);
  CHECK(first.references_scanned == 3);
  CHECK(first.live_bytes == 32 + 8192);
  CHECK(first.arena_bytes == 8192);
  CHECK(first.scannable_bytes == 32 + granule_bytes);
  CHECK(first.allocated_bytes == 100 * 16);
  CHECK(first.committed_bytes == full.heap.committed_bytes());
  CHECK(first.trigger_bytes == PacerSettings{}.floor + first.scannable_bytes);
  CHECK(first.overflows == 0);
  CHECK(first.sweep_ns == 0);
  CHECK(std::accumulate(first.phase_ns.begin(), first.phase_ns.end(), std::uint64_t{0}) == first.pause_ns);

  make_node(full);
  full.cycle.run(Cause::stress);
  const CycleReport& second = diary.last;
  CHECK(second.number == 2);
  CHECK(second.cause == Cause::stress);
  CHECK(second.objects_marked == 3);
  CHECK(second.allocated_bytes == 16);  // since the cycle before
  CHECK(second.sweep_ns > 0);
  CHECK(full.heap.report().cycles == 2);
  CHECK(full.heap.report().allocated_bytes == 101 * 16);
}

TEST_CASE("Through many cycles nothing live is lost, and the dead make room") {
  for (const bool checked : {false, true}) {
    CAPTURE(checked);
    FullCycle full(checked);
    std::vector<Node*> list{full.root(make_node(full))};
    BlockIndex frontier = 0;
    for (int cycle = 0; cycle < 30; ++cycle) {
      CAPTURE(cycle);
      for (int i = 0; i < 2000; ++i) make_node(full);
      list.back()->right = make_node(full);
      list.push_back(list.back()->right.get());
      REQUIRE(full.collect().objects_marked == list.size());
      for (std::size_t i = 0; i + 1 < list.size(); ++i) REQUIRE(list[i]->right == list[i + 1]);
      if (cycle == 3) frontier = full.heap.address_space().frontier();
    }
    CHECK(full.heap.address_space().frontier() == frontier);
  }
}

TEST_CASE("Every source of roots is asked, until it is removed") {
  FullCycle full;
  RootList other;
  full.cycle.add_roots(other);
  full.root(make_node(full));
  other.objects.push_back(make_node(full));
  CHECK(full.collect().objects_marked == 2);
  full.cycle.remove_roots(other);
  CHECK(full.collect().objects_marked == 1);
}

// False where something else than memory is the answer.
bool make_one(FullCycle& full, Type& type) {
  const auto attempt = [&] { return full.allocator.allocate(type, type.info().size, Effort::normal); };
  return ask(attempt).verdict == Verdict::memory;
}

TEST_CASE("A cycle sets the trigger for the next") {
  FullCycle full(false, {.pacing = {.percent = 50, .floor = 1 << 20}});
  Type& type = full.add(leaf_of(1008));
  const auto fill = [&] {
    std::size_t bytes = 0;
    while (make_one(full, type)) bytes += 1008;
    return bytes;
  };
  CHECK(fill() >= 1 << 20);  // before the first cycle: that of an empty heap
  Type& arrays = full.add(RefArray::type());
  full.root(full.make(arrays, 1 << 20));  // 8 MiB to scan
  CHECK(full.collect().trigger_bytes == (1 << 20) + (8 << 20) / 2 + page_bytes / 2);
  const std::size_t second = fill();
  CHECK(second >= 5 << 20);
  CHECK(second <= (5 << 20) + 2 * block_bytes);
  full.roots.objects.clear();
  CHECK(full.collect().trigger_bytes == 1 << 20);
}

// A clock of which a test says how fast it goes: so much for each reading, and what is added to it.
std::uint64_t now_ns = 0;
constexpr std::uint64_t second = 1'000'000'000;
std::uint64_t slow_clock() { return now_ns += second; }
// Cycles that cost nothing: what the soft limit asks for is then not put off, however slow the machine.
std::uint64_t standing_clock() { return now_ns; }

TEST_CASE("With more alive than the soft limit allows, half of the time is the program's") {
  // Each pause takes 6 seconds, in which the program would allocate 6 MB: the sweep plays no part.
  constexpr std::uint64_t pause_ns = 6 * second, byte_ns = 1000;
  now_ns = 0;
  FullCycle full(false, {.pacing = {.soft_limit = 16 << 20}}, {.reserve = small_reserve}, slow_clock);
  Type& type = full.add(leaf_of(1008));
  for (int i = 0; i < 20'000; ++i) full.root(full.make(type));
  CHECK(full.collect().over_limit_bytes >= 20'000 * 1008 - (16 << 20));

  std::uint64_t allocated = 0, running = 0, collecting = 0, cycles = 0;
  while (allocated < (200 << 20)) {
    Grant grant = ask([&] { return full.allocator.allocate(type, 1008, Effort::normal); });
    if (grant.verdict == Verdict::cycle_needed) {
      const CycleReport report = full.cycle.run(Cause::growth);
      REQUIRE(report.pause_ns == pause_ns);
      REQUIRE(report.cause == Cause::limit);
      REQUIRE(report.capped);
      REQUIRE(report.over_limit_bytes > 0);
      running += report.running_ns;
      collecting += report.pause_ns;
      ++cycles;
      continue;
    }
    REQUIRE(grant.verdict == Verdict::memory);
    allocated += 1008;
    now_ns += 1008 * byte_ns;
  }
  CHECK(cycles >= 10);  // it still tries
  // A second of each interval is that of reading the clock.
  CHECK(cycles <= allocated * byte_ns / (pause_ns - second) + 1);
  CHECK(collecting <= running + pause_ns);
}

TEST_CASE("A cycle that the soft limit brings forward has the cause `limit`, others have their own") {
  FullCycle full(false, {.pacing = {.floor = 16 << 20, .soft_limit = 24 << 20}}, {.reserve = small_reserve},
                 standing_clock);
  Type& type = full.add(leaf_of(1008));
  const auto fill = [&] {
    while (make_one(full, type)) continue;
    return full.cycle.run(Cause::growth).cause;
  };
  CHECK(fill() == Cause::growth);
  full.root(full.make(full.add(bytes_type()), 14 << 20));
  CHECK(full.cycle.run(Cause::growth).cause == Cause::growth);
  CHECK(fill() == Cause::limit);
  CHECK(full.collect().cause == Cause::requested);
  CHECK(full.cycle.run(Cause::limit).cause == Cause::limit);
}

TEST_CASE("Mutators that run before the next trigger is known are asked for no cycle") {
  FullCycle full(false, {.pacing = {.percent = 0, .floor = 1 << 20, .soft_limit = 4 << 20}});
  Type& type = full.add(leaf_of(200'000));
  const auto allocate = [&] { return full.allocator.allocate(type, 200'000, Effort::normal).verdict; };
  int asked = 0;
  full.world.resumed = [&] {
    for (int i = 0; i < 10; ++i) asked += allocate() == Verdict::cycle_needed;
  };
  full.collect();
  CHECK(asked == 0);
  CHECK(allocate() == Verdict::cycle_needed);
}

TEST_CASE("Objects and segments share the room below the soft limit") {
  FullCycle full(false, {.pacing = {.off = true, .soft_limit = 32 << 20}});
  Type& type = full.add(leaf_of(1008));
  std::byte* arena = full.root(full.make(full.add(segment_type()), 64 << 20));
  REQUIRE(full.heap.commit_segment(arena, 15 << 20, Effort::normal) == Verdict::memory);
  std::size_t bytes = 0;
  while (make_one(full, type)) bytes += 1008;
  CHECK(bytes >= 14 << 20);
  CHECK(bytes <= 16 << 20);
  CHECK(full.heap.commit_segment(arena, 16 << 20, Effort::normal) == Verdict::cycle_needed);
  CHECK(full.heap.committed_bytes() <= 33 << 20);
  CHECK(full.cycle.run(Cause::growth).cause == Cause::limit);
  CHECK(full.heap.commit_segment(arena, 16 << 20, Effort::normal) == Verdict::memory);
}

TEST_CASE("What is held keeps to the soft limit, with its tables and holes") {
  FullCycle full(false, {.pacing = {.off = true, .soft_limit = 32 << 20}}, {.reserve = small_reserve}, standing_clock);
  Type& type = full.add(leaf_of(1008));
  for (int i = 0; i < 200'000; ++i) {
    Grant grant = ask([&] { return full.allocator.allocate(type, 1008, Effort::normal); });
    if (grant.verdict == Verdict::cycle_needed) {
      full.cycle.run(Cause::growth);
      grant.memory = full.make(type);
    }
    if (i % 20 == 0 && i < 100'000) full.root(grant.memory);
    REQUIRE(full.heap.held_bytes() <= (33 << 20));
  }
}

TEST_CASE("Switched off, no trigger is reported and none asks for a cycle") {
  FullCycle full(false, {.pacing = {.off = true, .floor = 0}});
  CHECK(full.collect().trigger_bytes == 0);
  Type& type = full.add(leaf_of(300'000));
  for (int i = 0; i < 100; ++i) {
    REQUIRE(full.allocator.allocate(type, 300'000, Effort::normal).verdict == Verdict::memory);
  }
}

TEST_CASE("A small grey stack costs rescans, which the report counts") {
  FullCycle full(true, {.marking = {.stack_limit = 1}});
  std::vector<Node*> nodes{full.root(make_node(full))};
  for (std::size_t i = 0; i < 500; ++i) {
    nodes.push_back(make_node(full));
    (i % 2 == 0 ? nodes[i / 2]->left : nodes[i / 2]->right) = nodes.back();
  }
  const CycleReport report = full.collect();
  CHECK(report.overflows > 0);
  CHECK(report.objects_marked == nodes.size());
}

TEST_CASE("A retired type goes in the weak phase of the first cycle without its objects") {
  FullCycle full(true);
  Type& type = full.add(leaf_of(24));
  full.root(full.make(type));
  full.heap.retire(type);
  full.collect();
  CHECK(full.heap.types().all().size() == 1);
  full.roots.objects.clear();
  full.collect();
  CHECK(full.heap.types().all().empty());
}

TEST_CASE("In a checked heap the walk follows each cycle, and what it finds stops it") {
  FullCycle full(true);
  Node* node = full.root(make_node(full));
  full.collect();
  // A byte in the tail of a block, where sweeping would clear it, but nobody has swept.
  full.heap.address_space().metadata(full.heap.address_space().begin_of(full.block_of(node) + 1)).set(pinned_flag);
  try {
    full.collect();
    FAIL_CHECK("was not found");
  } catch (const Finding& found) {
    CHECK(found.what == "a free block has metadata left behind");
  }
  CHECK_FALSE(full.world.stopped());
}

TEST_CASE("A host that has no memory left can still collect, and sweep what has died") {
  FullCycle full;
  Node* root = full.root(make_node(full));
  for (int i = 0; i < 5000; ++i) {
    make_node(full);
    Node* node = make_node(full);
    node->left = root->left.get();
    root->left = node;
  }
  Type& retired = full.add(leaf_of(24));
  full.make(retired);
  full.heap.retire(retired);
  CycleReport report;
  for (int cycle = 0; cycle < 4; ++cycle) {
    const NoHostMemory refused;
    report = full.collect();
    if (cycle > 1) static_cast<void>(full.heap.sweep_until(std::numeric_limits<std::uint64_t>::max()));
  }
  CHECK(report.objects_marked == 5001);
  // What it had no memory for comes later.
  CHECK(full.heap.types().all().size() == 2);
  full.collect();
  CHECK(full.heap.types().all().size() == 1);
  CHECK_FALSE(walk_heap(full.heap, full.world.stop()).has_value());
}

TEST_CASE("A request that the host has no memory for leaves the heap whole") {
  FullCycle full;
  Type& type = full.add(leaf_of(5000, 64));
  int refusals = 0;
  for (int i = 0; i < 3000; ++i) {
    std::optional<NoHostMemory> refused(std::in_place);
    Grant grant{};
    try {
      grant = ask([&] { return full.allocator.allocate(type, 5000, Effort::beyond_trigger); });
    } catch (const std::bad_alloc&) {
      ++refusals;
    }
    refused.reset();
    if (grant.memory == nullptr) grant.memory = full.make(type);
    if (i % 3 == 0) full.root(grant.memory);
    if (i % 500 == 499) full.collect();
    if (i % 100 == 0) REQUIRE_FALSE(walk_heap(full.heap, full.world.stop()).has_value());
  }
  CHECK(refusals > 0);
}

TEST_CASE("Two heaps do not know of each other") {
  FullCycle one, two;
  Node* mine = one.root(make_node(one));
  Node* theirs = two.root(make_node(two));
  for (int i = 0; i < 5; ++i) CHECK(one.collect().number == static_cast<std::uint64_t>(i + 1));
  CHECK(two.collect().number == 1);
  CHECK_FALSE(one.heap.is_slot(theirs));
  CHECK_FALSE(two.heap.is_slot(mine));
}

}  // namespace
}  // namespace midden::collector_tests
