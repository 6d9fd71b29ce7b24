#pragma once
// A value as it was seen in a map: its very bytes, or its object, to be compared with what is there later.
//
// Bytes and not a V: a copy of a V need not have the same padding.
//
// Threads: a value, used by one. What it refers to is kept alive meanwhile, so that no other object has its address.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <string>

#include <midden/build.hpp>
#include <midden/describe.hpp>
#include <midden/map_backend.hpp>
#include <midden/map_composite.hpp>
#include <midden/map_value.hpp>
#include <midden/ref.hpp>
#include <midden/root.hpp>

namespace midden::inline MIDDEN_ABI::detail {

// take: what a visit shows. own: a copy, as `get` returns it. expected: for replace and erase_if.
template <class V>
class Seen {
 public:
  void take(MapFound found) { std::memcpy(bytes_.data(), found.data, size); }
  V own() const { return ValueTraits<V>::own({bytes_.data(), size}); }
  MapValue expected() const { return {bytes_.data(), size}; }

 private:
  static constexpr std::size_t size = ValueTraits<V>::bytes;
  std::array<std::byte, std::max<std::size_t>(size, 1)> bytes_{};
};

template <>
class Seen<std::string_view> {
 public:
  void take(MapFound found) { bytes_ = ValueTraits<std::string_view>::own(found); }
  const std::string& own() const { return bytes_; }
  MapValue expected() const { return {bytes_.data(), bytes_.size()}; }

 private:
  std::string bytes_;
};

template <class V>
requires HasRefs<V>
class Seen<V> {
 public:
  void take(MapFound found) {
    std::memcpy(bytes_.data(), found.data, sizeof(V));
    kept_.take(bytes_.data());
  }
  Rooted<V> own() const { return ValueTraits<V>::own(MapFound{bytes_.data(), sizeof(V)}); }
  MapValue expected() const { return {bytes_.data(), sizeof(V)}; }

 private:
  alignas(V) std::array<std::byte, sizeof(V)> bytes_{};
  KeptRefs<V> kept_;
};

template <class T>
class Seen<Ref<T>> {
 public:
  void take(MapFound found) { object_ = static_cast<const Ref<T>*>(found.data)->get(); }
  const Root<T>& own() const { return object_; }
  MapValue expected() const { return {object_.get(), sizeof(Ref<T>)}; }

 private:
  Root<T> object_;
};

}  // namespace midden::inline MIDDEN_ABI::detail
