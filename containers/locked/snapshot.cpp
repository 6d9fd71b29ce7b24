#include "containers/locked/snapshot.hpp"

#include <cstddef>
#include <optional>

#include <midden/defer.hpp>

#include "containers/copy.hpp"
#include "containers/locked/entries.hpp"
#include "containers/locked/state.hpp"

namespace midden::inline MIDDEN_ABI::containers::locked {

namespace {

// Holds all locks of a map to read, for a scope.
class ReadingAll {
 public:
  explicit ReadingAll(Shards& shards) noexcept : shards_(shards) {
    for (Shard& shard : shards_) shard.lock.lock_shared();
  }
  ~ReadingAll() {
    for (Shard& shard : shards_) shard.lock.unlock_shared();
  }
  ReadingAll(const ReadingAll&) = delete;
  ReadingAll& operator=(const ReadingAll&) = delete;

 private:
  Shards& shards_;
};

// Calls f(map) for each map there is. Requires: the locks are held.
template <class F>
void for_each_map(Shards& shards, F&& f) {
  for (Shard& shard : shards) {
    if (shard.map) f(*shard.map);
  }
}

// All entries of one moment. Where those that have room for them are too few it says how many there were, and takes
// none.
std::optional<std::size_t> copy_out(Attach& here, const MapOps& inner, Shards& shards, Entries& entries) {
  return without_safepoints(here, [&]() -> std::optional<std::size_t> {
    entries.clear();  // of a time before that was refused an allocation for a cursor
    const ReadingAll reading(shards);
    std::size_t count = 0;
    for_each_map(shards, [&](MapState& map) { count += inner.size(map); });
    if (!entries.has_room(count)) return count;
    for_each_map(shards, [&](MapState& map) {
      for_each_entry(here, inner, map, [&](MapKey key, MapFound value) { entries.add(key, value); });
    });
    return std::nullopt;
  });
}

}  // namespace

MapView snapshot(Attach& here, MapState& base) {
  LockedState& state = state_of(base);
  const MapOps& inner = state.inner();
  MapFill copy(here, inner, state.shape());
  Shards* const shards = state.shards();
  std::size_t room = 0;
  while (shards != nullptr) {
    Entries entries(here, state.shape(), room);
    if (const std::optional<std::size_t> count = copy_out(here, inner, *shards, entries)) {
      room = *count + *count / 8;  // it may grow until the locks are held again
      continue;
    }
    entries.for_each([&](MapKey key, MapValue value) { copy.add(here, key, value); });
    break;
  }
  return {&inner, copy.map()};
}

}  // namespace midden::inline MIDDEN_ABI::containers::locked
