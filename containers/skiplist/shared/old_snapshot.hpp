#pragma once
// Snapshots that nobody closes: a map that is written grows behind them, and somebody should hear of it.
//
//   old   open for longer than Config::snapshot_warn while the map holds something back
//   told  once of each: the oldest that is open, and when that has been closed the next one
//
// Threads: the one that collects.

#include <chrono>
#include <cstddef>

#include <midden/runtime.hpp>

#include "containers/skiplist/shared/versions.hpp"

namespace midden::inline MIDDEN_ABI::containers::skiplist {

class OldSnapshot {
 public:
  // Says through Config::message what the oldest snapshot of a map of so many entries holds back.
  void look(const Config& config, const Versions::Open& open, std::size_t held_bytes, std::size_t entries);

 private:
  std::chrono::nanoseconds told_{0};  // when the one was opened
};

}  // namespace midden::inline MIDDEN_ABI::containers::skiplist
