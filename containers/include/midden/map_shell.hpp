#pragma once
// What the kinds of map that are written have in common: the writes that are the same in each.
//
//   MapShell<K, V> ◁── Map<K, V>             adds look-ups, which find a place in the map
//                  ◁── ConcurrentMap<K, V>   adds look-ups that copy, and what is atomic for a key
//
// The contracts stand in map.hpp and concurrent_map.hpp.
//
// Threads: as the map's kind says.

#include <cstddef>
#include <ranges>

#include <midden/attach.hpp>
#include <midden/build.hpp>
#include <midden/describe.hpp>
#include <midden/map_backend.hpp>
#include <midden/map_key.hpp>
#include <midden/map_reading.hpp>
#include <midden/map_rebuild.hpp>
#include <midden/map_value.hpp>
#include <midden/root.hpp>

namespace midden::inline MIDDEN_ABI::detail {

template <class K, class V>
class MapShell : public MapReading<K, V> {
  using Reading_ = MapReading<K, V>;

 public:
  using Reading_::Reading_;
  using typename Reading_::KeyArgument;
  using ValueArgument = detail::ValueArgument<V>;

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
  // insert_or_assign for each pair of a range; returns how many keys were new. Where one throws, those before it are
  // in the map. Keys that come in order cost an ordered Map a fraction of others, here and by single writes.
  template <std::ranges::input_range Pairs>
  std::size_t insert_all(const Pairs& entries) {
    const Root<MapShell> keep(require_own(this->parts()), this);
    Attach here(*this->parts().runtime);
    std::size_t inserted = 0;
    for (const auto& [key, value] : entries) inserted += insert_or_assign(here, key, value) ? 1 : 0;
    return inserted;
  }
  // Returns whether the key was there.
  bool erase(KeyArgument key) {
    require_own(this->parts());
    Attach here(*this->parts().runtime);
    return erase(here, key);
  }
  bool erase(Attach& here, KeyArgument key) {
    const Root<MapShell> keep(require_own(this->parts()), this);
    safepoint(here);
    tend(here);
    const EncodedKey<K> encoded(key);
    return this->parts().ops->erase(here, this->state(), encoded.key());
  }
  // Ends walks over the map.
  void clear() {
    const Root<MapShell> keep(require_own(this->parts()), this);
    Attach here(*this->parts().runtime);
    tend(here);
    this->parts().ops->clear(here, this->state());
  }

 protected:
  bool write(KeyArgument key, ValueArgument value, MapWrite mode) {
    require_own(this->parts());
    Attach here(*this->parts().runtime);
    return write(here, key, value, mode);
  }
  bool write(Attach& here, KeyArgument key, ValueArgument value, MapWrite mode) {
    const Root<MapShell> keep(require_own(this->parts()), this);
    const EncodedKey<K> encoded(key);
    const typename ValueTraits<V>::Kept kept(value);
    require_written(encoded.key(), kept.value());
    safepoint(here);
    tend(here);
    return this->parts().ops->upsert(here, this->state(), encoded.key(), kept.value(), mode).inserted;
  }
  // Throws TooLarge.
  static void require_written([[maybe_unused]] const MapKey& key, [[maybe_unused]] const MapValue& value) {
    constexpr MapShape shape = Reading_::shape;
    if constexpr (shape.key == KeyKind::variable || shape.value == ValueKind::variable) {
      require_sizes(key, value, shape);
    }
  }

 private:
  void tend(Attach& here) {
    if (this->state().tended != MapTended::no) [[unlikely]]
      tend_map(here, this->own_parts(), this->state_place(), Reading_::shape);
  }

 public:
  static constexpr auto midden_refs = refs<MapShell>(base<Reading_>);
};

}  // namespace midden::inline MIDDEN_ABI::detail
