#pragma once
// ConcurrentMap<K, V> and ConcurrentOrderedMap<K, V>: maps that all attached threads use at any time.
//
//   auto hits = midden::make_concurrent_map<std::string_view, std::int64_t>();
//   hits->update("alice", [](std::int64_t& count) { ++count; });
//   hits->erase_if("bob", [](std::int64_t count) { return count == 0; });
//   auto user = users->get_or_insert_with("alice", [] { return midden::make<User>(); });
//
// The same keys, values and backends as Map (map.hpp). A backend may bring a table of its own for them; of
// others the map is made of shards with locks, or of one map under a reader-writer lock where order is kept.
//
// Contracts
//   1. Each operation on one key happens at one moment between its call and its return, seen by all threads in
//      the same order. One that throws has not happened. It throws as Map's do.
//   2. `update`, `erase_if` and `get_or_insert_with` are atomic for their key: read, call, and write only where
//      the value is what was read; else again. So a function that is given may be called several times, for one
//      of which its result counts; it runs without any lock and may allocate, wait, and use this map.
//   3. A value that comes back to what it was counts as not changed: the same bytes, or the same object.
//   4. A walk shows each entry that is there from its begin to its end exactly once, others at most once; of a
//      value that changes, one that the key has had meanwhile. What a cursor or `find` shows holds until it
//      moves or dies, whatever other threads write. A clear ends walks that began before. A cursor, and a hit
//      of a string, counts as a ReadSection (midden/grace.hpp): a thread that has one open waits for no grace period.
//   5. `size`, `stats` and `clear` go from part to part: exact while nobody writes.
//   6. `snapshot` is the map at one moment, with all writes that had returned before it was called.
//   7. An operation keeps its map, and arguments that are references, alive across its own safepoints.
//
// Cost: on `skiplist` a look-up takes no lock and never waits for a writer; an insertion or erase copies a leaf of up
// to 44 keys and locks it and the node above for the time of that, an overwrite locks the leaf for one store. What a
// write replaces is used again after a grace period (midden/grace.hpp), which a cursor that rests holds up, and one
// that moves where its thread has another open: stats().retired_bytes. It goes on with later writes and before each
// cycle, and until then what an erased value refers to lives. An erase takes a node's memory first, so it may throw
// OutOfMemory or TooLarge where all is used up and nothing has come back yet. With shards, as `hash` has them, a point
// operation takes the lock of its key's shard, one of 64, a second hash, and the time of a Map's; size takes every lock
// once. Under one lock, as ordered maps of other backends are, readers go side by side and a writer alone. No lock is
// held while a collection runs or is waited for. An empty map takes at most 256 bytes of the heap; from the first entry
// on shards take 4 KiB, and a skip list some 13.
//
// Threads: any that is attached to the map's Runtime. Cursors and hits belong to their threads.

#include <array>
#include <cstddef>
#include <optional>
#include <ranges>
#include <stdexcept>
#include <type_traits>
#include <utility>

#include <midden/attach.hpp>
#include <midden/build.hpp>
#include <midden/describe.hpp>
#include <midden/make.hpp>
#include <midden/map.hpp>
#include <midden/map_backend.hpp>
#include <midden/map_cursor.hpp>
#include <midden/map_group.hpp>
#include <midden/map_key.hpp>
#include <midden/map_ordered.hpp>
#include <midden/map_pin.hpp>
#include <midden/map_seen.hpp>
#include <midden/map_shell.hpp>
#include <midden/map_snapshot.hpp>
#include <midden/map_value.hpp>
#include <midden/root.hpp>

namespace midden::inline MIDDEN_ABI {

// Its size, walks and figures stand in map_reading.hpp, single writes in map_shell.hpp.
template <class K, class V>
class ConcurrentMap : public detail::MapShell<K, V> {
  using Shell_ = detail::MapShell<K, V>;
  using Traits_ = detail::ValueTraits<V>;
  using Seen_ = detail::Seen<V>;

 public:
  using Shell_::Shell_;
  using typename Shell_::Hit;
  using typename Shell_::KeyArgument;
  using typename Shell_::Owned;

  // --- reading ------------------------------------------------------------------------------

  bool contains(KeyArgument key) const {
    return visit(key, [](MapFound) {});
  }
  // Fixed values and references as copies; strings as a cursor shows them.
  Hit find(KeyArgument key) const {
    if constexpr (Traits_::kind == ValueKind::variable) {
      const Root<const ConcurrentMap> keep(detail::require_own(this->parts()), this);
      const detail::EncodedKey<K> encoded(key);
      return Hit(this->parts(), this->own_state(), encoded.key());
    } else {
      return Hit(get(key));
    }
  }
  // A copy of the value: std::string for strings, a Root for references.
  std::optional<Owned> get(KeyArgument key) const {
    detail::require_own(this->parts());
    Attach here(*this->parts().runtime);
    return get(here, key);
  }
  std::optional<Owned> get(Attach& here, KeyArgument key) const {
    std::optional<Owned> value;
    visit(here, key, [&](MapFound found) { value.emplace(Traits_::own(found)); });
    return value;
  }
  // Throws std::out_of_range where the key is absent.
  Owned at(KeyArgument key) const {
    std::optional<Owned> value = get(key);
    if (!value) throw std::out_of_range("midden::ConcurrentMap::at: no such key");
    return *std::move(value);
  }
  // Looks up each key of a range and calls f(key, value), in order; `value` points to what `get` would return, or is
  // null where the key is absent. Each is looked up at a moment of its own, some before `f` is called for others. `f`
  // runs without any lock and may use this map. In a skip list larger than the caches it takes a third of the time of
  // single look-ups where keys ascend, and two thirds where they do not.
  template <std::ranges::forward_range Keys, class F>
  void find_many(const Keys& keys, F&& f) const {
    static_assert(detail::lasting_keys<Keys>, "midden: the range makes its keys on the way and drops them too early");
    const Root<const ConcurrentMap> keep(detail::require_own(this->parts()), this);
    Attach here(*this->parts().runtime);
    auto at = std::ranges::begin(keys);
    const auto end = std::ranges::end(keys);
    while (at != end) {
      safepoint(here);
      auto key = at;
      detail::KeyGroup<K> group;
      for (; at != end && !group.full(); ++at) group.add(*at);
      std::array<std::optional<Owned>, detail::KeyGroup<K>::most> values;
      auto take = [&](std::size_t i, MapFound found) { values[i].emplace(Traits_::own(found)); };
      detail::visit_group(here, this->parts(), this->own_state(), group.keys(), take);
      for (std::size_t i = 0; i < group.keys().size(); ++i, ++key) f(*key, values[i] ? &*values[i] : nullptr);
    }
  }
  // The entry of the key, held as it is at one moment of the call; empty where the key is absent. See map_pin.hpp. A
  // safepoint.
  EntryPin<K, V> pin(KeyArgument key) const {
    const Root<const ConcurrentMap> keep(detail::require_own(this->parts()), this);
    Attach here(*this->parts().runtime);
    return detail::pin_entry(here, *this, key);
  }

  // The map at one moment between the call and its return; see map_snapshot.hpp for its cost. A safepoint.
  Snapshot<FrozenMap<K, V>> snapshot() const { return freeze<FrozenMap<K, V>>(); }

  // --- atomic for their key -----------------------------------------------------------------

  // Gives `change` the value, or an empty one where the key is absent, stores what it has made of it and
  // returns that. `change` takes a V&, std::string& or Root<T>&; a V with references is a
  // heap object meanwhile.
  template <class F>
  Owned update(KeyArgument key, F&& change) {
    const Root<ConcurrentMap> keep(detail::require_own(this->parts()), this);
    Attach here(*this->parts().runtime);
    while (true) {
      Seen_ seen;
      const bool there = visit(here, key, [&](MapFound found) { seen.take(found); });
      Owned value = there ? seen.own() : Owned{};
      detail::change_owned<V>(here, value, change);
      if (store(here, key, there ? &seen : nullptr, value)) return value;
    }
  }
  // Erases the key where `condemned` says so of its value, a const V&, const std::string& or const Root<T>&.
  // Returns whether it has.
  template <class F>
  bool erase_if(KeyArgument key, F&& condemned) {
    const Root<ConcurrentMap> keep(detail::require_own(this->parts()), this);
    Attach here(*this->parts().runtime);
    while (true) {
      Seen_ seen;
      if (!visit(here, key, [&](MapFound found) { seen.take(found); })) return false;
      const Owned& value = seen.own();
      if (!condemned(value)) return false;
      safepoint(here);
      const detail::EncodedKey<K> encoded(key);
      if (this->parts().ops->erase_if(here, this->own_state(), encoded.key(), seen.expected())) return true;
    }
  }
  // The value of the key; where it is absent that of make_value(), once it is in the map. Another thread may be first:
  // then it is that thread's. `make_value` is called once at most.
  template <class F>
  Owned get_or_insert_with(KeyArgument key, F&& make_value) {
    const Root<ConcurrentMap> keep(detail::require_own(this->parts()), this);
    Attach here(*this->parts().runtime);
    std::optional<Owned> there = get(here, key);
    if (there) return *std::move(there);
    Owned made(std::forward<F>(make_value)());
    while (true) {
      if (this->try_emplace(here, key, made)) return made;
      there = get(here, key);
      if (there) return *std::move(there);
    }
  }

 protected:
  template <class F>
  Snapshot<F> freeze() const {
    const Root<const ConcurrentMap> keep(detail::require_own(this->parts()), this);
    Attach here(*this->parts().runtime);
    return Snapshot<F>(here, this->parts(), [&] {
      const MapView view = this->parts().ops->snapshot(here, this->state());
      view.state->plain = this->state().plain;
      return view;
    });
  }

 private:
  template <class Take>
  bool visit(KeyArgument key, Take&& take) const {
    detail::require_own(this->parts());
    Attach here(*this->parts().runtime);
    return visit(here, key, take);
  }
  // `take` runs under a lock, or what stands for one.
  template <class Take>
  bool visit(Attach& here, KeyArgument key, Take&& take) const {
    const Root<const ConcurrentMap> keep(detail::require_own(this->parts()), this);
    safepoint(here);
    const detail::EncodedKey<K> encoded(key);
    const auto call = [](void* context, MapFound found) {
      (*static_cast<std::remove_reference_t<Take>*>(context))(found);
    };
    return this->parts().ops->visit(here, this->own_state(), encoded.key(), call, &take);
  }
  // Stores the value where the key has still the one that was seen, or none where that is null.
  bool store(Attach& here, KeyArgument key, const Seen_* seen, const Owned& value) {
    if (seen == nullptr) return this->try_emplace(here, key, value);
    const detail::EncodedKey<K> encoded(key);
    const typename Traits_::Kept kept{typename Shell_::ValueArgument(value)};
    this->require_written(encoded.key(), kept.value());
    safepoint(here);
    return this->parts().ops->replace(here, this->own_state(), encoded.key(), seen->expected(), kept.value());
  }

 public:
  static constexpr auto midden_refs = refs<ConcurrentMap>(base<detail::MapShell<K, V>>);
};

template <class K, class V>
class ConcurrentOrderedMap : public detail::Ordered<ConcurrentMap<K, V>> {
 public:
  using detail::Ordered<ConcurrentMap<K, V>>::Ordered;

  Snapshot<OrderedFrozenMap<K, V>> snapshot() const { return this->template freeze<OrderedFrozenMap<K, V>>(); }

  static constexpr auto midden_refs = refs<ConcurrentOrderedMap>(base<detail::Ordered<ConcurrentMap<K, V>>>);
};

namespace detail {

struct ConcurrentParts {
  MapParts parts;
  Root<MapState> state;
};

// What serves a new map, and its state. Throws as choose_map, and what creating throws.
ConcurrentParts make_concurrent_parts(Attach& here, const MapOptions& options, bool ordered, const MapShape& shape);

template <class M>
Root<M> make_concurrent_object(Attach& here, const MapOptions& options, bool ordered) {
  const ConcurrentParts made = make_concurrent_parts(here, options, ordered, M::shape);
  return make<M>(here, made.parts, made.state);
}

}  // namespace detail

// A new, empty map. Throws as make_map.
template <class K, class V>
Root<ConcurrentMap<K, V>> make_concurrent_map(Attach& here, const MapOptions& options = {}) {
  return detail::make_concurrent_object<ConcurrentMap<K, V>>(here, options, false);
}
template <class K, class V>
Root<ConcurrentMap<K, V>> make_concurrent_map(const MapOptions& options = {}) {
  Attach here(*detail::here().runtime);
  return make_concurrent_map<K, V>(here, options);
}

// The same, of a backend that keeps keys in order.
template <class K, class V>
Root<ConcurrentOrderedMap<K, V>> make_concurrent_ordered_map(Attach& here, const MapOptions& options = {}) {
  return detail::make_concurrent_object<ConcurrentOrderedMap<K, V>>(here, options, true);
}
template <class K, class V>
Root<ConcurrentOrderedMap<K, V>> make_concurrent_ordered_map(const MapOptions& options = {}) {
  Attach here(*detail::here().runtime);
  return make_concurrent_ordered_map<K, V>(here, options);
}

}  // namespace midden::inline MIDDEN_ABI
