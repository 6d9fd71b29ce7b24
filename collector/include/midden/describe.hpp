#pragma once
// How a C++ type says what it refers to.
//
//   struct Session {
//     midden::Ref<User> user;
//     midden::Ref<Session> next;
//     static constexpr auto midden_refs = midden::refs<Session>(&Session::user, &Session::next);
//   };
//   struct Derived : Session {
//     midden::Ref<User> deputy;
//     static constexpr auto midden_refs =
//         midden::refs<Derived>(midden::base<Session>, &Derived::deputy);
//   };
//   struct Value {                                      // irregular: a scan function
//     std::uintptr_t bits;
//     static void midden_trace(const Value& self, midden::Tracer& tracer);
//   };
//   struct Point {                                      // no references
//     double x, y;
//     static constexpr midden::Leaf midden_leaf{};
//   };
//
// A scan function that may run beside mutators says so with
//   static constexpr bool midden_trace_beside_mutators = true;
//
// A class's own list or scan function counts, whatever its bases say, and reports their references
// too. One that inherits either and has none of its own is refused. `midden_leaf` is inherited,
// because nothing tells whose it is: a class that adds references to a leaf must say where they are
// (the checked build stops one that forgets), and beside a list or a scan function it says nothing.
// `midden_trace_beside_mutators` is inherited too.
//
// Whatever it says of its references, a type may also have a function `midden_inspect` (inspector.hpp).
//
// A listed member is a Ref, an AtomicRef, a C array or std::array of listable things, or a class
// that itself has midden_refs. Numbers and enumerations are leaves without saying so.
//
// Threads: `type_info` may be called from any.

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <vector>

#include <midden/build.hpp>
#include <midden/inspector.hpp>
#include <midden/ref.hpp>
#include <midden/type.hpp>

namespace midden::inline MIDDEN_ABI {

struct Leaf {};

// A type with a destructor says that it is to run (cleanup.hpp).
struct Destructor {};

// Names a base class whose references belong to the list.
template <class B>
struct Base {};
template <class B>
inline constexpr Base<B> base{};

template <class T, class... Items>
struct RefList {
  using Self = T;
  std::tuple<Items...> items;
};

template <class T, class... Items>
constexpr RefList<T, Items...> refs(Items... items) {
  return {std::tuple<Items...>(items...)};
}

namespace detail {

// The class or one of its bases says so.
template <class T>
concept SeesRefs = requires {
  T::midden_refs;
};
template <class T>
concept SeesTrace = requires(const T& object, Tracer& tracer) {
  T::midden_trace(object, tracer);
};
// The class itself does.
template <class T>
concept HasRefs = SeesRefs<T> && std::is_same_v<typename std::remove_cvref_t<decltype(T::midden_refs)>::Self, T>;
template <class T>
concept HasTrace = requires {
  static_cast<void (*)(const T&, Tracer&)>(&T::midden_trace);
};
template <class T>
concept TracesBesideMutators = requires {
  requires T::midden_trace_beside_mutators;
};
template <class T>
concept Inspects = requires(const T& object, Inspector& inspector) {
  T::midden_inspect(object, inspector);
};
template <class T>
concept HasLeaf = requires {
  T::midden_leaf;
};
template <class T>
concept AsksForDestructor = requires {
  T::midden_destructor;
};
template <class T>
concept PlainLeaf = std::is_arithmetic_v<T> || std::is_enum_v<T> || std::is_same_v<T, std::byte>;

template <class T>
struct IsRef : std::false_type {};
template <class T>
struct IsRef<Ref<T>> : std::true_type {};
template <class T>
struct IsRef<AtomicRef<T>> : std::true_type {};

template <class T>
constexpr std::string_view type_name() {
  std::string_view name = __PRETTY_FUNCTION__;
  const std::size_t begin = name.find("T = ") + 4;
  return name.substr(begin, name.find_first_of(";]", begin) - begin);
}

template <class Derived, class B>
concept FixedBase = requires(B* object) {
  static_cast<Derived*>(object);
};

// The place of Base in Derived, in bytes.
template <class Derived, class B>
std::size_t base_offset() {
  static_assert(std::is_base_of_v<B, Derived>, "midden::base<B> names a class that is not a base of this type.");
  static_assert(!std::is_base_of_v<B, Derived> || FixedBase<Derived, B>,
                "midden::base<B> names a virtual base, whose place is not fixed, or one that is private or ambiguous.");
  alignas(Derived) static std::byte anywhere[sizeof(Derived)];
  auto* object = reinterpret_cast<Derived*>(anywhere);
  return static_cast<std::size_t>(reinterpret_cast<std::byte*>(static_cast<B*>(object)) - anywhere);
}

using Offsets = std::vector<std::uint32_t>;

template <class M>
void list_member(Offsets& out, std::size_t offset);

template <class T>
void list_refs(Offsets& out, std::size_t offset) {
  auto item = [&]<class I>(I listed) {
    if constexpr (std::is_member_object_pointer_v<I>) {
      auto place = [&]<class C, class M>(M C::*member) {
        static_assert(std::is_base_of_v<C, T>, "midden_refs lists a member of an unrelated class.");
        list_member<M>(out,
                       offset + base_offset<T, C>() + static_cast<std::size_t>(std::bit_cast<std::ptrdiff_t>(member)));
      };
      place(listed);
    } else {
      auto place = [&]<class B>(Base<B>) {
        static_assert(HasRefs<B>, "midden::base<B>: B has no midden_refs of its own.");
        list_refs<B>(out, offset + base_offset<T, B>());
      };
      place(listed);
    }
  };
  std::apply([&](auto... listed) { (item(listed), ...); }, T::midden_refs.items);
}

template <class M>
struct ArrayOf {};
template <class E, std::size_t N>
struct ArrayOf<E[N]> {
  using Element = E;
  static constexpr std::size_t count = N;
};
template <class E, std::size_t N>
struct ArrayOf<std::array<E, N>> : ArrayOf<E[N]> {};

template <class M>
void list_member(Offsets& out, std::size_t offset) {
  if constexpr (!std::is_same_v<M, std::remove_cv_t<M>>) {
    list_member<std::remove_cv_t<M>>(out, offset);
  } else if constexpr (IsRef<M>::value) {
    out.push_back(static_cast<std::uint32_t>(offset));
  } else if constexpr (requires { ArrayOf<M>::count; }) {
    using Element = typename ArrayOf<M>::Element;
    for (std::size_t i = 0; i < ArrayOf<M>::count; ++i) list_member<Element>(out, offset + i * sizeof(Element));
  } else {
    static_assert(
        HasRefs<M>,
        "midden_refs lists a member that is neither a Ref, nor an array of Refs, nor a class with "
        "midden_refs of its own. Irregular types write: static void midden_trace(const T&, midden::Tracer&);");
    list_refs<M>(out, offset);
  }
}

// Where the references of an object or element of type T are.
template <class T>
struct Layout {
  Offsets refs;
  ScanFunction scan = nullptr;
};

// Fails to compile, with advice, where T cannot live in the heap.
template <class T>
consteval bool require_description() {
  constexpr bool said = SeesRefs<T> || SeesTrace<T> || HasLeaf<T>;
  static_assert(!std::is_pointer_v<T>,
                "midden: a raw pointer would hide a reference from the collector; use midden::Ref<T>.");
  static_assert(said || PlainLeaf<T> || IsRef<T>::value,
                "midden: this type does not say what it refers to. Write inside it one of:  "
                "static constexpr auto midden_refs = midden::refs<T>(&T::first, &T::second);  or  "
                "static void midden_trace(const T& self, midden::Tracer& tracer);  or  "
                "static constexpr midden::Leaf midden_leaf{};  (no references)");
  static_assert(!HasRefs<T> || !HasTrace<T>,
                "midden: a type has one of midden_refs and midden_trace of its own, not several.");
  if constexpr (SeesRefs<T> && !HasTrace<T>) {
    static_assert(HasRefs<T>,
                  "midden: this type inherits its base's midden_refs. Write its own:  "
                  "static constexpr auto midden_refs = midden::refs<T>(midden::base<TheBase>, &T::own_member);");
  }
  if constexpr (SeesTrace<T> && !HasRefs<T>) {
    static_assert(HasTrace<T>,
                  "midden: this type inherits its base's midden_trace, or has one of another form. Write its own:  "
                  "static void midden_trace(const T& self, midden::Tracer& tracer);");
  }
  static_assert(std::is_trivially_destructible_v<T> || AsksForDestructor<T>,
                "midden: this type has a destructor. Keep such a resource outside of the heap, hold its bytes in a "
                "midden::Array, or have the destructor run when a cycle has found the object dead, by writing:  "
                "static constexpr midden::Destructor midden_destructor{};");
  static_assert(alignof(T) <= max_alignment, "midden: objects are aligned to at most 4096 bytes.");
  return true;
}

// As well where T cannot be an element: nobody would know when one ends.
template <class T>
consteval bool require_array_element() {
  static_assert(std::is_trivially_destructible_v<T>,
                "midden: elements of arrays and slices have no destructors. Make each an object of its own.");
  return require_description<T>();
}

template <class T>
Layout<T> layout() {
  static_assert(require_description<T>());
  Layout<T> result;
  if constexpr (IsRef<T>::value) {
    result.refs.push_back(0);
  } else if constexpr (HasRefs<T>) {
    list_refs<T>(result.refs, 0);
  } else if constexpr (HasTrace<T>) {
    result.scan = [](Tracer& tracer, const void* object) { T::midden_trace(*static_cast<const T*>(object), tracer); };
  }
  return result;
}

// What shows a type's opaque bytes, or null.
template <class T>
constexpr InspectFunction inspection() {
  if constexpr (Inspects<T>) {
    return
        [](Inspector& inspector, const void* object) { T::midden_inspect(*static_cast<const T*>(object), inspector); };
  }
  return nullptr;
}

// A type's description in static storage. Specialised for types with elements (array.hpp).
template <class T>
struct StaticType {
  Layout<T> places = layout<T>();
  TypeInfo info{.name = type_name<T>(),
                .size = sizeof(T),
                .alignment = alignof(T),
                .refs = places.refs,
                .scan = places.scan,
                .scan_beside_mutators = places.scan != nullptr && TracesBesideMutators<T>,
                .inspect = inspection<T>()};
};

// A small number for each C++ type in the process, from 1: the index of its allocation cursor.
// Until the static initialisation that sets it, it is 0: no number. Cursor 0 is always empty and
// the slow paths keep nothing for 0, so that objects may be made then as well.
// Relaxed: the numbers need only be distinct.
inline std::uint32_t next_type_slot() {
  static std::atomic<std::uint32_t> last{0};
  return last.fetch_add(1, std::memory_order_relaxed) + 1;
}
template <class T>
inline const std::uint32_t type_slot = next_type_slot();

}  // namespace detail

// The description of a C++ type. Valid for the whole run.
template <class T>
const TypeInfo& type_info() {
  // Never destroyed: threads may run while the process exits.
  static const auto& described = *new const detail::StaticType<T>;
  return described.info;
}

}  // namespace midden::inline MIDDEN_ABI
