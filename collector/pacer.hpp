#pragma once
// When the next cycle begins: arithmetic on what the last ones found, and on what they cost.
//
//   growth   each of three kinds of bytes has a trigger: floor + percent/100 * what lives of it
//              objects    of scannable bytes: those of live objects with references, and one granule
//                         for each leaf. What a cycle costs grows with them, so a heap of long
//                         strings is collected as often as its marking is cheap
//              arenas     of what live segments have committed; reuse inside an arena is free
//              external   of what the host has declared that live objects keep outside of the heap
//   limit    one trigger for all three together:
//              room = soft limit - live - stuck - external
//              together = max(room, debt * rate, 1 MiB)
//            A large request that would pass it does not wait until it has: it has a cycle first, once a
//            mebibyte is new, unless the cap puts cycles off
//
// Words. Held: committed bytes (blocks, segments, their tables) without the free blocks, which can be
// given back at once. Stuck: what is held beyond live objects and new ones: the tables, and the holes
// that nothing new fits into. It is measured: a heap that holds more than before has found no room
// in what it held, so held - (live then + allocated since) is stuck; one that holds no more may
// have room left, and then this is only an upper bound, up to which the estimate goes as far as the
// limit was passed. Holes that a shrinking program leaves are
// counted after they turned out to be of no use: until then the limit may be passed by so much.
// Rate: bytes allocated in a nanosecond in which the mutators ran.
//
//     limit  |----------------------------------------------------------|
//            | live            | stuck    | external |  room            |
//                                                    └─ next cycle ─────┘
//
// The cap. Where the live heap comes near the soft limit, or above it, room goes to zero, and a
// collector that keeps to it does nothing else. So each cycle that the soft limit caused adds its cost
// to a debt, and the time in which mutators run pays it off: the next one begins no sooner than
// all is paid, so the soft limit takes at most half of the time (as Go's does), and the heap passes
// it instead. The debt is never below zero: hours without a cycle are no credit. It is at most a
// minute: a process that was suspended in a cycle must not ignore its limit for as long.
//
// What time counts: the pause by the wall clock, from the request to stop until the world runs
// again, and sweeping since the pause before, by all threads together, divided by their number:
// the time by which it delayed each. Cycles that growth, a host or the hard limit caused are not
// charged: percent is what the host wants to pay for growth. External bytes count toward the soft
// limit; the hard limit is about the heap's own committed bytes alone.
//
// Invariants
//   1. However much lives: while only the soft limit causes cycles, they cost at most as much time as
//      the mutators had, up to what the rate has grown within one interval, which the next ones pay.
//   2. Before each cycle that the soft limit causes at least 1 MiB is allocated.
//
// Threads: none; a value. It has no clock, no heap and no lock.

#include <cstdint>
#include <limits>

#include <midden/report.hpp>

#include "collector/heap/pressure.hpp"

namespace midden::inline MIDDEN_ABI::collector {

struct PacerSettings {
  std::uint32_t percent = 100;                    // growth before the next cycle
  bool off = false;                               // only requests and the limits start cycles
  std::uint64_t floor = std::uint64_t{32} << 20;  // added to each trigger
  std::uint64_t soft_limit = std::numeric_limits<std::uint64_t>::max();
};

struct PacerInput {
  std::uint64_t scannable_bytes = 0;
  std::uint64_t arena_bytes = 0;
  std::uint64_t live_bytes = 0;      // arenas included
  std::uint64_t external_bytes = 0;  // outside of the heap, that live objects keep
  std::uint64_t held_bytes = 0;      // when the cycle began
  Pressure added{};                  // since the cycle before
  std::uint64_t cycle_ns = 0;        // what the cycle cost
  std::uint64_t running_ns = 0;      // since the one before, without sweeping
  bool limited = false;              // the soft limit caused it

  // Takes what marking found and what the cycle cost. Requires: the report has them.
  void add(const CycleReport& report);
};

struct PacerDecision : Triggers {
  std::uint64_t over_limit = 0;  // live, stuck and external bytes above the soft limit
  bool capped = false;           // the cap puts the cycle off beyond `room`

  // The cause of a cycle that is asked for when `added` is new and a request wants more: growth, or only the
  // soft limit.
  Cause cause(Cause asked, const Pressure& added, std::uint64_t wanted = 0) const;
  void report_to(CycleReport& report) const;
};

class Pacer {
 public:
  // The decision before the first cycle is that for an empty heap.
  explicit Pacer(const PacerSettings& settings);

  const PacerDecision& pace(const PacerInput& input);
  const PacerDecision& decision() const { return decision_; }

 private:
  void measure(const PacerInput& input);
  void decide(const PacerInput& input);

  PacerSettings settings_;
  PacerDecision decision_;
  // What the cycle before found.
  std::uint64_t live_bytes_ = 0;
  std::uint64_t held_bytes_ = 0;
  std::uint64_t stuck_bytes_;
  std::uint64_t debt_ns_ = 0;
  double rate_ = 0;  // 0: not known yet
  // Since the rate was measured.
  std::uint64_t rated_bytes_ = 0;
  std::uint64_t rated_ns_ = 0;
};

}  // namespace midden::inline MIDDEN_ABI::collector
