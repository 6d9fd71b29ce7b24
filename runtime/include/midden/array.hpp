#pragma once
// Array<T>: a heap object of n elements, n fixed when it is made.
//
//   | length | element 0 | element 1 | ...       elements begin at the next multiple of alignof(T)
//
// T is anything that may stand in the heap: a described type, a Ref, a number. All elements are
// scanned. Bounds are checked by `at`; `operator[]` requires index < size().
//
// Threads: as a plain array.

#include <cstddef>
#include <span>
#include <stdexcept>

#include <midden/build.hpp>
#include <midden/describe.hpp>
#include <midden/make.hpp>

namespace midden::inline MIDDEN_ABI {

namespace detail {
template <class T>
struct ArrayMaker;
}

template <class T>
class Array {
 public:
  using Element = T;

  Array(const Array&) = delete;
  Array& operator=(const Array&) = delete;

  std::size_t size() const noexcept { return length_; }
  T* data() noexcept { return reinterpret_cast<T*>(this + 1); }
  const T* data() const noexcept { return reinterpret_cast<const T*>(this + 1); }
  T* begin() noexcept { return data(); }
  T* end() noexcept { return data() + length_; }
  const T* begin() const noexcept { return data(); }
  const T* end() const noexcept { return data() + length_; }
  std::span<T> span() noexcept { return {data(), length_}; }

  T& operator[](std::size_t index) noexcept { return data()[index]; }
  const T& operator[](std::size_t index) const noexcept { return data()[index]; }
  // Throws std::out_of_range.
  T& at(std::size_t index) {
    if (index >= length_) throw std::out_of_range("midden::Array::at");
    return data()[index];
  }

 private:
  friend struct detail::ArrayMaker<T>;
  explicit Array(std::size_t length) : length_(length) {}

  alignas(alignof(T) > alignof(std::size_t) ? alignof(T) : alignof(std::size_t)) std::size_t length_;
};

namespace detail {

template <class T>
struct StaticType<Array<T>> {
  static_assert(require_array_element<T>());
  static_assert(!HasTrace<T>, "midden: elements of an Array list their references with midden_refs.");
  Layout<T> element = layout<T>();
  TypeInfo info{.name = type_name<Array<T>>(),
                .size = sizeof(Array<T>),
                .alignment = alignof(Array<T>),
                .element_size = sizeof(T),
                .element_refs = element.refs,
                .used_offset = 0};
};

template <class T>
struct ArrayMaker {
  static Root<Array<T>> make(Mutator& mutator, std::size_t length) {
    std::byte* memory = launder_zeroed(allocate_elements(mutator, type_slot<Array<T>>, type_info<Array<T>>(), length));
    Root<Array<T>> root(mutator, reinterpret_cast<Array<T>*>(memory));
    new (static_cast<void*>(memory)) Array<T>(length);
    // The length is there first and the rest is zero, so a collection in a constructor is safe.
    if constexpr (!std::is_trivially_default_constructible_v<T> && !IsRef<T>::value) {
      for (T& element : *root) construct_noted<T>(reinterpret_cast<std::byte*>(&element));
    }
    publish_object();
    return root;
  }
};

}  // namespace detail

// An array of `length` elements, each zero, or default constructed where that differs. Throws
// OutOfMemory also where the size in bytes is beyond any machine.
template <class T>
Root<Array<T>> make_array(std::size_t length) {
  return detail::ArrayMaker<T>::make(detail::here(), length);
}
template <class T>
Root<Array<T>> make_array(Attach& here, std::size_t length) {
  return detail::ArrayMaker<T>::make(here.mutator(), length);
}

}  // namespace midden::inline MIDDEN_ABI
