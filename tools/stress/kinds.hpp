#pragma once
// Keys and values of maps that stand for numbers: make(n) is the same for the same n, and number(...) is n again.
//
// Threads: as any object of the heap.

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <type_traits>

#include <midden/map.hpp>

#include "tools/stress/node.hpp"
#include "tools/stress/random.hpp"

namespace stress {

template <class T>
struct Kind;

template <>
struct Kind<std::int64_t> {
  using Own = std::int64_t;
  static Own make(midden::Attach&, std::uint64_t n) { return static_cast<std::int64_t>(n); }
  static std::uint64_t number(std::int64_t value) { return static_cast<std::uint64_t>(value); }
};

// Of several lengths, with zero bytes, and some that are long.
template <>
struct Kind<std::string_view> {
  using Own = std::string;
  static Own make(midden::Attach&, std::uint64_t n) { return text_of(n); }
  static std::string text_of(std::uint64_t n) {
    std::string text = std::to_string(n);
    if (n % 5 == 0) text = "a beginning of many/" + text;
    text.append(n % 7 == 0 ? n % 200 : n % 9, n % 2 == 0 ? '\0' : '.');
    return text;
  }
  // Of a text that is none of these, a number that none has.
  static std::uint64_t number(std::string_view value) {
    const std::size_t at = value.find('/');
    const std::string digits(value.substr(at == std::string_view::npos ? 0 : at + 1, 20));
    const std::uint64_t n = std::strtoull(digits.c_str(), nullptr, 10);
    return value == text_of(n) ? n : ~std::uint64_t{0};
  }
};

// Every ninth is null.
template <>
struct Kind<midden::Ref<Node>> {
  using Own = midden::Root<Node>;
  static Own make(midden::Attach& here, std::uint64_t n) { return n % 9 == 0 ? Own() : make_node(here, n); }
};

// Whether what came out of a map is the key or value T of number n.
template <class T, class Shown>
bool is_number(const Shown& shown, std::uint64_t n) {
  if constexpr (std::is_same_v<T, midden::Ref<Node>>) {
    return n % 9 == 0 ? shown == nullptr : shown != nullptr && shown->identity == n;
  } else {
    return Kind<T>::number(shown) == n;
  }
}

// f.operator()<K, V>() for one of the pairs.
template <class F>
void with_kinds(Random& random, F&& f) {
  const auto with_value = [&]<class K>() {
    switch (random.below(3)) {
      case 0:
        return f.template operator()<K, std::int64_t>();
      case 1:
        return f.template operator()<K, std::string_view>();
      default:
        return f.template operator()<K, midden::Ref<Node>>();
    }
  };
  random.one_in(2) ? with_value.template operator()<std::int64_t>()
                   : with_value.template operator()<std::string_view>();
}

}  // namespace stress
