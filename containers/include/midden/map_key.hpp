#pragma once
// KeyCodec<K>: how a key becomes the word or bytes that a map backend compares.
//
//   integers, enumerations, bool   a word that orders as the number does: signed types with the
//                                  sign bit flipped
//   std::string_view               the bytes
//   trivially copyable types       their bytes as they lie in memory, where equal values have equal
//                                  bytes (no padding, no floating point); ordered as bytes, so
//                                  not as numbers on a little-endian machine
//   others                         a specialisation that a host writes, in one of three forms
//
//   template <>
//   struct midden::KeyCodec<Version> {                        // a word
//     static constexpr midden::KeyKind kind = midden::KeyKind::word;
//     static std::uint64_t encode(const Version& key);
//     static Version decode(std::uint64_t word);
//   };
//   fixed      kind = KeyKind::fixed, static constexpr std::uint32_t bytes = n;
//              static void encode(const K& key, std::byte* to);
//              static K decode(const std::byte* from);
//   variable   kind = KeyKind::variable;
//              static S encode(const K& key);                 S: std::string or a view into key
//              static K decode(std::string_view bytes);
//
// `encode` must give equal bytes for equal keys and different bytes for different ones, and, for
// an OrderedMap, bytes that order as the keys should. It may not touch the heap.
//
// Threads: static functions, called from any.

#include <array>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>

#include <midden/build.hpp>
#include <midden/map_backend.hpp>
#include <midden/ref.hpp>

namespace midden::inline MIDDEN_ABI {

namespace detail {

template <class K>
inline constexpr bool is_reference_key = false;
template <class T>
inline constexpr bool is_reference_key<Ref<T>> = true;
template <class T>
inline constexpr bool is_reference_key<AtomicRef<T>> = true;
template <class T>
inline constexpr bool is_reference_key<Root<T>> = true;
template <class T>
inline constexpr bool is_reference_key<T*> = true;

template <class K>
consteval bool require_key() {
  static_assert(!is_reference_key<K>,
                "midden: a reference cannot be the key of a map: it would compare by address, and backends that keep "
                "keys as bytes would hide it from the collector. Use what identifies the object, a number or a "
                "string, as the key, and the reference as the value.");
  static_assert(is_reference_key<K> || (std::is_trivially_copyable_v<K> && std::has_unique_object_representations_v<K>),
                "midden: this type cannot be the key of a map as it is: equal values may have different bytes (padding "
                "or floating point), or it is not trivially copyable. Specialise midden::KeyCodec for it, which says "
                "how a key becomes bytes.");
  return true;
}

}  // namespace detail

template <class K>
struct KeyCodec {
  static_assert(detail::require_key<K>());
  static constexpr KeyKind kind = KeyKind::fixed;
  static constexpr std::uint32_t bytes = sizeof(K);
  static void encode(const K& key, std::byte* to) { std::memcpy(to, &key, sizeof key); }
  static K decode(const std::byte* from) {
    std::array<std::byte, sizeof(K)> copy;
    std::memcpy(copy.data(), from, sizeof(K));
    return std::bit_cast<K>(copy);
  }
};

template <class K>
requires(std::integral<K> && sizeof(K) <= 8) struct KeyCodec<K> {
  static constexpr KeyKind kind = KeyKind::word;
  static constexpr std::uint64_t sign = std::is_signed_v<K> ? std::uint64_t{1} << (8 * sizeof(K) - 1) : 0;
  static constexpr std::uint64_t mask = ~std::uint64_t{0} >> (64 - 8 * sizeof(K));
  static constexpr std::uint64_t encode(K key) { return (static_cast<std::uint64_t>(key) & mask) ^ sign; }
  static constexpr K decode(std::uint64_t word) { return static_cast<K>(word ^ sign); }
};

template <class K>
requires std::is_enum_v<K>
struct KeyCodec<K> {
  using Number = KeyCodec<std::underlying_type_t<K>>;
  static constexpr KeyKind kind = KeyKind::word;
  static constexpr std::uint64_t encode(K key) { return Number::encode(static_cast<std::underlying_type_t<K>>(key)); }
  static constexpr K decode(std::uint64_t word) { return static_cast<K>(Number::decode(word)); }
};

template <>
struct KeyCodec<std::string_view> {
  static constexpr KeyKind kind = KeyKind::variable;
  static std::string_view encode(std::string_view key) { return key; }
  static std::string_view decode(std::string_view bytes) { return bytes; }
};

namespace detail {

// How a key is passed: small ones by value.
template <class K>
using KeyArgument = std::conditional_t<std::is_trivially_copyable_v<K> && sizeof(K) <= 16, K, const K&>;

template <class K>
constexpr std::uint32_t key_bytes() {
  if constexpr (KeyCodec<K>::kind == KeyKind::fixed) return KeyCodec<K>::bytes;
  return KeyCodec<K>::kind == KeyKind::word ? 8 : 0;
}

// A backend's keys of no bytes still have an address.
inline const std::byte* address_of(std::string_view bytes) {
  static constexpr std::byte nothing{};
  return bytes.data() == nullptr ? &nothing : reinterpret_cast<const std::byte*>(bytes.data());
}

// A key's encoded form, in the frame of the operation that uses it.
template <class K, KeyKind = KeyCodec<K>::kind>
class EncodedKey;

template <class K>
class EncodedKey<K, KeyKind::word> {
 public:
  explicit EncodedKey(KeyArgument<K> key) : word_(KeyCodec<K>::encode(key)) {}
  MapKey key() const { return {word_, nullptr}; }

 private:
  std::uint64_t word_;
};

template <class K>
class EncodedKey<K, KeyKind::fixed> {
 public:
  explicit EncodedKey(KeyArgument<K> key) { KeyCodec<K>::encode(key, bytes_); }
  MapKey key() const { return {KeyCodec<K>::bytes, bytes_}; }

 private:
  std::byte bytes_[KeyCodec<K>::bytes];
};

template <class K>
class EncodedKey<K, KeyKind::variable> {
 public:
  explicit EncodedKey(KeyArgument<K> key) : bytes_(KeyCodec<K>::encode(key)) {}
  MapKey key() const {
    const std::string_view view = bytes_;
    return {view.size(), address_of(view)};
  }

 private:
  decltype(KeyCodec<K>::encode(std::declval<KeyArgument<K>>())) bytes_;
};

template <class K>
K decode_key(MapKey key) {
  if constexpr (KeyCodec<K>::kind == KeyKind::word) {
    return KeyCodec<K>::decode(key.word);
  } else if constexpr (KeyCodec<K>::kind == KeyKind::fixed) {
    return KeyCodec<K>::decode(key.data);
  } else {
    return KeyCodec<K>::decode({reinterpret_cast<const char*>(key.data), key.word});
  }
}

// As the backends order keys: words as unsigned integers, bytes as memcmp and then by length.
inline bool key_less(MapKey a, MapKey b) {
  if (a.data == nullptr) return a.word < b.word;
  const std::size_t common = a.word < b.word ? a.word : b.word;
  const int order = std::memcmp(a.data, b.data, common);
  return order != 0 ? order < 0 : a.word < b.word;
}

}  // namespace detail

}  // namespace midden::inline MIDDEN_ABI
