#pragma once
// What every kind of map has: its parts, walks, figures, and the writes that are the same in each.
//
//   MapShell<K, V> ◁── Map<K, V>             adds look-ups, which find a place in the map
//                  ◁── ConcurrentMap<K, V>   adds look-ups that copy, and what is atomic for a key
//
// The contracts stand in map.hpp and concurrent_map.hpp.
//
// Threads: as the map's kind says.

#include <cstddef>
#include <iterator>
#include <string_view>

#include <midden/attach.hpp>
#include <midden/build.hpp>
#include <midden/describe.hpp>
#include <midden/map_backend.hpp>
#include <midden/map_cursor.hpp>
#include <midden/map_key.hpp>
#include <midden/map_value.hpp>
#include <midden/ref.hpp>
#include <midden/root.hpp>

namespace midden::inline MIDDEN_ABI::detail {

template <class K, class V>
class MapShell {
 public:
  using Key = K;
  using Value = V;
  using Entry = MapEntry<K, V>;
  using Cursor = MapCursorOf<K, V>;
  using Hit = Found<V>;
  using KeyArgument = detail::KeyArgument<K>;
  using ValueArgument = detail::ValueArgument<V>;
  using Owned = typename ValueTraits<V>::Owned;

  static constexpr MapShape shape{KeyCodec<K>::kind, ValueTraits<V>::kind, key_bytes<K>(), ValueTraits<V>::bytes};

  MapShell(const MapShell&) = delete;
  MapShell& operator=(const MapShell&) = delete;

  std::size_t size() const { return parts_.ops->size(own_state()); }
  bool empty() const { return size() == 0; }

  // A walk over all entries; see map_cursor.hpp.
  Cursor begin() const { return Cursor(parts_, own_state(), MapBound(), parts_.ops->first); }
  std::default_sentinel_t end() const { return {}; }

  // Inserts, or overwrites what is there. Returns whether it has inserted.
  bool insert_or_assign(KeyArgument key, ValueArgument value) { return write(key, value, MapWrite::assign); }
  bool insert_or_assign(Attach& here, KeyArgument key, ValueArgument value) {
    return write(here, key, value, MapWrite::assign);
  }
  // Inserts, or leaves what is there. Returns whether it has inserted.
  bool try_emplace(KeyArgument key, ValueArgument value) { return write(key, value, MapWrite::if_absent); }
  bool try_emplace(Attach& here, KeyArgument key, ValueArgument value) {
    return write(here, key, value, MapWrite::if_absent);
  }
  // Returns whether the key was there.
  bool erase(KeyArgument key) {
    require_own(parts_);
    Attach here(*parts_.runtime);
    return erase(here, key);
  }
  bool erase(Attach& here, KeyArgument key) {
    const Root<MapShell> keep(require_own(parts_), this);
    safepoint(here);
    const EncodedKey<K> encoded(key);
    return parts_.ops->erase(here, *state_, encoded.key());
  }
  // Ends walks over the map.
  void clear() {
    const Root<MapShell> keep(require_own(parts_), this);
    Attach here(*parts_.runtime);
    parts_.ops->clear(here, *state_);
  }

  // See map_stats.hpp. Reading, and a safepoint.
  MapStats stats() const {
    const Root<const MapShell> keep(require_own(parts_), this);
    Attach here(*parts_.runtime);
    return parts_.ops->stats(here, *state_);
  }
  std::string_view backend_name() const { return parts_.backend->name; }

  // For make_map and its like.
  MapShell(const MapParts& parts, const Root<MapState>& state) : parts_(parts), state_(state) {}

 protected:
  const MapParts& parts() const { return parts_; }
  MapState& own_state() const {
    require_own(parts_);
    return *state_;
  }
  // A loop of look-ups must not hold up a collection.
  void let_collect() const {
    Mutator& mutator = require_own(parts_);
    if (!mutator.asked()) [[likely]]
      return;
    const Root<const MapShell> keep(mutator, this);
    poll_slow(mutator);
  }
  bool write(KeyArgument key, ValueArgument value, MapWrite mode) {
    require_own(parts_);
    Attach here(*parts_.runtime);
    return write(here, key, value, mode);
  }
  bool write(Attach& here, KeyArgument key, ValueArgument value, MapWrite mode, MapFinger* near = nullptr) {
    const Root<MapShell> keep(require_own(parts_), this);
    const EncodedKey<K> encoded(key);
    const typename ValueTraits<V>::Kept kept(value);
    require_written(encoded.key(), kept.value());
    safepoint(here);
    if (near != nullptr && parts_.ops->upsert_near != nullptr) {
      return parts_.ops->upsert_near(here, *state_, encoded.key(), kept.value(), mode, *near).inserted;
    }
    return parts_.ops->upsert(here, *state_, encoded.key(), kept.value(), mode).inserted;
  }
  // Throws TooLarge.
  static void require_written([[maybe_unused]] const MapKey& key, [[maybe_unused]] const MapValue& value) {
    if constexpr (shape.key == KeyKind::variable || shape.value == ValueKind::variable) {
      require_sizes(key, value, shape);
    }
  }

 private:
  const MapParts parts_;
  Ref<MapState> state_;

 public:
  static constexpr auto midden_refs = refs<MapShell>(&MapShell::state_);
};

}  // namespace midden::inline MIDDEN_ABI::detail
