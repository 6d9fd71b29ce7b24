#pragma once
// The weak phase of a cycle: what becomes of things that name objects and do not keep them.
//
//   1. arguments of cleanups are marked                    from here on: what is not marked is dead
//   2. weak references to the dead become null
//   3. dead objects with a destructor are marked, and due   nobody can get at them any more
//   4. cleanups of the dead are due; external bytes of the dead end; tables of others forget them
//
// Threads: `settle` while the world is stopped; the parts as they say.

#include <cstddef>
#include <vector>

#include <midden/report.hpp>

#include "collector/ports.hpp"
#include "collector/weak/cleanups.hpp"
#include "collector/weak/external_bytes.hpp"
#include "collector/weak/weak_refs.hpp"

namespace midden::inline MIDDEN_ABI::collector {

class WeakPhase {
 public:
  WeakRefs& refs() { return refs_; }
  Cleanups& cleanups() { return cleanups_; }
  ExternalBytes& external() { return external_; }
  // Outlives the cycles.
  void add_table(WeakTable& table) { tables_.push_back(&table); }

  // Requires: the marker has drained.
  void settle(const StoppedWorld& stopped, const Heap& heap, Marker& marker) {
    cleanups_.keep_arguments(stopped, heap, marker);
    cleared_ = refs_.clear(stopped, heap);
    cleanups_.find_dead(stopped, heap, marker);
    refs_.forget_dead(stopped, heap);
    external_.end_dead(stopped, heap);
    for (WeakTable* table : tables_) table->forget_dead(stopped, heap);
  }

  void report_to(CycleReport& report) const {
    report.weak_references = refs_.count();
    report.weak_cleared = cleared_;
    report.cleanups = cleanups_.registered();
    report.cleanups_due = cleanups_.queued();
    report.external_bytes = external_.total();
  }

 private:
  WeakRefs refs_;
  Cleanups cleanups_;
  ExternalBytes external_;
  std::vector<WeakTable*> tables_;
  std::size_t cleared_ = 0;
};

}  // namespace midden::inline MIDDEN_ABI::collector
