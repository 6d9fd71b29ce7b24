#pragma once
// What a cycle did and what pauses cost, as plain numbers.
//
// A CycleReport is complete when the observer receives it, after the world runs again. Sweeping
// happens later and outside the pause; `sweep_ns` is what went by since the previous cycle.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <midden/build.hpp>
#include <midden/histogram.hpp>
#include <midden/phase.hpp>

namespace midden::inline MIDDEN_ABI {

enum class Cause : std::uint8_t {
  requested,  // collect()
  growth,     // the pacer's trigger
  limit,      // earlier than growth, for the soft limit; or at the hard one
  stress      // MIDDEN_STRESS
};

inline constexpr std::array<std::string_view, 4> cause_names{"requested", "growth", "limit", "stress"};
constexpr std::string_view name(Cause cause) { return cause_names[static_cast<std::size_t>(cause)]; }

constexpr double share_of(std::uint64_t ns, std::uint64_t pause_ns, std::uint64_t running_ns) {
  const double all = static_cast<double>(pause_ns) + static_cast<double>(running_ns);
  return all > 0 ? static_cast<double>(ns) / all : 0;
}

// What structures did before a cycle asked to stop, on the collecting thread, while the others ran
// (Runtime::before_next_cycle).
struct Upkept {
  std::uint64_t calls = 0;
  std::uint64_t ns = 0;
};

struct CycleReport {
  std::uint64_t number = 0;  // the first cycle is 1
  Cause cause = Cause::requested;
  std::array<std::uint64_t, phase_count> phase_ns{};
  std::uint64_t pause_ns = 0;  // from the request to stop until the mutators were told to run
  std::uint64_t sweep_ns = 0;  // by all threads, since the previous cycle
  Upkept upkept{};
  // From the end of the previous pause, or from the begin of the Runtime, to this request.
  std::uint64_t running_ns = 0;

  // The thread that stopped last and when, from the request on; empty and 0: all were blocked.
  std::string late_thread{};
  std::uint64_t late_ns = 0;

  std::uint64_t mutators = 0;            // attached threads that were stopped or blocked
  std::uint64_t objects_marked = 0;      // live objects; one that two workers mark at once counts twice
  std::uint64_t references_scanned = 0;  // reported by roots and objects, null ones not counted
  std::uint64_t workers = 0;             // threads that marked
  std::uint64_t live_bytes = 0;          // slots of live objects
  std::uint64_t scannable_bytes = 0;     // of these, what marking has to visit
  std::uint64_t arena_bytes = 0;         // committed bytes of live segments
  std::uint64_t allocated_bytes = 0;     // since the previous cycle
  std::uint64_t committed_bytes = 0;     // heap, segments and their tables
  std::uint64_t trigger_bytes = 0;       // allocation after which the next cycle begins; 0: none
  std::uint64_t over_limit_bytes =
      0;  // of what lives, and the room around it that cannot be used: above the soft limit
  // The soft limit asks for the next cycle so soon that cycles would take more than half of the time: it
  // is put off, and the heap may pass the limit.
  bool capped = false;
  std::uint64_t overflows = 0;  // times the grey stack was full and the heap was rescanned

  std::uint64_t weak_references = 0;  // that name live objects
  std::uint64_t weak_cleared = 0;     // made null by this cycle
  std::uint64_t cleanups = 0;         // of live objects, destructors included
  std::uint64_t cleanups_due = 0;     // of dead ones, that have not run yet
  std::uint64_t external_bytes = 0;   // that live objects keep outside of the heap, as declared

  std::uint64_t ns(Phase phase) const { return phase_ns[static_cast<std::size_t>(phase)]; }
  // Time that it cost each mutator since the previous pause: sweeping, divided by their number, and this pause.
  std::uint64_t collection_ns() const {
    return pause_ns + std::min(running_ns, sweep_ns / std::max<std::uint64_t>(1, mutators));
  }
  // As a share of the time since then, from 0 to 1.
  double share() const { return share_of(collection_ns(), pause_ns, running_ns); }
};

// Distributions over all cycles of a Runtime. Formattable by <midden/fmt.hpp>.
struct PauseReport {
  std::uint64_t cycles = 0;
  Histogram pause;
  std::array<Histogram, phase_count> phases;
  std::uint64_t sweep_ns = 0;
  std::uint64_t collection_ns = 0;  // time that they cost each mutator: CycleReport::collection_ns
  std::uint64_t running_ns = 0;     // between the pauses
  std::uint64_t capped = 0;         // cycles after which the next one was put off: CycleReport::capped

  // Collection's share of all time until the last cycle, from 0 to 1.
  double share() const { return share_of(collection_ns, pause.sum(), running_ns); }
  const Histogram& of(Phase phase) const { return phases[static_cast<std::size_t>(phase)]; }
};

// The heap at a moment.
struct HeapReport {
  std::uint64_t committed_bytes = 0;  // heap, segments and their tables
  std::uint64_t used_bytes = 0;       // blocks that hold objects
  std::uint64_t free_bytes = 0;       // committed blocks that hold none
  std::uint64_t returned_bytes = 0;   // free pages of blocks that hold objects, which the system has back
  std::uint64_t arena_bytes = 0;      // committed bytes of segments
  std::uint64_t external_bytes = 0;   // outside of the heap, declared with objects that have not been found dead
  std::uint64_t allocated_bytes = 0;  // since the Runtime began
  std::uint64_t cycles = 0;
};

// What the blocks of one type and slot size hold, as the last cycle found it: what was made since
// counts as free. A type's first objects share blocks with other types: those blocks have a row of
// their own, without a type and without objects.
struct SpaceReport {
  std::string type;                  // its name; empty: blocks shared by types
  std::size_t slot_bytes = 0;        // 0: large objects, each with blocks of its own
  std::uint64_t objects = 0;         // live
  std::uint64_t object_bytes = 0;    // their slots
  std::uint64_t block_bytes = 0;     // blocks that hold at least one of them
  std::uint64_t free_bytes = 0;      // free slots in these blocks: fragmentation
  std::uint64_t returned_bytes = 0;  // pages of these blocks that the system has back
};

}  // namespace midden::inline MIDDEN_ABI
