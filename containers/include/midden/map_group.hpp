#pragma once
// Several look-ups in one: the keys of a group, encoded, and what was found for them.
//
//   group   16 keys at most, which a backend looks up side by side
//
// Threads: in the frame of one operation.

#include <array>
#include <cstddef>
#include <optional>
#include <ranges>
#include <span>
#include <type_traits>

#include <midden/build.hpp>
#include <midden/map_backend.hpp>
#include <midden/map_cursor.hpp>
#include <midden/map_key.hpp>

namespace midden::inline MIDDEN_ABI::detail {

// Whether what the range's iterators show outlives their steps, or is a value without memory behind.
template <class Keys>
inline constexpr bool lasting_keys = std::is_lvalue_reference_v<std::ranges::range_reference_t<const Keys>> ||
                                     std::is_trivially_copyable_v<std::ranges::range_value_t<const Keys>>;

template <class K>
class KeyGroup {
 public:
  static constexpr std::size_t most = 16;

  bool full() const { return count_ == most; }
  void add(KeyArgument<K> key) {
    encoded_[count_].emplace(key);
    keys_[count_] = encoded_[count_]->key();
    ++count_;
  }
  std::span<const MapKey> keys() const { return {keys_.data(), count_}; }
  std::span<MapFound> found() { return {found_.data(), count_}; }

 private:
  std::size_t count_ = 0;
  std::array<std::optional<EncodedKey<K>>, most> encoded_;
  std::array<MapKey, most> keys_{};
  std::array<MapFound, most> found_{};
};

inline void find_group(const MapParts& parts, const MapState& state, std::span<const MapKey> keys,
                       std::span<MapFound> found) {
  if (parts.ops->find_many != nullptr) return parts.ops->find_many(state, keys.data(), keys.size(), found.data());
  for (std::size_t i = 0; i < keys.size(); ++i) found[i] = parts.ops->find(state, keys[i]);
}

// Of a map for all threads: take(i, value) for each key that is there, under what `visit` asks of it.
template <class Take>
void visit_group(Attach& here, const MapParts& parts, MapState& state, std::span<const MapKey> keys, Take& take) {
  if (parts.ops->visit_many != nullptr) {
    const auto call = [](void* context, std::size_t i, MapFound found) { (*static_cast<Take*>(context))(i, found); };
    return parts.ops->visit_many(here, state, keys.data(), keys.size(), call, &take);
  }
  for (std::size_t i = 0; i < keys.size(); ++i) {
    auto take_it = [&](MapFound found) { take(i, found); };
    const auto call = [](void* context, MapFound found) { (*static_cast<decltype(take_it)*>(context))(found); };
    parts.ops->visit(here, state, keys[i], call, &take_it);
  }
}

}  // namespace midden::inline MIDDEN_ABI::detail
