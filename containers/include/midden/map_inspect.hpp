#pragma once
// How a map shows a checked heap its keys and values (inspector.hpp): entry by entry, those that are bytes.
//
//   key     told as text where it is text, as a number where it travels as one, else as bytes in hexadecimal
//   value   bytes of a fixed or variable size; Refs are scanned and not shown
//
// Keys are looked at as the host has them, not in their encoding: the number itself, the bytes of text or of a type
// that is its own encoding. What another codec makes of a key is shown as it is.
//
// Threads: see inspector.hpp.

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <type_traits>

#include <midden/build.hpp>
#include <midden/inspector.hpp>
#include <midden/map_backend.hpp>
#include <midden/map_composite.hpp>
#include <midden/map_key.hpp>
#include <midden/map_value.hpp>

namespace midden::inline MIDDEN_ABI::detail {

// A key as text for a message; long ones are cut.
std::string describe_text_key(MapKey key);
std::string describe_bytes_key(MapKey key);

template <class K>
std::string describe_key(MapKey key) {
  if constexpr (std::is_enum_v<K>) {
    return describe_key<std::underlying_type_t<K>>(key);
  } else if constexpr (std::integral<K>) {
    return std::to_string(KeyCodec<K>::decode(key.word));
  } else if constexpr (KeyCodec<K>::kind == KeyKind::word) {
    return std::to_string(key.word);
  } else if constexpr (KeyCodec<K>::kind == KeyKind::variable) {
    return describe_text_key(key);
  } else {
    return describe_bytes_key(key);
  }
}

// The word of a key that travels as one, as the host has it.
template <class K>
std::uint64_t own_word(MapKey key) {
  if constexpr (std::integral<K> || std::is_enum_v<K>) {
    return static_cast<std::uint64_t>(KeyCodec<K>::decode(key.word));
  } else {
    return key.word;
  }
}

template <class K, class V>
void inspect_entry(Inspector& inspector, MapKey key, MapFound value) {
  const auto name = [&] { return describe_key<K>(key); };
  const auto key_name = [&] { return "the key " + name(); };
  if constexpr (KeyCodec<K>::kind == KeyKind::word) {
    const std::uint64_t word = own_word<K>(key);
    inspector.look(std::as_bytes(std::span(&word, 1)), key_name);
  } else {
    inspector.look({key.data, key.word}, key_name);
  }
  const auto value_name = [&] { return "the value of " + name(); };
  if constexpr (ValueTraits<V>::kind == ValueKind::composite) {
    std::array<std::byte, sizeof(V)> rest;
    std::memcpy(rest.data(), value.data, sizeof(V));
    for (const std::uint32_t ref : composite_of<V>().refs) std::memset(rest.data() + ref, 0, sizeof(Ref<void>));
    inspector.look(rest, value_name);
  } else if constexpr (ValueTraits<V>::kind != ValueKind::reference) {
    inspector.look({static_cast<const std::byte*>(value.data), value.size}, value_name);
  }
}

// All entries of a map, where its backend can show them.
template <class K, class V>
void inspect_map(Inspector& inspector, const MapOps& ops, const MapState& state) {
  if (ops.inspect == nullptr || state.plain) return;
  ops.inspect(
      state,
      [](void* context, MapKey key, MapFound value) {
        inspect_entry<K, V>(*static_cast<Inspector*>(context), key, value);
      },
      &inspector);
}

}  // namespace midden::inline MIDDEN_ABI::detail
