#pragma once
// LockedState: the heap object of a map that all threads use, of a backend that knows nothing of that.
//
//   LockedState ──▶ shards ──▶ | lock, map | lock, map | ...      a cache line each
//                                     │
//                                     ▼ a MapState of the inner backend, made at the shard's first write
//
//   inner    the backend's table of operations
//   shard    a lock and the map of those keys that the hasher sends there: 64 where the inner backend keeps no
//            order, one where it does
//
// Invariants
//   1. `shards` is null or names the one array that the map will ever have; so does a shard's `map`.
//   2. A shard's map is touched under its lock only, and no safepoint is reached under a lock.
//   3. Nobody holds two locks of shards, but a snapshot, which has all of them to read, taken in order (snapshot.hpp).
//      Who waits for one holds none, so it waits for threads alone that wait for nobody behind it.
//
// Threads: any attached one. The seeds of the maps and of the hasher differ, so that what shares a shard need
// not share a bucket.

#include <atomic>
#include <cstddef>
#include <cstdint>

#include <midden/array.hpp>
#include <midden/attach.hpp>
#include <midden/build.hpp>
#include <midden/describe.hpp>
#include <midden/map_backend.hpp>
#include <midden/ref.hpp>

#include "containers/hash/hasher.hpp"
#include "containers/locked/lock.hpp"

namespace midden::inline MIDDEN_ABI::containers::locked {

struct alignas(64) Shard {
  Lock lock;
  Ref<MapState> map;  // under the lock

  static constexpr auto midden_refs = refs<Shard>(&Shard::map);
};
using Shards = Array<Shard>;

class LockedState : public MapState {
 public:
  static constexpr unsigned shards_log2 = 6;

  LockedState(const MapOps& inner, const MapShape& shape, const hash::Hasher::Secret& secret, std::uint64_t seed)
      : inner_(&inner), shape_(shape), seed_(seed), hasher_(secret, seed) {}

  const MapOps& inner() const noexcept { return *inner_; }
  const MapShape& shape() const noexcept { return shape_; }

  // Null before the first write.
  Shards* shards() const noexcept { return shards_.get(); }
  // A safepoint, the first time.
  Shards& make_shards(Attach& here) {
    if (Shards* const made = shards_.get(); made != nullptr) return *made;
    const Root<Shards> mine = make_array<Shard>(here, shard_count());
    Shards* first = nullptr;
    return shards_.compare_exchange(first, mine.get()) ? *mine : *first;
  }
  std::size_t shard_of(MapKey key) const noexcept {
    if (inner_->ordered) return 0;
    return (key.data == nullptr ? hasher_.word(key.word) : hasher_.bytes(key.data, key.word)) >> (32 - shards_log2);
  }
  // The shard's map. Requires: its lock is held to write.
  MapState& make_map(Attach& here, Shards& shards, std::size_t shard) {
    Ref<MapState>& map = shards[shard].map;
    if (!map) map = inner_->create(here, shape_, seed_ + 0x9E3779B97F4A7C15 * (shard + 1));
    return *map;
  }

  // How often the map was cleared: a walk that finds another number than at its begin is over. Relaxed, both:
  // who sees a shard that was cleared has come there by its lock, and sees the number that was counted before.
  std::uint64_t clears() const noexcept { return clears_.load(std::memory_order_relaxed); }
  void count_clear() noexcept { clears_.fetch_add(1, std::memory_order_relaxed); }

 private:
  std::size_t shard_count() const noexcept { return inner_->ordered ? 1 : std::size_t{1} << shards_log2; }

  const MapOps* const inner_;
  const MapShape shape_;
  const std::uint64_t seed_;
  const hash::Hasher hasher_;
  AtomicRef<Shards> shards_;
  std::atomic<std::uint64_t> clears_{0};

 public:
  static constexpr auto midden_refs = refs<LockedState>(&LockedState::shards_);
};

inline LockedState& state_of(MapState& state) noexcept { return static_cast<LockedState&>(state); }
inline const LockedState& state_of(const MapState& state) noexcept { return static_cast<const LockedState&>(state); }

}  // namespace midden::inline MIDDEN_ABI::containers::locked
