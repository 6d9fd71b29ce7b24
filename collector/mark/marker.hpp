#pragma once
// Marking: from the roots to everything they reach, on one worker.
//
// A reference passes two short queues, so that the memory it leads to is on its way when it is
// needed (Cher, Hosking and Vitek 2004: a first-in first-out queue in front of the stack times
// prefetches better than the stack itself can):
//
//   edge ──▶ [ metadata byte is prefetched ] ──▶ mark test ──▶ grey stack
//                                                 │ leaf: done
//   grey stack ──pop──▶ [ object is prefetched ] ──▶ scan ──▶ edges
//
// Colours: white, the metadata has an old colour or none; grey, it has the cycle's colour and
// the object is in the stack, the second queue or flagged overflowed; black, it was scanned.
//
// Invariants
//   1. An object becomes grey once, when the mark test changes its byte (workers may race; the
//      object is then scanned twice).
//   2. When `drain` returns nothing is grey: every target of a black object is black.
//   3. Depth never uses the C++ stack. Elements beyond `piece_elements` are scanned in pieces,
//      so a large array does not fill the stack either.
//   4. A full stack loses nothing: the object is flagged, and the heap is walked for flags.
//
// Threads: one, while the world is stopped.

#include <cstdint>

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
};

class Marker final : public Tracer {
 public:
  // `stack_limit`: entries of the grey stack; a test makes it 1.
  Marker(Heap& heap, std::size_t stack_limit);

  // Roots are reported to it as to any Tracer, between begin and drain.
  void begin(const StoppedWorld&);
  void drain(const StoppedWorld&);
  const MarkTotals& totals() const { return totals_; }

 private:
  struct Piece {
    const std::byte* object;
    const ScanPlan* plan;
    std::size_t next;
  };

  static constexpr std::size_t piece_elements = 2048;

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
    Delay<const void*, 16> edges{};
    Fifo<const std::byte*, 32> grey{};
  };

  void visit(const std::atomic<void*>* edges, std::size_t count) override;
  void visit(const void* object) override;

  Lane make_lane() const;
  void offer(Lane& lane, const void* target);
  void test(Lane& lane, const void* target);
  void count_leaf(Lane& lane, const std::byte* object, PlanWord word);
  void note_overflow(const std::byte* object);
  void scan(Lane& lane, const std::byte* object);
  void scan_irregular(Lane& lane, const std::byte* object, PlanWord word);
  void scan_refs(Lane& lane, const std::byte* from, std::span<const std::uint32_t> offsets);
  void scan_elements(Lane& lane, const std::byte* object, const ScanPlan& plan, std::size_t from);
  void scan_grey();
  void rescan_overflowed(const StoppedWorld& stopped);
  void settle(const Lane& lane);

  Heap& heap_;
  bool overflowed_ = false;

  MarkStack<const std::byte*> stack_;
  MarkStack<Piece> pieces_;
  Lane lane_;
  Lane reported_;  // by roots and scan functions
  MarkTotals totals_;
};

}  // namespace midden::inline MIDDEN_ABI::collector
