#pragma once
// Between the map's view of keys and values and the list's.
//
// Threads: values, used by one.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>
#include <vector>

#include <midden/map_backend.hpp>
#include <midden/ref.hpp>

#include "containers/skiplist/arena.hpp"
#include "containers/skiplist/column.hpp"
#include "containers/skiplist/key.hpp"
#include "containers/skiplist/levels.hpp"
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

// The forms of the first keys; the rest of a group is as the first.
template <class Key>
std::array<Key, Levels::max_group> first_keys(const MapKey* keys, std::size_t count) noexcept {
  return [&]<std::size_t... i>(std::index_sequence<i...>) {
    return std::array{key_from<Key>(keys[i < count ? i : 0])...};
  }
  (std::make_index_sequence<Levels::max_group>());
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

// `column`: where the layout says that values have references.
inline MapFound shown_value(const Layout& layout, const Column* column, Bytes value) noexcept {
  if (!layout.reference) return {value.data, value.size};
  return {column->at(EntryIndex(value).get()), column->value_bytes()};
}
inline MapFound shown_value(const Layout& layout, const Column* column, const std::byte* entry) noexcept {
  return shown_value(layout, column, layout.value(entry));
}

// Calls f(i, entry) for each key, in groups that a list, or one at a moment, looks up at once; null where it is absent.
template <class Key, class L, class F>
void find_each(const L& list, const MapKey* keys, std::size_t count, F&& f) {
  constexpr std::size_t group = Levels::max_group;
  for (std::size_t done = 0; done < count; done += group) {
    const auto asked = static_cast<unsigned>(std::min(count - done, group));
    const std::array<Key, group> forms = first_keys<Key>(keys + done, asked);
    const std::byte* entries[group];
    list.find_many(forms.data(), asked, entries);
    for (unsigned i = 0; i < asked; ++i) f(done + i, entries[i]);
  }
}

// Of a list, or of a list at a moment.
template <class Key, class L>
std::size_t shown_separators(const L& list, MapKey* keys, std::size_t count) {
  std::vector<Offset> entries(count);
  const std::size_t cuts = list.separators(entries.data(), count);
  for (std::size_t i = 0; i < cuts; ++i) keys[i] = shown_key<Key>(list.layout(), list.levels().entry(entries[i]));
  return cuts;
}

// The entries of a list, or of one at a moment, for a checked heap. The caller closes the cursor where that is needed.
template <class Key, class L>
void inspect_list(const L& list, const Column* column, Cursor& cursor, void (*take)(void*, MapKey, MapFound),
                  void* context) {
  for (bool shows = list.first(cursor); shows; shows = list.next(cursor)) {
    take(context, shown_key<Key>(list.layout(), cursor.entry), shown_value(list.layout(), column, cursor.entry));
  }
}

inline Layout layout_of(const MapShape& shape) noexcept {
  const bool reference = shape.value == ValueKind::reference || shape.value == ValueKind::composite;
  return {.variable_key = shape.key == KeyKind::variable,
          .variable_value = shape.value == ValueKind::variable,
          .reference = reference,
          .key_bytes = shape.key_bytes,
          .value_bytes = reference ? static_cast<std::uint32_t>(EntryIndex::bytes) : shape.value_bytes};
}

}  // namespace midden::inline MIDDEN_ABI::containers::skiplist
