// The itinerary of a collection. Each line is told where it is done; the order is that of Phase.

#include "collector/cycle.hpp"

#include <chrono>
#include <memory>
#include <thread>
#include <utility>

#include <midden/fault.hpp>

#include "collector/check/heap_walk.hpp"
#include "collector/check/suspects.hpp"
#include "collector/check/verifier.hpp"

namespace midden::inline MIDDEN_ABI::collector {

namespace {

// Mutators run for a moment all the same: a defect.
void interrupt(StoppedWorld& stopped, World& world) {
  if constexpr (faults) {
    std::destroy_at(&stopped);
    std::this_thread::sleep_for(std::chrono::microseconds(100));
    ::new (&stopped) StoppedWorld(world.stop());
  }
}

}  // namespace

CycleReport Cycle::run(Cause asked, std::uint64_t wanted, const Upkept& upkept) {
  heap_.sweep_overdue();
  const Cause cause = pacer_.decision().cause(asked, heap_.new_bytes(), wanted);
  PacerInput found{.limited = cause != asked};
  ledger_.begin(heap_.cycle() + 1, cause);
  std::vector<std::string> suspects;
  {
    ledger_.enter(Phase::stop);
    StoppedWorld stopped = world_.stop();

    ledger_.enter(Phase::roots);
    std::optional<Verifier> verifier;
    if (heap_.checked()) require(verifier.emplace(heap_).trace(stopped, roots_));
    heap_.begin_cycle(stopped);
    marker_.trace(stopped, roots_);

    ledger_.enter(Phase::mark);
    marker_.drain(stopped);
    if (verifier) require(verifier->compare(stopped, roots_));

    ledger_.enter(Phase::weak);
    if (broken(Defect::early_resume)) interrupt(stopped, world_);
    weak_.settle(stopped, heap_, marker_);
    marker_.finish(stopped);
    if (verifier) suspects = Suspects(heap_).find(stopped);
    heap_.drop_retired(stopped);

    ledger_.enter(Phase::reclaim);
    found.held_bytes = heap_.held_bytes();
    found.added = heap_.new_bytes();
    heap_.reclaim(stopped);
    found.added.allocated = heap_.take_allocated();
    heap_.set_triggers(never);  // until the cost of this pause is known
    if (verifier) require(walk_heap(heap_, stopped));

    ledger_.enter(Phase::resume);
  }
  CycleReport& report = ledger_.finish();
  report.upkept = upkept;
  complete(report, found);
  tell(suspects);
  return ledger_.publish();
}

Cycle::Cycle(Heap& heap, World& world, Ledger& ledger, const CycleSettings& settings)
    : heap_(heap), world_(world), ledger_(ledger), settings_(settings), marker_(heap, settings.marking, settings.crew) {
  add_roots(weak_.cleanups());
  heap_.set_triggers(pacer_.decision());
}

void Cycle::complete(CycleReport& report, PacerInput& found) {
  marker_.totals().report_to(report);
  weak_.report_to(report);
  heap_.discard_above(settings_.pacing.soft_limit);
  report.sweep_ns = heap_.take_sweep_ns();
  report.mutators = world_.mutators();
  Latest latest = world_.latest();
  report.late_thread = std::move(latest.thread);
  report.late_ns = latest.ns;
  report.allocated_bytes = found.added.allocated;
  report.committed_bytes = heap_.committed_bytes();
  found.add(report);
  pacer_.pace(found).report_to(report);
  heap_.set_triggers(pacer_.decision());
}

}  // namespace midden::inline MIDDEN_ABI::collector
