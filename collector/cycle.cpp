// The itinerary of a collection. Each line is told where it is done; the order is that of Phase.

#include "collector/cycle.hpp"

#include <cstdlib>
#include <utility>

#include "collector/check/heap_walk.hpp"
#include "collector/check/verifier.hpp"

namespace midden::inline MIDDEN_ABI::collector {

CycleReport Cycle::run(Cause cause) {
  heap_.sweep_overdue();
  ledger_.begin(heap_.cycle() + 1, cause);
  std::uint64_t allocated = 0;
  {
    ledger_.enter(Phase::stop);
    const StoppedWorld stopped = world_.stop();

    ledger_.enter(Phase::roots);
    std::optional<Verifier> verifier;
    if (heap_.checked()) require(verifier.emplace(heap_).trace(stopped, roots_));
    heap_.begin_cycle(stopped);
    marker_.trace(stopped, roots_);

    ledger_.enter(Phase::mark);
    marker_.drain(stopped);
    if (verifier) require(verifier->compare(stopped));

    ledger_.enter(Phase::weak);
    weak_.settle(stopped, heap_, marker_);
    heap_.drop_retired(stopped);

    ledger_.enter(Phase::reclaim);
    heap_.reclaim(stopped);
    allocated = heap_.take_allocated();
    if (verifier) require(walk_heap(heap_, stopped));
    pace(marker_.finish(stopped));

    ledger_.enter(Phase::resume);
  }
  complete(ledger_.finish(), allocated);
  return ledger_.publish();
}

Cycle::Cycle(Heap& heap, World& world, Ledger& ledger, const CycleSettings& settings)
    : heap_(heap), world_(world), ledger_(ledger), settings_(settings), marker_(heap, settings.marking, settings.crew) {
  add_roots(weak_.cleanups());
  pace({});
}

void Cycle::pace(const MarkTotals& found) {
  decision_ = collector::pace(settings_.pacing, {.scannable_bytes = found.scannable_bytes,
                                                 .arena_bytes = found.arena_bytes,
                                                 .live_bytes = found.live_bytes + found.arena_bytes});
  heap_.set_trigger(decision_.allocated, decision_.arena);
}

void Cycle::complete(CycleReport& report, std::uint64_t allocated) {
  marker_.totals().report_to(report);
  weak_.report_to(report);
  heap_.discard_above(settings_.pacing.soft_limit);
  report.sweep_ns = heap_.take_sweep_ns();
  report.mutators = world_.mutators();
  Latest latest = world_.latest();
  report.late_thread = std::move(latest.thread);
  report.late_ns = latest.ns;
  report.allocated_bytes = allocated;
  report.committed_bytes = heap_.committed_bytes();
  report.trigger_bytes = decision_.allocated == no_trigger ? 0 : decision_.allocated;
}

void Cycle::require(const Checked& found) const {
  if (found && settings_.broken) settings_.broken(*found);
  if (found) std::abort();
}

}  // namespace midden::inline MIDDEN_ABI::collector
