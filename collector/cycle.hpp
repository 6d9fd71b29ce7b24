#pragma once
// One collection, from the request to stop until the world runs again. See README.md.
//
// Threads: any one thread at a time that is itself not a running mutator; the caller sees to it.

#include <cstdint>
#include <cstdlib>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "collector/check/finding.hpp"
#include "collector/heap/heap.hpp"
#include "collector/mark/marker.hpp"
#include "collector/pacer.hpp"
#include "collector/ports.hpp"
#include "collector/report/ledger.hpp"
#include "collector/weak/weak_phase.hpp"

namespace midden::inline MIDDEN_ABI::collector {

struct CycleSettings {
  PacerSettings pacing{};
  MarkSettings marking{};
  Crew* crew = nullptr;  // null: the collecting thread marks alone
  // Called when a check fails; does not return. Checks run where the heap was made `checked`.
  std::function<void(const Finding&)> broken{};
  // Called for each line that tells of a suspect (check/suspects.hpp), when the world runs again.
  std::function<void(const std::string&)> suspect{};
};

class Cycle {
 public:
  Cycle(Heap& heap, World& world, Ledger& ledger, const CycleSettings& settings);

  void add_roots(RootSource& source) { roots_.push_back(&source); }
  void remove_roots(RootSource& source) { std::erase(roots_, &source); }

  WeakPhase& weak() { return weak_; }

  // Collects. The report is complete; observers have heard of it. Where `growth` is asked for early because
  // of the soft limit, its cause is `limit`; `wanted`: for a request of so many bytes; `upkept`: for the report.
  CycleReport run(Cause asked, std::uint64_t wanted = 0, const Upkept& upkept = {});

 private:
  void complete(CycleReport& report, PacerInput& found);
  void require(const Checked& found) const {
    if (found && settings_.broken) settings_.broken(*found);
    if (found) std::abort();
  }
  void tell(const std::vector<std::string>& suspects) const {
    if (!settings_.suspect) return;
    for (const std::string& line : suspects) settings_.suspect(line);
  }

  Heap& heap_;
  World& world_;
  Ledger& ledger_;
  const CycleSettings settings_;
  Pacer pacer_{settings_.pacing};
  Marker marker_;
  WeakPhase weak_;
  std::vector<RootSource*> roots_;
};

}  // namespace midden::inline MIDDEN_ABI::collector
