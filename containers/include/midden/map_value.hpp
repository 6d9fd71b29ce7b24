#pragma once
// What may be the value of a map, and how it goes in and comes out.
//
//   V                          kind        goes in as                 comes out as
//   numbers, trivially         fixed       const V&                   V, a copy
//     copyable types
//   std::string_view           variable    std::string_view           a view that a cursor holds,
//                                                                     std::string from get
//   Ref<T>                     reference   Root, Ref, T*, nullptr     Root<T>
//   structs with midden_refs   composite   const V&                   Rooted<V>, see map_composite.hpp
//
// Threads: values, used by one.

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include <midden/build.hpp>
#include <midden/describe.hpp>
#include <midden/make.hpp>
#include <midden/map_backend.hpp>
#include <midden/map_composite.hpp>
#include <midden/ref.hpp>
#include <midden/root.hpp>

namespace midden::inline MIDDEN_ABI::detail {

// Traits of a value: kind, bytes, Argument, Kept (what holds an argument during the operation),
// View (what cursors show), Owned (what `get` returns).
template <class V>
struct ValueTraits {
  static_assert(!std::is_pointer_v<V>,
                "midden: a raw pointer in a map would hide a reference from the collector; "
                "use midden::Ref<T> as the value.");
  static_assert(
      std::is_pointer_v<V> || std::is_trivially_copyable_v<V>,
      "midden: the value of a map is a trivially copyable type, a std::string_view, a midden::Ref, or a struct that "
      "lists its references by midden_refs. An object with owned memory is a heap object of its own: use "
      "midden::Ref<T>.");
  static constexpr ValueKind kind = ValueKind::fixed;
  static constexpr std::uint32_t bytes = std::is_empty_v<V> ? 0 : sizeof(V);
  using Argument = const V&;
  using View = V;
  using Owned = V;

  class Kept {
   public:
    explicit Kept(const V& value) : value_(&value) {}
    MapValue value() const { return {value_, bytes}; }

   private:
    const V* value_;
  };

  static V view(MapFound found) {
    std::array<std::byte, sizeof(V)> copy{};
    std::memcpy(copy.data(), found.data, bytes);
    return std::bit_cast<V>(copy);
  }
  static V own(MapFound found) { return view(found); }
};

template <>
struct ValueTraits<std::string_view> {
  static constexpr ValueKind kind = ValueKind::variable;
  static constexpr std::uint32_t bytes = 0;
  using Argument = std::string_view;
  using View = std::string_view;
  using Owned = std::string;

  class Kept {
   public:
    explicit Kept(std::string_view value) : value_(value) {}
    MapValue value() const { return {value_.data() == nullptr ? "" : value_.data(), value_.size()}; }

   private:
    std::string_view value_;
  };

  static std::string_view view(MapFound found) { return {static_cast<const char*>(found.data), found.size}; }
  static std::string own(MapFound found) { return std::string(view(found)); }
};

template <class T>
struct ValueTraits<Ref<T>> {
  static constexpr ValueKind kind = ValueKind::reference;
  static constexpr std::uint32_t bytes = sizeof(Ref<T>);
  using View = Root<T>;
  using Owned = Root<T>;

  // Whatever names an object.
  class Argument {
   public:
    Argument(std::nullptr_t) : object_(nullptr) {}
    Argument(T* object) : object_(object) {}
    template <Names<T> N>
    Argument(const N& name) : object_(as_base<T>(name.get())) {}
    T* get() const { return object_; }

   private:
    T* object_;
  };

  class Kept {
   public:
    explicit Kept(const Argument& argument) : object_(argument) {}
    MapValue value() const { return {object_.get(), bytes}; }

   private:
    Root<T> object_;
  };

  static Root<T> view(MapFound found) { return Root<T>(static_cast<const Ref<T>*>(found.data)->get()); }
  static Root<T> own(MapFound found) { return view(found); }
};

template <class V>
requires HasRefs<V>
struct ValueTraits<V> {
  static_assert(std::is_copy_constructible_v<V> && std::is_default_constructible_v<V> &&
                    std::is_trivially_destructible_v<V>,
                "midden: a struct with references that is the value of a map can be copied, has a default, and has no "
                "destructor. Others are heap objects of their own: use midden::Ref<T>.");
  static constexpr ValueKind kind = ValueKind::composite;
  static constexpr std::uint32_t bytes = sizeof(V);
  using Argument = const V&;
  using View = Rooted<V>;
  using Owned = Rooted<V>;

  class Kept {
   public:
    explicit Kept(const V& value) : value_(&value), kept_(value) {}
    MapValue value() const { return {value_, bytes}; }

   private:
    const V* value_;
    KeptRefs<V> kept_;
  };

  static Rooted<V> view(MapFound found) { return Rooted<V>(*static_cast<const V*>(found.data)); }
  static Rooted<V> own(MapFound found) { return view(found); }
};

template <class V>
constexpr auto composite_function() -> const MapComposite& (*)() {
  if constexpr (ValueTraits<V>::kind == ValueKind::composite) return &composite_of<V>;
  return nullptr;
}

// Lets `change` have the value: where it has references as an object in the heap, in which they may be stored.
template <class V, class F>
void change_owned([[maybe_unused]] Attach& here, typename ValueTraits<V>::Owned& value, F&& change) {
  if constexpr (ValueTraits<V>::kind == ValueKind::composite) {
    const Root<V> changed = make<V>(here, *value);
    std::forward<F>(change)(*changed);
    value = Rooted<V>(*changed);
  } else {
    std::forward<F>(change)(value);
  }
}

template <class V>
using ValueArgument = typename ValueTraits<V>::Argument;

}  // namespace midden::inline MIDDEN_ABI::detail
