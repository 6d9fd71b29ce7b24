#include "collector/pacer.hpp"

#include <algorithm>

namespace midden::inline MIDDEN_ABI::collector {

namespace {

constexpr std::uint64_t never = std::numeric_limits<std::uint64_t>::max();

// Below the soft limit's edge a cycle is still allowed to pay for itself: it begins after an
// eighth of what it will have to visit, or 1 MiB, so a full heap does not collect all the time.
std::uint64_t limit_room(std::uint64_t scannable) {
  return std::max<std::uint64_t>(std::uint64_t{1} << 20, scannable / 8);
}

std::uint64_t growth(const PacerSettings& settings, std::uint64_t bytes) {
  const auto scaled = static_cast<double>(bytes) * settings.percent / 100.0;
  return std::max(settings.floor, scaled >= 9e18 ? never : static_cast<std::uint64_t>(scaled));
}

}  // namespace

PacerDecision pace(const PacerSettings& settings, const PacerInput& input) {
  PacerDecision decision{settings.off ? never : growth(settings, input.scannable_bytes),
                         settings.off ? never : growth(settings, input.arena_bytes)};
  if (settings.soft_limit == never) return decision;
  const std::uint64_t live = std::min(input.live_bytes, settings.soft_limit);
  const std::uint64_t room = std::max(settings.soft_limit - live, limit_room(input.scannable_bytes));
  decision.allocated = std::min(decision.allocated, room);
  decision.arena = std::min(decision.arena, room);
  return decision;
}

}  // namespace midden::inline MIDDEN_ABI::collector
