#pragma once
// Map<K, V> and OrderedMap<K, V>: maps that are heap objects.
//
//   Root<Map> ──▶ | backend | operations | runtime | state ──▶ the backend's own objects
//
// A map is a thin typed shell over a backend (map_backend.hpp), which is chosen when the map is
// made: by argument, else by Config::map (MIDDEN_MAP). It may move to another one later, see
// map_rebuild.hpp. KeyCodec tells what may be a key, ValueTraits what may be a value.
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
//   3. Fixed values come back by copy, structs with references as Rooted (map_composite.hpp); what `find` and
//      cursors show holds until they move or die.
//
// Threads: one writer, or many readers, at a time, as std containers. Every operation but size
// and the like is a safepoint, also a look-up. The forms with `Attach&` skip one of their own.

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
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
#include <midden/map_key.hpp>
#include <midden/map_look_ups.hpp>
#include <midden/map_ordered.hpp>
#include <midden/map_shell.hpp>
#include <midden/map_snapshot.hpp>
#include <midden/map_value.hpp>
#include <midden/ref.hpp>
#include <midden/root.hpp>

namespace midden::inline MIDDEN_ABI {

struct MapOptions {
  // The name of a backend, or `auto` (map_rebuild.hpp); empty: Config::map decides.
  std::string_view backend;
  // Says that words in keys and values (integers, bytes, pointers to elsewhere) may look like references and are none.
  // A checked heap (MIDDEN_CHECK) looks for such words in every other map and tells of them; see README.md.
  bool plain = false;
};

namespace detail {

// A copy of the state of a map that nobody writes meanwhile. A safepoint.
MapView copy_view(Attach& here, const MapParts& parts, const MapShape& shape, MapState& state);

}  // namespace detail

// Its size, walks and figures stand in map_reading.hpp, look-ups in map_look_ups.hpp, single writes in map_shell.hpp.
template <class K, class V>
class Map : public detail::LookUps<detail::MapShell<K, V>> {
  using Base_ = detail::LookUps<detail::MapShell<K, V>>;

 public:
  using Base_::Base_;
  using typename Base_::KeyArgument;

  // A copy of the map as it is now; see map_snapshot.hpp. Reading, and a safepoint.
  Snapshot<FrozenMap<K, V>> snapshot() const { return freeze<FrozenMap<K, V>>(); }

  // Gives `change` the value, or V{} where the key is absent, stores what it has made of it and
  // returns that. `change` takes a V& and may not write this map; a V with references is a heap object meanwhile.
  template <class F>
  auto update(KeyArgument key, F&& change) requires(detail::ValueTraits<V>::kind == ValueKind::fixed ||
                                                    detail::ValueTraits<V>::kind == ValueKind::composite) {
    const Root<Map> keep(detail::require_own(this->parts()), this);
    Attach here(*this->parts().runtime);
    std::optional<typename Base_::Owned> value = this->get(key);
    if (!value) value.emplace();
    detail::change_owned<V>(here, *value, std::forward<F>(change));
    this->insert_or_assign(key, *value);
    return *value;
  }

  // --- another backend ----------------------------------------------------------------------

  // Begins to move to the backend of that name; map_rebuild.hpp tells how. Does nothing where the map has that one
  // or moves to it already; a move to another one is finished first. Throws ConfigError where the backend is not
  // known, cannot hold such keys and values, or does not keep an order that the map has; std::logic_error while a
  // cursor walks over the map; what finish_rebuild throws. A safepoint; a writer's operation.
  void rebuild(std::string_view backend) {
    const Root<Map> keep(detail::require_own(this->parts()), this);
    Attach here(*this->parts().runtime);
    detail::rebuild_map(here, this->own_parts(), this->state_place(), this->shape, backend);
  }
  // Moves all that is left, in time in proportion to it. Throws std::logic_error while a cursor walks over the map,
  // OutOfMemory, and TooLarge; then the map is whole, and still on its way. Polls; a writer's operation.
  void finish_rebuild() {
    const Root<Map> keep(detail::require_own(this->parts()), this);
    Attach here(*this->parts().runtime);
    detail::finish_rebuild(here, this->own_parts(), this->state_place());
  }
  // Begins to move to fresh memory of the backend that it has, which gives back what entries that were erased have left
  // behind. Does nothing where the map moves already. Throws std::logic_error while a cursor walks over the map, and
  // OutOfMemory. A safepoint; a writer's operation.
  void compact() {
    const Root<Map> keep(detail::require_own(this->parts()), this);
    Attach here(*this->parts().runtime);
    detail::compact_map(here, this->own_parts(), this->state_place(), this->shape);
  }

 protected:
  template <class F>
  Snapshot<F> freeze() const {
    const Root<const Map> keep(detail::require_own(this->parts()), this);
    Attach here(*this->parts().runtime);
    return Snapshot<F>(here, this->parts(),
                       [&] { return detail::copy_view(here, this->parts(), Map::shape, this->state()); });
  }

 public:
  static constexpr auto midden_refs = refs<Map>(base<Base_>);
};

template <class K, class V>
class OrderedMap : public detail::Ordered<Map<K, V>> {
 public:
  using detail::Ordered<Map<K, V>>::Ordered;

  Snapshot<OrderedFrozenMap<K, V>> snapshot() const { return this->template freeze<OrderedFrozenMap<K, V>>(); }

  static constexpr auto midden_refs = refs<OrderedMap>(base<detail::Ordered<Map<K, V>>>);
};

namespace detail {

// The backend for a new map. Throws ConfigError naming what was asked for and what is known.
MapParts choose_map(Runtime& runtime, const MapOptions& options, bool ordered, const MapShape& shape);

// A state of these parts, empty. A safepoint; throws OutOfMemory.
Root<MapState> create_map(Attach& here, const MapParts& parts, const MapOptions& options, bool ordered,
                          const MapShape& shape);

template <class M>
Root<M> make_map_object(Attach& here, const MapOptions& options, bool ordered) {
  const MapParts parts = choose_map(here.runtime(), options, ordered, M::shape);
  const Root<MapState> state = create_map(here, parts, options, ordered, M::shape);
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
