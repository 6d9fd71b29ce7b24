#pragma once
// Between the map's view of keys and values and the list's.
//
// Threads: values, used by one.

#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <vector>

#include <midden/map_backend.hpp>
#include <midden/ref.hpp>

#include "containers/skiplist/arena.hpp"
#include "containers/skiplist/key.hpp"
#include "containers/skiplist/walk.hpp"

namespace midden::inline MIDDEN_ABI::containers::skiplist {

template <class Key>
Key key_from(MapKey key) noexcept {
  if constexpr (std::is_same_v<Key, WordKey>) {
    return WordKey(key.word);
  } else {
    return Key(Bytes{key.data, key.word});
  }
}

template <class Key>
MapKey shown_key(const Layout& layout, const std::byte* entry) noexcept {
  const Bytes key = layout.key(entry);
  if constexpr (std::is_same_v<Key, WordKey>) {
    return {load_big_64(key.data), nullptr};
  } else {
    return {key.size, key.data};
  }
}

// Where values are no references.
inline MapFound shown_value(const Layout& layout, const std::byte* entry) noexcept {
  const Bytes value = layout.value(entry);
  return {value.data, value.size};
}

// Of a list, or of a list at a moment.
template <class Key, class L>
std::size_t shown_separators(const L& list, MapKey* keys, std::size_t count) {
  std::vector<Offset> entries(count);
  const std::size_t cuts = list.separators(entries.data(), count);
  for (std::size_t i = 0; i < cuts; ++i) keys[i] = shown_key<Key>(list.layout(), list.levels().entry(entries[i]));
  return cuts;
}

// Calls f(entry) for each entry, by way of the cursor, which the caller closes where that is needed.
template <class L, class F>
void for_each_shown(const L& list, Cursor& cursor, F&& f) {
  for (bool shows = list.first(cursor); shows; shows = list.next(cursor)) f(cursor.entry);
}

// The entries of a list with many writers, or of one at a moment, for a checked heap.
template <class Key, class L>
void inspect_list(const L& list, void (*take)(void*, MapKey, MapFound), void* context) {
  Cursor cursor;
  for_each_shown(list, cursor, [&](const std::byte* entry) {
    take(context, shown_key<Key>(list.layout(), entry), shown_value(list.layout(), entry));
  });
}

inline Layout layout_of(const MapShape& shape) noexcept {
  const bool reference = shape.value == ValueKind::reference || shape.value == ValueKind::composite;
  return {.variable_key = shape.key == KeyKind::variable,
          .variable_value = shape.value == ValueKind::variable,
          .reference = reference,
          .key_bytes = shape.key_bytes,
          .value_bytes = reference ? static_cast<std::uint32_t>(sizeof(std::uint32_t)) : shape.value_bytes};
}

}  // namespace midden::inline MIDDEN_ABI::containers::skiplist
