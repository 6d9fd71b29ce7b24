#pragma once
// Snapshots: one moment's view of a map, which stays as it is while the map goes on.
//
//   auto snapshot = hits->snapshot();                  // Snapshot<FrozenMap<K, V>>
//   for (auto entry : *snapshot) save(entry.key, entry.value);
//   snapshot.close();                                  // or at the end of its scope
//
//   Snapshot ──▶ FrozenMap ──▶ the view: a copy of the map, or what the map's backend keeps of that moment
//
// A FrozenMap is the read side of Map, an OrderedFrozenMap that of OrderedMap: the same operations under the same
// contracts. It is a heap object. The Snapshot owns the view and closes it at its end: what the view holds back
// may go then, and whoever still has the FrozenMap, or a range or a cursor of it, gets std::logic_error from it.
// There is no other way to a FrozenMap, so none dies with its view open.
//
// What `find` and cursors show holds until they move or die, or the snapshot is closed. References in a view
// keep their objects alive; the objects themselves are those of the map and no copies.
//
// Cost: of a Map, and of a ConcurrentMap with locks (`hash`, and backends of hosts): a copy, in time and memory. The
// latter is copied once into memory outside of the heap under all locks, to read, so writers wait for that long, and
// collections too; the view's map is made of it without locks. Of a ConcurrentMap on `skiplist`: O(1), nobody waits,
// and what the map erases and overwrites stays in memory until the snapshot is closed; an old one is seen in stats():
// snapshots, oldest_snapshot, held_bytes; one that is left open while its map is written is told of, see
// Config::snapshot_warn. The first size() or stats() of such a view goes over all its leaves.
//
// Errors: taking one throws NotAttached, OutOfMemory, and std::bad_alloc for memory outside of the heap; then there
// is none. Taking one is a safepoint, closing is not.
//
// Threads: a FrozenMap is read by any attached threads, several at a time. A Snapshot is a root and belongs to its
// thread as a Root does (root.hpp); others get the FrozenMap by name: GlobalRoot<FrozenMap<K, V>> shared(snapshot).
// Closing must not run while another thread is inside a call on the FrozenMap.

#include <chrono>
#include <utility>

#include <midden/attach.hpp>
#include <midden/build.hpp>
#include <midden/describe.hpp>
#include <midden/make.hpp>
#include <midden/map_backend.hpp>
#include <midden/map_cursor.hpp>
#include <midden/map_look_ups.hpp>
#include <midden/map_ordered.hpp>
#include <midden/map_reading.hpp>
#include <midden/root.hpp>

namespace midden::inline MIDDEN_ABI {

template <class F>
class Snapshot;

// Its size, walks and figures stand in map_reading.hpp, look-ups in map_look_ups.hpp.
template <class K, class V>
class FrozenMap : public detail::LookUps<detail::MapReading<K, V, true>> {
  using Base_ = detail::LookUps<detail::MapReading<K, V, true>>;

 public:
  using Base_::Base_;

 private:
  template <class F>
  friend class Snapshot;

 public:
  static constexpr auto midden_refs = refs<FrozenMap>(base<Base_>);
};

template <class K, class V>
class OrderedFrozenMap : public detail::Ordered<FrozenMap<K, V>> {
 public:
  using detail::Ordered<FrozenMap<K, V>>::Ordered;

 private:
  template <class F>
  friend class Snapshot;

 public:
  static constexpr auto midden_refs = refs<OrderedFrozenMap>(base<detail::Ordered<FrozenMap<K, V>>>);
};

// F is FrozenMap<K, V> or OrderedFrozenMap<K, V>. Movable; one that was moved from, or made so, is of nothing.
template <class F>
class Snapshot {
  using Clock_ = std::chrono::steady_clock;

 public:
  using Target = F;

  Snapshot() = default;
  Snapshot(Snapshot&& other) noexcept = default;
  // Closes what it had. Throws as an assignment to a Root.
  Snapshot& operator=(Snapshot&& other) {
    if (this == &other) return *this;
    close();
    map_ = std::move(other.map_);
    taken_ = other.taken_;
    return *this;
  }
  ~Snapshot() { close(); }

  // Requires: it is not of nothing. It may be closed.
  F* operator->() const noexcept { return map_.get(); }
  F& operator*() const noexcept { return *map_; }
  F* get() const noexcept { return map_.get(); }

  // Whether it can be read.
  explicit operator bool() const noexcept { return map_ != nullptr && map_->is_open(); }
  // May be called again.
  void close() noexcept {
    if (map_ != nullptr) map_->close();
  }
  // Time since it was taken, also where it is closed.
  std::chrono::nanoseconds age() const { return Clock_::now() - taken_; }

  // For maps: of the view that `take` returns, which has no other owner.
  template <class Take>
  Snapshot(Attach& here, const detail::MapParts& parts, Take&& take)
      : taken_(Clock_::now()), map_(freeze(here, parts, take())) {}

 private:
  static Root<F> freeze(Attach& here, const detail::MapParts& parts, const MapView& view) try {
    return make<F>(here, detail::MapParts{parts.backend, view.ops, parts.runtime}, view.state);
  } catch (...) {
    if (view.ops->release != nullptr) view.ops->release(*view.state);
    throw;
  }

  Clock_::time_point taken_{};
  Root<F> map_;
};

}  // namespace midden::inline MIDDEN_ABI
