#include "containers/skiplist/shared/old_snapshot.hpp"

#include <new>
#include <string>

namespace midden::inline MIDDEN_ABI::containers::skiplist {

bool OldSnapshot::is_due(const Config& config, const Versions::Open& open) const noexcept {
  return open.count > 0 && config.snapshot_warn.count() > 0 && open.oldest != told_ &&
         Versions::now() - open.oldest > config.snapshot_warn;
}

void OldSnapshot::tell(const Config& config, const Versions::Open& open, std::size_t held_bytes, std::size_t entries) {
  if (held_bytes == 0) return;
  const auto age = std::chrono::duration_cast<std::chrono::milliseconds>(Versions::now() - open.oldest);
  std::string text;
  try {
    text = "midden: " + config.name + ": a snapshot has been open for " + std::to_string(age.count()) +
           " ms (MIDDEN_SNAPSHOT_WARN is " + std::to_string(config.snapshot_warn.count()) + " ms), the oldest of " +
           std::to_string(open.count) + "; its map of " + std::to_string(entries) + " entries holds back " +
           std::to_string(held_bytes) + " bytes until they are closed";
  } catch (const std::bad_alloc&) {
    return;
  }
  told_ = open.oldest;
  config.message(text);
}

}  // namespace midden::inline MIDDEN_ABI::containers::skiplist
