#include "containers/skiplist/shared/old_snapshot.hpp"

#include <string>

namespace midden::inline MIDDEN_ABI::containers::skiplist {

void OldSnapshot::look(const Config& config, const Versions::Open& open, std::size_t held_bytes, std::size_t entries) {
  using std::chrono::milliseconds;
  if (open.count == 0 || held_bytes == 0 || config.snapshot_warn.count() == 0 || open.oldest == told_) return;
  const auto age = std::chrono::duration_cast<milliseconds>(Versions::now() - open.oldest);
  if (age <= config.snapshot_warn) return;
  told_ = open.oldest;
  config.message("midden: " + config.name + ": a snapshot has been open for " + std::to_string(age.count()) +
                 " ms (MIDDEN_SNAPSHOT_WARN is " + std::to_string(config.snapshot_warn.count()) +
                 " ms), the oldest of " + std::to_string(open.count) + "; its map of " + std::to_string(entries) +
                 " entries holds back " + std::to_string(held_bytes) + " bytes until they are closed");
}

}  // namespace midden::inline MIDDEN_ABI::containers::skiplist
