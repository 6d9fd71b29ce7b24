#pragma once
// One worker's part of marking: from the edges it is told of to everything they reach.
//
// A reference passes two short queues, so that the memory it leads to is on its way when it is
// needed (Cher, Hosking and Vitek 2004: a first-in first-out queue in front of the stack times
// prefetches better than the stack itself can):
//
//   edge ──▶ [ metadata byte is prefetched ] ──▶ mark test ──▶ grey stack
//                                                 │ leaf: done
//   grey stack ──pop──▶ [ object is prefetched ] ──▶ scan ──▶ edges
//
// Measured with `midden-bench graph`, 1 GiB of nodes of 64 bytes, ns an object with one worker, and two:
//
//   shuffled   67, 33 with the queues;  280, 124 without;  bdwgc 441, 146
//   as made    8.7, 4.7;                51, 27;            31, 15.5
//
// Other orders, one worker, all within one hour of a slow machine, ns an object shuffled, and as made:
//
//   as above                                                            89   13.6
//   the object is fetched with its metadata byte, before the test      110   13.5
//   no first queue: each edge is tested as it is found                 116   22.8
//   no second queue: the object is fetched when marked, scanned when
//   it is popped                                                       137   36.5
//
// To let all grey objects wait by page, so that those of a page are scanned together (as Go's "Green Tea"
// collector does), measured worse, 50 ns to 41, in a graph of 4 million: fetched ahead, an object's own miss
// is hidden already, and it is the metadata byte of each edge that is waited for.
//
// More than 16 edges in the first queue measured no better, 8 worse. The mark test comes before the
// object is fetched, so one that is marked already, or a leaf, is never touched. A long run of references
// needs no queue: the metadata byte of the one 16 places on is prefetched.
//
// An array with many elements for each block of the heap (`wide_share`) makes grey nearly all there is, in an
// order of its own. What it names waits in place, flagged in its metadata byte; when nothing else is grey the
// blocks are gone through one by one, and their objects scanned in the order in which they lie, which is what
// memory is fast at. Measured with `midden-bench churn`, 4.2 million nodes named by one array in random order:
// a cycle of 95 ms instead of 124 with one worker, 50 instead of 55 with two, who together have all that memory
// gives.
//
// Colours: white, the metadata has an old colour or none; grey, it has the cycle's colour and
// the object is in a stack, in the second queue or waits in place; black, it was scanned.
//
// Invariants
//   1. An object becomes grey once, when the mark test changes its byte. Two workers that test it
//      at the same moment may both see it change: then both scan it, and both count it.
//   2. When no worker has anything left nothing is grey: every target of a black object is black.
//   3. Depth never uses the C++ stack. Long arrays are cut in half until a piece has at most
//      `piece_elements`, so they do not fill the stack either, and the halves can be given away.
//   4. A full stack loses nothing: the object waits in place.
//
// Threads: one, while the world is stopped; `give` as MarkStack says.

#include <cstdint>
#include <functional>
#include <limits>

#include <midden/report.hpp>
#include <midden/tracer.hpp>

#include "collector/heap/heap.hpp"
#include "collector/mark/mark_stack.hpp"
#include "collector/mark/prefetch_queue.hpp"
#include "collector/ports.hpp"

namespace midden::inline MIDDEN_ABI::collector {

struct MarkTotals {
  std::uint64_t objects = 0;
  std::uint64_t references = 0;  // not null
  std::uint64_t live_bytes = 0;
  std::uint64_t scannable_bytes = 0;
  std::uint64_t arena_bytes = 0;
  std::uint64_t overflows = 0;
  std::uint64_t workers = 0;  // that took part

  void report_to(CycleReport& report) const {
    report.objects_marked = objects;
    report.references_scanned = references;
    report.workers = workers;
    report.live_bytes = live_bytes + arena_bytes;
    report.scannable_bytes = scannable_bytes;
    report.arena_bytes = arena_bytes;
    report.overflows = overflows;
  }
};

struct MarkSettings {
  std::size_t stack_limit = std::numeric_limits<std::size_t>::max();  // entries; a test makes it 1
  bool prefetch = true;                                               // off: without the two queues
  // References that are followed before helpers are called, some 25 microseconds' worth (a helper is there
  // 60 later), and between two looks at who waits. Tests make them 1.
  std::uint64_t patience = 4'096;
  std::uint64_t slice = 2'048;
};

class MarkWorker final : public Tracer {
 public:
  MarkWorker(Heap& heap, const MarkSettings& settings);

  // `tell` is called, once, when roots and scan functions have reported `references` in a cycle.
  void when_reported(std::uint64_t references, std::function<void()> tell);

  // A cycle begins: its colour is the live one.
  void begin(const StoppedWorld&);
  // Scans what is grey until nothing is left, or until about `references` more have been followed.
  // Returns whether something is left.
  bool scan_grey(std::uint64_t references);
  // Moves half of what waits here to `other`. Returns whether it moved anything.
  bool give(MarkWorker& other);
  // Whether something was left to wait in place since the last question, and whether because a stack was full.
  bool take_waiting() { return std::exchange(waiting_, false); }
  bool take_overflowed() { return std::exchange(overflowed_, false); }
  // Scans what waits in this block; what that makes grey is left to scan_grey.
  void scan_waiting(BlockIndex block);
  // Adds what it has counted, and gives its memory back. Requires: nothing is grey.
  void settle(MarkTotals& totals);

 private:
  // Elements [next, end) of an object.
  struct Piece {
    const std::byte* object;
    const ScanPlan* plan;
    std::size_t next;
    std::size_t end;
  };

  static constexpr std::size_t piece_elements = 2048;
  static constexpr std::size_t wide_share = 64;
  static constexpr std::size_t run_ahead = 16;

  // Edges and objects on their way, what passing them has counted, and the tables they are looked
  // up in. The inner loop works on a copy that is local to it and never leaves it: a member would
  // be loaded again after each metadata byte stored, which for all the compiler knows is part of
  // it.
  struct Lane {
    const std::byte* base;
    std::uint8_t* metadata;
    const PlanWord* plans;
    Colour colour;
    std::uint64_t references = 0;
    std::uint64_t objects = 0;
    std::uint64_t scanned_bytes = 0;
    std::uint64_t leaves = 0;
    std::uint64_t leaf_bytes = 0;
    std::uint64_t arena_bytes = 0;
    bool in_place = false;  // what becomes grey waits in place
    Delay<const void*, 16> edges{};
    Fifo<const std::byte*, 32> grey{};
  };

  void visit(const std::atomic<void*>* edges, std::size_t count) override;
  void visit(const void* object) override;

  void tell_many();
  Lane make_lane() const;
  static void prefetch_metadata(const Lane& lane, const void* target);
  template <bool ahead>
  void offer(Lane& lane, const void* target);
  void test(Lane& lane, const void* target);
  // What was white until now.
  void make_grey(Lane& lane, std::size_t offset);
  void count_leaf(Lane& lane, const std::byte* object, PlanWord word);
  template <bool ahead>
  void scan_waiting(BlockIndex block);
  template <bool ahead>
  void scan_run(Lane& lane, const std::atomic<void*>* edges, std::size_t count);
  template <bool ahead>
  bool scan_until(std::uint64_t references);
  template <bool ahead>
  bool scan_next(Lane& lane);
  template <bool ahead>
  void scan(Lane& lane, const std::byte* object);
  template <bool ahead>
  void scan_irregular(Lane& lane, const std::byte* object, PlanWord word);
  template <bool ahead>
  void scan_refs(Lane& lane, const std::byte* from, std::span<const std::uint32_t> offsets);
  template <bool ahead>
  void scan_elements(Lane& lane, Piece piece);
  static void settle(const Lane& lane, MarkTotals& totals);

  Heap& heap_;
  const bool ahead_;
  bool overflowed_ = false;
  bool waiting_ = false;
  std::size_t wide_ = 0;  // elements of an array whose targets wait in place

  MarkStack<const std::byte*> stack_;
  MarkStack<Piece> pieces_;
  Lane lane_;
  Lane reported_;  // by roots and scan functions
  std::uint64_t many_ = std::numeric_limits<std::uint64_t>::max();
  std::uint64_t told_at_ = many_;  // many_, until it was reached in this cycle
  std::function<void()> tell_;
};

}  // namespace midden::inline MIDDEN_ABI::collector
