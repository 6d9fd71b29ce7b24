#pragma once
// Map<K, V> and OrderedMap<K, V>: maps that are heap objects.
//
//   Root<Map> ──▶ | backend | operations | runtime | state ──▶ the backend's own objects
//
// A map is a thin typed shell over a backend (map_backend.hpp), which is chosen when the map is
// made: by argument, else by Config::map (MIDDEN_MAP). KeyCodec tells what may be a key,
// ValueTraits what may be a value.
//
//   auto hits = midden::make_map<std::string_view, std::int64_t>();
//   hits->insert_or_assign("alice", 1);
//   if (auto hit = hits->find("alice")) use(*hit);
//   for (auto entry : *hits) use(entry.key, entry.value);
//
// Contracts
//   1. An operation that throws leaves the map as it was. It throws NotAttached where the thread
//      is not attached to the map's Runtime, OutOfMemory, and TooLarge for a key of more than
//      16 MiB - 1 bytes, a value of more than 4 GiB - 1, and an ordered map of more than 16 GiB.
//   2. An operation keeps its map, and arguments that are references, alive across its own
//      safepoints. Where a string argument lies in a heap object, the caller keeps that alive.
//   3. Fixed values come back by copy; what `find` and cursors show holds until they move or die.
//
// Threads: one writer, or many readers, at a time, as std containers. Every operation but size
// and the like is a safepoint, also a look-up. The forms with `Attach&` skip one of their own.

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <ranges>
#include <stdexcept>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <midden/attach.hpp>
#include <midden/build.hpp>
#include <midden/describe.hpp>
#include <midden/make.hpp>
#include <midden/map_backend.hpp>
#include <midden/map_cursor.hpp>
#include <midden/map_group.hpp>
#include <midden/map_key.hpp>
#include <midden/map_value.hpp>
#include <midden/ref.hpp>
#include <midden/root.hpp>

namespace midden::inline MIDDEN_ABI {

struct MapOptions {
  // The name of a backend; empty: Config::map decides.
  std::string_view backend;
};

template <class K, class V>
class Map {
 public:
  using Key = K;
  using Value = V;
  using Entry = MapEntry<K, V>;
  using Cursor = MapCursorOf<K, V>;
  using Hit = Found<V>;
  using KeyArgument = detail::KeyArgument<K>;
  using ValueArgument = detail::ValueArgument<V>;
  using Owned = typename detail::ValueTraits<V>::Owned;

  static constexpr MapShape shape{KeyCodec<K>::kind, detail::ValueTraits<V>::kind, detail::key_bytes<K>(),
                                  detail::ValueTraits<V>::bytes};

  Map(const Map&) = delete;
  Map& operator=(const Map&) = delete;

  // --- reading ------------------------------------------------------------------------------

  std::size_t size() const { return parts_.ops->size(own_state()); }
  bool empty() const { return size() == 0; }
  bool contains(KeyArgument key) const { return look_up(key).data != nullptr; }
  Hit find(KeyArgument key) const {
    let_collect();
    MapState& state = own_state();
    const detail::EncodedKey<K> encoded(key);
    return Hit(parts_, state, encoded.key());
  }
  // A copy of the value: std::string for strings, a Root for references.
  std::optional<Owned> get(KeyArgument key) const {
    const MapFound found = look_up(key);
    if (found.data == nullptr) return std::nullopt;
    return detail::ValueTraits<V>::own(found);
  }
  // Throws std::out_of_range where the key is absent.
  Owned at(KeyArgument key) const {
    const MapFound found = look_up(key);
    if (found.data == nullptr) throw std::out_of_range("midden::Map::at: no such key");
    return detail::ValueTraits<V>::own(found);
  }

  // Looks up each key of a range and calls f(key, value), in order; `value` points to what a cursor
  // would show, or is null where the key is absent. In a map larger than the caches several times as
  // fast as one look-up after the other. `f` may not write this map.
  template <std::ranges::forward_range Keys, class F>
  void find_many(const Keys& keys, F&& f) const {
    static_assert(detail::lasting_keys<Keys>, "midden: the range makes its keys on the way and drops them too early");
    const Root<const Map> keep(detail::require_own(parts_), this);
    for (auto at = std::ranges::begin(keys), end = std::ranges::end(keys); at != end;) {
      let_collect();
      const auto group = at;
      detail::KeyGroup<K> encoded;
      for (; at != end && !encoded.full(); ++at) encoded.add(*at);
      detail::find_group(parts_, own_state(), encoded.keys(), encoded.found());
      auto key = group;
      for (const MapFound& found : encoded.found()) {
        std::optional<typename Cursor::View> value;
        if (found.data != nullptr) value.emplace(detail::ValueTraits<V>::view(found));
        f(*key++, value.has_value() ? &*value : nullptr);
      }
    }
  }

  // A walk over all entries; see map_cursor.hpp.
  Cursor begin() const { return Cursor(parts_, own_state(), detail::MapBound(), parts_.ops->first); }
  std::default_sentinel_t end() const { return {}; }

  // --- writing ------------------------------------------------------------------------------

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
  // insert_or_assign for each pair of a range; returns how many keys were new. Keys that ascend, or
  // come in ascending runs, cost an ordered map a fraction of others. Where one throws, those before
  // it are in the map.
  template <std::ranges::input_range Pairs>
  std::size_t insert_all(const Pairs& entries) {
    const Root<Map> keep(detail::require_own(parts_), this);
    Attach here(*parts_.runtime);
    std::size_t inserted = 0;
    MapFinger near;
    for (const auto& [key, value] : entries) inserted += write(here, key, value, MapWrite::assign, &near) ? 1 : 0;
    return inserted;
  }
  // Gives `change` the value, or V{} where the key is absent, stores what it has made of it and
  // returns that. `change` takes a V& and may not write this map.
  template <class F>
  V update(KeyArgument key, F&& change) requires(detail::ValueTraits<V>::kind == ValueKind::fixed) {
    const Root<Map> keep(detail::require_own(parts_), this);
    std::optional<V> value = get(key);
    if (!value) value.emplace();
    std::forward<F>(change)(*value);
    insert_or_assign(key, *value);
    return *value;
  }
  // Returns whether the key was there.
  bool erase(KeyArgument key) {
    detail::require_own(parts_);
    Attach here(*parts_.runtime);
    return erase(here, key);
  }
  bool erase(Attach& here, KeyArgument key) {
    const Root<Map> keep(detail::require_own(parts_), this);
    safepoint(here);
    const detail::EncodedKey<K> encoded(key);
    return parts_.ops->erase(here, *state_, encoded.key());
  }
  // Ends walks over the map.
  void clear() {
    const Root<Map> keep(detail::require_own(parts_), this);
    Attach here(*parts_.runtime);
    parts_.ops->clear(here, *state_);
  }

  // --- about it -----------------------------------------------------------------------------

  // See map_stats.hpp. Reading, and a safepoint.
  MapStats stats() const {
    const Root<const Map> keep(detail::require_own(parts_), this);
    Attach here(*parts_.runtime);
    return parts_.ops->stats(here, *state_);
  }
  std::string_view backend_name() const { return parts_.backend->name; }

  // For make_map.
  Map(const detail::MapParts& parts, const Root<MapState>& state) : parts_(parts), state_(state) {}

 protected:
  const detail::MapParts& parts() const { return parts_; }
  MapState& own_state() const {
    detail::require_own(parts_);
    return *state_;
  }

 private:
  // A loop of look-ups must not hold up a collection.
  void let_collect() const {
    detail::Mutator& mutator = detail::require_own(parts_);
    if (!mutator.asked()) [[likely]]
      return;
    const Root<const Map> keep(mutator, this);
    detail::poll_slow(mutator);
  }
  MapFound look_up(KeyArgument key) const {
    let_collect();
    const detail::EncodedKey<K> encoded(key);
    return parts_.ops->find(own_state(), encoded.key());
  }
  bool write(KeyArgument key, ValueArgument value, MapWrite mode) {
    detail::require_own(parts_);
    Attach here(*parts_.runtime);
    return write(here, key, value, mode);
  }
  bool write(Attach& here, KeyArgument key, ValueArgument value, MapWrite mode, MapFinger* near = nullptr) {
    const Root<Map> keep(detail::require_own(parts_), this);
    const detail::EncodedKey<K> encoded(key);
    const typename detail::ValueTraits<V>::Kept kept(value);
    if constexpr (shape.key == KeyKind::variable || shape.value == ValueKind::variable) {
      detail::require_sizes(encoded.key(), kept.value(), shape);
    }
    safepoint(here);
    if (near != nullptr && parts_.ops->upsert_near != nullptr) {
      return parts_.ops->upsert_near(here, *state_, encoded.key(), kept.value(), mode, *near).inserted;
    }
    return parts_.ops->upsert(here, *state_, encoded.key(), kept.value(), mode).inserted;
  }

  const detail::MapParts parts_;
  Ref<MapState> state_;

 public:
  static constexpr auto midden_refs = refs<Map>(&Map::state_);
};

template <class K, class V>
class OrderedMap : public Map<K, V> {
  using Base_ = Map<K, V>;

 public:
  using Base_::Base_;
  using typename Base_::KeyArgument;
  using Cursor = OrderedCursorOf<K, V>;

  Cursor begin() const {
    return Cursor(this->parts(), this->own_state(), detail::MapBound(), this->parts().ops->first);
  }

  // A part of the map, to walk over. It keeps the map alive.
  class Range {
   public:
    Cursor begin() const {
      const MapOps& ops = *map_->parts().ops;
      return Cursor(map_->parts(), map_->own_state(), to_, [&](Attach& here, MapState& state, MapCursor& cursor) {
        return from_.none() ? ops.first(here, state, cursor) : ops.seek(here, state, cursor, from_.key());
      });
    }
    std::default_sentinel_t end() const { return {}; }

   private:
    friend class OrderedMap;
    Range(const OrderedMap& map, detail::MapBound from, detail::MapBound to)
        : map_(const_cast<OrderedMap*>(&map)), from_(std::move(from)), to_(std::move(to)) {}

    Root<OrderedMap> map_;
    detail::MapBound from_;
    detail::MapBound to_;
  };

  // The first entry whose key is not less.
  Cursor lower_bound(KeyArgument key) const {
    const detail::EncodedKey<K> encoded(key);
    return Cursor(this->parts(), this->own_state(), detail::MapBound(),
                  [&encoded, seek = this->parts().ops->seek](Attach& here, MapState& state, MapCursor& cursor) {
                    return seek(here, state, cursor, encoded.key());
                  });
  }
  // The entry with the greatest key.
  Cursor last() const { return Cursor(this->parts(), this->own_state(), detail::MapBound(), this->parts().ops->last); }

  // Entries with from <= key < to.
  Range range(KeyArgument from, KeyArgument to) const {
    const detail::EncodedKey<K> begin(from);
    const detail::EncodedKey<K> end(to);
    return Range(*this, detail::MapBound(begin.key()), detail::MapBound(end.key()));
  }
  // Entries with key >= from.
  Range range_from(KeyArgument from) const {
    const detail::EncodedKey<K> begin(from);
    return Range(*this, detail::MapBound(begin.key()), detail::MapBound());
  }
  // Entries whose keys begin with these bytes.
  Range prefix(std::string_view bytes) const requires(std::is_same_v<K, std::string_view>) {
    std::string after(bytes);
    while (!after.empty() && after.back() == '\xFF') after.pop_back();
    if (after.empty()) return range_from(bytes);
    after.back() = static_cast<char>(static_cast<unsigned char>(after.back()) + 1);
    return range(bytes, after);
  }

  // The whole map in up to `parts` ranges of about even size, in order: for several threads to walk
  // at once. Entries that come later may make them uneven, and belong to one range still.
  std::vector<Range> split(std::size_t parts) const {
    const Root<const OrderedMap> keep(detail::require_own(this->parts()), this);
    std::vector<MapKey> keys(parts == 0 ? 0 : parts - 1);
    const auto separators = this->parts().ops->separators;
    keys.resize(separators == nullptr || keys.empty() ? 0 : separators(this->own_state(), keys.data(), keys.size()));
    std::vector<Range> ranges;
    detail::MapBound from;
    for (const MapKey& key : keys) {
      ranges.push_back(Range(*this, from, detail::MapBound(key)));
      from = detail::MapBound(key);
    }
    ranges.push_back(Range(*this, from, detail::MapBound()));
    return ranges;
  }

  static constexpr auto midden_refs = refs<OrderedMap>(base<Map<K, V>>);
};

namespace detail {

// The backend for a new map. Throws ConfigError naming what was asked for and what is known.
MapParts choose_map(Runtime& runtime, const MapOptions& options, bool ordered, const MapShape& shape);

// Random, and another at each call.
std::uint64_t next_map_seed(Runtime& runtime);

template <class M>
Root<M> make_map_object(Attach& here, const MapOptions& options, bool ordered) {
  const MapParts parts = choose_map(here.runtime(), options, ordered, M::shape);
  const Root<MapState> state = parts.ops->create(here, M::shape, next_map_seed(here.runtime()));
  return make<M>(here, parts, state);
}

}  // namespace detail

// A new, empty map. Throws ConfigError where the backend that is asked for is not known or cannot
// hold such keys and values; OutOfMemory; NotAttached. Where it is Config::map that cannot hold
// them, another backend does, and one message a Runtime says so.
template <class K, class V>
Root<Map<K, V>> make_map(Attach& here, const MapOptions& options = {}) {
  return detail::make_map_object<Map<K, V>>(here, options, false);
}
template <class K, class V>
Root<Map<K, V>> make_map(const MapOptions& options = {}) {
  Attach here(*detail::here().runtime);
  return make_map<K, V>(here, options);
}

// The same, of a backend that keeps keys in order.
template <class K, class V>
Root<OrderedMap<K, V>> make_ordered_map(Attach& here, const MapOptions& options = {}) {
  return detail::make_map_object<OrderedMap<K, V>>(here, options, true);
}
template <class K, class V>
Root<OrderedMap<K, V>> make_ordered_map(const MapOptions& options = {}) {
  Attach here(*detail::here().runtime);
  return make_ordered_map<K, V>(here, options);
}

}  // namespace midden::inline MIDDEN_ABI
