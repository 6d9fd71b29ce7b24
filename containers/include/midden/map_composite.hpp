#pragma once
// Values of maps that are structs with references:
//
//   struct Visit {
//     midden::Ref<User> user;
//     midden::Ref<Page> page;
//     std::int64_t at = 0;
//     static constexpr auto midden_refs = midden::refs<Visit>(&Visit::user, &Visit::page);
//   };
//   auto visits = midden::make_map<std::int64_t, Visit>();
//   visits->insert_or_assign(1, Visit{user, page, now});
//   if (auto visit = visits->get(1)) use(*(*visit)->user);     // std::optional<Rooted<Visit>>
//
//   Rooted<V>      such a value outside of the heap: a copy, whose objects live as long as it
//   MapComposite   what a backend knows of V: where its references are, and how rows of values are made
//   row            a heap object that holds values side by side and is scanned by their list: Array<V>
//
// V can be copied, has a default and no destructor of its own, and lists its references by midden_refs. A map holds
// its bytes, those between members too, and compares it by them.
//
// Threads: a Rooted is used by one, as a Root. All else are values, or constant.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <tuple>
#include <type_traits>

#include <midden/array.hpp>
#include <midden/attach.hpp>
#include <midden/build.hpp>
#include <midden/describe.hpp>
#include <midden/ref.hpp>
#include <midden/root.hpp>

namespace midden::inline MIDDEN_ABI {

struct MapComposite {
  std::uint32_t bytes;                  // of a value, a multiple of 8
  std::uint32_t first;                  // of a row, where its first value stands
  std::span<const std::uint32_t> refs;  // offsets in a value, ascending
  // That many values in a row, as V{} is. A safepoint; throws OutOfMemory.
  Root<void> (*make_row)(Attach&, std::size_t count);

  std::byte* value(void* row, std::size_t index) const noexcept {
    return static_cast<std::byte*>(row) + first + index * bytes;
  }
  // Over a value in a row. `from` may be anywhere; what it refers to is alive.
  void copy(void* to, const void* from) const noexcept {
    std::size_t done = 0;
    for (const std::uint32_t ref : refs) {
      copy_bytes(to, from, done, ref);
      copy_refs(ref_at(to, ref), ref_at(from, ref), 1);
      done = ref + sizeof(Ref<void>);
    }
    copy_bytes(to, from, done, bytes);
  }
  // Leaves no reference in a value of a row.
  void clear(void* value) const noexcept {
    for (const std::uint32_t ref : refs) *ref_at(value, ref) = nullptr;
  }

  static Ref<void>* ref_at(void* value, std::size_t offset) noexcept {
    return reinterpret_cast<Ref<void>*>(static_cast<std::byte*>(value) + offset);
  }
  static const Ref<void>* ref_at(const void* value, std::size_t offset) noexcept {
    return reinterpret_cast<const Ref<void>*>(static_cast<const std::byte*>(value) + offset);
  }

 private:
  static void copy_bytes(void* to, const void* from, std::size_t begin, std::size_t end) noexcept {
    std::memcpy(static_cast<std::byte*>(to) + begin, static_cast<const std::byte*>(from) + begin, end - begin);
  }
};

namespace detail {

// How many references the list of V names.
template <class M>
constexpr std::size_t count_refs();
template <class C, class M>
constexpr std::size_t count_listed(M C::*) {
  return count_refs<M>();
}
template <class B>
constexpr std::size_t count_listed(Base<B>) {
  return count_refs<B>();
}
template <class M>
constexpr std::size_t count_refs() {
  if constexpr (!std::is_same_v<M, std::remove_cv_t<M>>) {
    return count_refs<std::remove_cv_t<M>>();
  } else if constexpr (IsRef<M>::value) {
    return 1;
  } else if constexpr (requires { ArrayOf<M>::count; }) {
    return ArrayOf<M>::count * count_refs<typename ArrayOf<M>::Element>();
  } else {
    return std::apply([](auto... listed) { return (std::size_t{0} + ... + count_listed(listed)); },
                      M::midden_refs.items);
  }
}

template <class V>
const MapComposite& composite_of() {
  // Never destroyed: threads may run while the process exits.
  static const Offsets& refs = *[] {
    auto* const offsets = new Offsets(layout<V>().refs);
    std::sort(offsets->begin(), offsets->end());
    return offsets;
  }();
  static const MapComposite composite{
      static_cast<std::uint32_t>(sizeof(V)), static_cast<std::uint32_t>(sizeof(Array<V>)), refs,
      [](Attach& here, std::size_t count) { return Root<void>(make_array<V>(here, count)); }};
  return composite;
}

// Keeps alive what a value refers to.
template <class V>
class KeptRefs {
 public:
  KeptRefs() = default;
  explicit KeptRefs(const V& value) { take(&value); }
  // The bytes of a value.
  void take(const void* value) {
    const MapComposite& composite = composite_of<V>();
    for (std::size_t i = 0; i < roots_.size(); ++i) {
      roots_[i] = MapComposite::ref_at(value, composite.refs[i])->get();
    }
  }

 private:
  std::array<Root<void>, count_refs<V>()> roots_;
};

}  // namespace detail

// Reads as a pointer to const V: what it refers to may be changed, and not the value. The value is whole until it
// is moved from.
template <class V>
class Rooted {
 public:
  Rooted() : Rooted(V{}) {}
  explicit Rooted(const V& value) : value_(value), kept_(value_) {}
  Rooted(const Rooted& other) : Rooted(other.value_) {}
  Rooted(Rooted&& other) noexcept = default;
  Rooted& operator=(const Rooted& other) { return *this = Rooted(other); }
  Rooted& operator=(Rooted&& other) = default;

  const V& operator*() const noexcept { return value_; }
  const V* operator->() const noexcept { return &value_; }
  operator const V&() const noexcept { return value_; }

 private:
  V value_;
  detail::KeptRefs<V> kept_;
};

}  // namespace midden::inline MIDDEN_ABI
