#pragma once
// Snapshots that nobody closes: a map that is written grows behind them, and somebody should hear of it.
//
//   due   the oldest has been open for longer than Config::snapshot_warn and was not told of
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
  bool is_due(const Config& config, const Versions::Open& open) const noexcept;
  // Says through Config::message what a map of so many entries holds back for it, where that is anything. Requires:
  // is_due. Where there is no memory for the text it stays due.
  void tell(const Config& config, const Versions::Open& open, std::size_t held_bytes, std::size_t entries);

 private:
  std::chrono::nanoseconds told_{0};  // when the one was opened
};

}  // namespace midden::inline MIDDEN_ABI::containers::skiplist
