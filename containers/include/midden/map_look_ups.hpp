#pragma once
// Look-ups that find a place in the map: what Map and FrozenMap have and a map that others write meanwhile has not.
//
//   Base   MapReading, or what is derived from it
//
// The contracts stand in map.hpp and map_snapshot.hpp.
//
// Threads: as the map's kind says.

#include <optional>
#include <ranges>
#include <stdexcept>

#include <midden/build.hpp>
#include <midden/describe.hpp>
#include <midden/map_backend.hpp>
#include <midden/map_cursor.hpp>
#include <midden/map_group.hpp>
#include <midden/map_key.hpp>
#include <midden/map_pin.hpp>
#include <midden/map_value.hpp>
#include <midden/root.hpp>

namespace midden::inline MIDDEN_ABI::detail {

template <class Base>
class LookUps : public Base {
  using K = typename Base::Key;
  using V = typename Base::Value;

 public:
  using Base::Base;
  using typename Base::Hit;
  using typename Base::KeyArgument;
  using typename Base::Owned;

  bool contains(KeyArgument key) const { return look_up(key).data != nullptr; }
  Hit find(KeyArgument key) const {
    this->let_collect();
    MapState& state = this->own_state();
    const EncodedKey<K> encoded(key);
    return Hit(this->parts(), state, encoded.key());
  }
  // A copy of the value: std::string for strings, a Root for references.
  std::optional<Owned> get(KeyArgument key) const {
    const MapFound found = look_up(key);
    if (found.data == nullptr) return std::nullopt;
    return ValueTraits<V>::own(found);
  }
  // Throws std::out_of_range where the key is absent.
  Owned at(KeyArgument key) const {
    const MapFound found = look_up(key);
    if (found.data == nullptr) throw std::out_of_range("midden: a map has no such key");
    return ValueTraits<V>::own(found);
  }
  // The entry of the key, held as it is now; empty where the key is absent. See map_pin.hpp. A safepoint.
  EntryPin<K, V> pin(KeyArgument key) const {
    const Root<const LookUps> keep(require_own(this->parts()), this);
    Attach here(*this->parts().runtime);
    return pin_entry(here, *this, key);
  }

  // Looks up each key of a range and calls f(key, value), in order; `value` points to what a cursor
  // would show, or is null where the key is absent. In a skip list larger than the caches it takes a third of the
  // time of single look-ups where keys ascend, and two thirds where they do not. `f` may not write this map.
  template <std::ranges::forward_range Keys, class F>
  void find_many(const Keys& keys, F&& f) const {
    static_assert(lasting_keys<Keys>, "midden: the range makes its keys on the way and drops them too early");
    const Root<const LookUps> keep(require_own(this->parts()), this);
    auto at = std::ranges::begin(keys);
    const auto end = std::ranges::end(keys);
    while (at != end) {
      this->let_collect();
      const auto group = at;
      KeyGroup<K> encoded;
      for (; at != end && !encoded.full(); ++at) encoded.add(*at);
      find_group(this->parts(), this->own_state(), encoded.keys(), encoded.found());
      auto key = group;
      for (const MapFound& found : encoded.found()) {
        std::optional<typename ValueTraits<V>::View> value;
        if (found.data != nullptr) value.emplace(ValueTraits<V>::view(found));
        f(*key++, value.has_value() ? &*value : nullptr);
      }
    }
  }

 private:
  MapFound look_up(KeyArgument key) const {
    this->let_collect();
    const EncodedKey<K> encoded(key);
    return this->parts().ops->find(this->own_state(), encoded.key());
  }

 public:
  static constexpr auto midden_refs = refs<LookUps>(base<Base>);
};

}  // namespace midden::inline MIDDEN_ABI::detail
