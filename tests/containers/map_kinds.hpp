#pragma once
// The kinds of keys and values that the suite of maps runs with.
//
// Numbers stand for keys and values: Kind<K>::make(n) is the same for the same n and different for
// different n, so a model need only remember numbers. `Own` is what holds it outside of a map.

#include <array>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include <midden/map.hpp>
#include <midden/midden.hpp>

struct Node {
  std::uint64_t number = 0;
  midden::Ref<Node> next;

  static constexpr auto midden_refs = midden::refs<Node>(&Node::next);
};

struct Key16 {
  std::uint64_t words[2];
  bool operator==(const Key16&) const = default;
};
struct Key40 {
  std::uint64_t words[5];
  bool operator==(const Key40&) const = default;
};
struct Key100 {
  std::uint32_t words[25];
  bool operator==(const Key100&) const = default;
};
struct Nothing {
  bool operator==(const Nothing&) const = default;
};
struct Large {
  std::array<std::uint64_t, 25> words;
  bool operator==(const Large&) const = default;
};

template <class T>
struct Kind;

template <>
struct Kind<std::int64_t> {
  using Own = std::int64_t;
  static Own make(std::uint64_t n) { return static_cast<std::int64_t>(n * 0x9E3779B97F4A7C15); }
};
template <>
struct Kind<std::uint32_t> {
  using Own = std::uint32_t;
  static Own make(std::uint64_t n) { return static_cast<std::uint32_t>(n * 2654435761); }
};
template <>
struct Kind<Nothing> {
  using Own = Nothing;
  static Own make(std::uint64_t) { return {}; }
};
template <>
struct Kind<Key16> {
  using Own = Key16;
  static Own make(std::uint64_t n) { return {{n % 3, n}}; }
};
template <>
struct Kind<Key40> {
  using Own = Key40;
  static Own make(std::uint64_t n) { return {{7, 7, 7, n / 5, n % 5}}; }
};
template <>
struct Kind<Key100> {
  using Own = Key100;
  static Own make(std::uint64_t n) {
    Key100 key{};
    key.words[24] = static_cast<std::uint32_t>(n);
    return key;
  }
};
template <>
struct Kind<Large> {
  using Own = Large;
  static Own make(std::uint64_t n) {
    Large large;
    large.words.fill(n);
    return large;
  }
};
// No bytes, zero bytes, common beginnings, and lengths around those of machine words.
template <>
struct Kind<std::string_view> {
  using Own = std::string;
  static Own make(std::uint64_t n) {
    if (n == 0) return {};
    if (n == 1) return std::string(1, '\0');
    if (n == 2) return std::string(2, '\0');
    const std::string digits = std::to_string(n);
    switch (n % 4) {
      case 0:
        return digits;
      case 1:
        return "a common beginning of many keys/" + digits;
      case 2:
        return std::string(n % 19, '\xFF') + std::string(1, '\0') + digits;
      default:
        return digits + std::string(n % 41, 'x');
    }
  }
};
template <>
struct Kind<midden::Ref<Node>> {
  using Own = midden::Root<Node>;
  // Every eighth is null.
  static Own make(std::uint64_t n) {
    if (n % 8 == 0) return {};
    const midden::Root<Node> node = midden::make<Node>();
    node->number = n;
    return node;
  }
};

// Whether a value that came out of a map is the one of number n.
template <class Shown>
bool is_value(const Shown& shown, std::uint64_t n) {
  if constexpr (std::is_same_v<Shown, midden::Root<Node>>) {
    return n % 8 == 0 ? shown == nullptr : shown != nullptr && shown->number == n;
  } else if constexpr (std::is_convertible_v<const Shown&, std::string_view>) {
    return shown == Kind<std::string_view>::make(n);
  } else {
    return shown == Kind<Shown>::make(n);
  }
}

// The key's bytes such that std::string compares them as an ordered backend compares keys.
template <class K>
std::string in_order(const typename Kind<K>::Own& key) {
  const midden::detail::EncodedKey<K> encoded(key);
  const midden::MapKey shown = encoded.key();
  if (shown.data != nullptr) return std::string(reinterpret_cast<const char*>(shown.data), shown.word);
  std::string bytes;
  for (unsigned shift = 64; shift > 0; shift -= 8) bytes.push_back(static_cast<char>(shown.word >> (shift - 8)));
  return bytes;
}
