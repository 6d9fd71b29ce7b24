#pragma once
// Ring<T>: a queue of fixed capacity, allocated once.
//
//   auto last = midden::make_ring<double>(600, midden::RingMode::overwrite);   // Root<Ring<...>>
//   last->push(0.5);
//   const auto [older, newer] = last->views();
//
// Words
//   bounded     a full ring refuses what is pushed
//   overwrite   a full ring replaces its oldest element by what is pushed
//   filled      slots that ever held an element: what the collector scans
//
//   | filled, capacity, head, length ... | slot 0 | slot 1 | slot 2 | slot 3 | slot 4 |
//                                            e3       e4       .        e1       e2
//                                          second view                first view
//                                                                      ▲ head
//
// Invariants
//   1. Nothing but make_ring allocates: no other operation is a safepoint.
//   2. A filled slot without an element holds no references.
//   3. An element stays in its slot until it is popped or overwritten.
//
// Views and element references hold until their elements are popped or overwritten. They keep
// nothing alive. A Pin<Ring<T>> keeps the ring alive and its slots in place; it does not keep
// elements from being popped and slots from being filled again. T as for slices.
//
// Errors: OutOfMemory and std::invalid_argument (a capacity of 0) when it is made; NotAttached;
// std::out_of_range. Threads: one writer or many readers at a time.

#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>

#include <midden/attach.hpp>
#include <midden/build.hpp>
#include <midden/make.hpp>
#include <midden/slice_array.hpp>

namespace midden::inline MIDDEN_ABI {

enum class RingMode : std::uint8_t { bounded, overwrite };

// The elements in order, oldest first: all of `first`, then all of `second`.
template <class T>
struct RingViews {
  std::span<T> first;
  std::span<T> second;
};

namespace detail {
template <class T>
struct RingMaker;
}

template <class T>
class Ring {
  static_assert(detail::require_element<T>());

 public:
  using Element = T;

  Ring(const Ring&) = delete;
  Ring& operator=(const Ring&) = delete;

  std::size_t size() const noexcept { return length_; }
  std::size_t capacity() const noexcept { return capacity_; }
  bool empty() const noexcept { return length_ == 0; }
  bool full() const noexcept { return length_ == capacity_; }
  RingMode mode() const noexcept { return mode_; }
  // Elements that pushes replaced since the ring was made.
  std::uint64_t overwritten() const noexcept { return overwritten_; }

  // Adds the newest element. False, and nothing changed, where a bounded ring is full.
  bool push(const T& value) {
    own();
    if (length_ < capacity_) {
      T* slot = slots() + wrapped(head_ + length_);
      detail::fill_element(slot, value);
      ++length_;
      filled_ = std::max(filled_, static_cast<std::size_t>(slot - slots()) + 1);
      return true;
    }
    if (mode_ == RingMode::bounded) return false;
    T* slot = slots() + head_;
    detail::note_overwritten(slot, 1);
    *slot = value;
    head_ = wrapped(head_ + 1);
    ++overwritten_;
    return true;
  }

  // Removes the oldest element, or the `count` oldest. Throws std::out_of_range where there are fewer.
  void pop() { pop(1); }
  void pop(std::size_t count) {
    own();
    if (count > length_) detail::throw_outside("Ring::pop", count, length_);
    const RingViews<T> elements = views();
    const std::size_t from_first = std::min(count, elements.first.size());
    detail::clear_elements(elements.first.data(), from_first);
    detail::clear_elements(elements.second.data(), count - from_first);
    head_ = wrapped(head_ + count);
    length_ -= count;
  }
  void clear() { pop(length_); }

  // Counted from the oldest. Requires: index < size(), which the checked build checks.
  T& operator[](std::size_t index) noexcept { return slots()[place(index)]; }
  const T& operator[](std::size_t index) const noexcept { return slots()[place(index)]; }
  // Throws std::out_of_range.
  T& at(std::size_t index) { return slots()[existing_place(index)]; }
  const T& at(std::size_t index) const { return slots()[existing_place(index)]; }
  // The oldest and the newest. Requires: not empty.
  T& front() noexcept { return (*this)[0]; }
  const T& front() const noexcept { return (*this)[0]; }
  T& back() noexcept { return (*this)[length_ - 1]; }
  const T& back() const noexcept { return (*this)[length_ - 1]; }

  RingViews<T> views() noexcept { return split<T>(slots()); }
  RingViews<const T> views() const noexcept { return split<const T>(slots()); }

 private:
  friend struct detail::RingMaker<T>;
  friend struct detail::StaticType<Ring>;

  Ring(std::size_t capacity, RingMode mode, const Runtime* runtime)
      : capacity_(capacity), runtime_(runtime), mode_(mode) {}

  T* slots() noexcept { return reinterpret_cast<T*>(this + 1); }
  const T* slots() const noexcept { return reinterpret_cast<const T*>(this + 1); }
  void own() const { detail::here_in(runtime_, "Ring"); }

  // Requires: slot < 2 * capacity.
  std::size_t wrapped(std::size_t slot) const noexcept { return slot < capacity_ ? slot : slot - capacity_; }
  std::size_t place(std::size_t index) const noexcept {
    if constexpr (checked) {
      if (index >= length_) [[unlikely]]
        detail::index_fault("Ring", index, length_);
    }
    return wrapped(head_ + index);
  }
  std::size_t existing_place(std::size_t index) const {
    if (index >= length_) [[unlikely]]
      detail::throw_outside("Ring::at", index, length_);
    return wrapped(head_ + index);
  }
  template <class E>
  RingViews<E> split(E* slots) const noexcept {
    const std::size_t first = std::min(length_, capacity_ - head_);
    return {{slots + head_, first}, {slots, length_ - first}};
  }

  alignas(alignof(T) > alignof(std::size_t) ? alignof(T) : alignof(std::size_t)) std::size_t filled_ = 0;
  const std::size_t capacity_;
  std::size_t head_ = 0;
  std::size_t length_ = 0;
  std::uint64_t overwritten_ = 0;
  const Runtime* const runtime_;
  const RingMode mode_;
};

namespace detail {

template <class T>
struct StaticType<Ring<T>> {
  Layout<T> element = layout<T>();
  TypeInfo info{.name = type_name<Ring<T>>(),
                .size = sizeof(Ring<T>),
                .alignment = alignof(Ring<T>),
                .element_size = sizeof(T),
                .element_refs = element.refs,
                .used_offset = 0,  // filled_
                .scan = scan_function()};

 private:
  // Elements that scan themselves cannot be made empty by storing null: the live ones are visited.
  static ScanFunction scan_function() {
    if constexpr (HasTrace<T>) {
      return [](Tracer& tracer, const void* object) {
        const auto [older, newer] = static_cast<const Ring<T>*>(object)->views();
        for (const T& each : older) T::midden_trace(each, tracer);
        for (const T& each : newer) T::midden_trace(each, tracer);
      };
    } else {
      return nullptr;
    }
  }
};

template <class T>
struct RingMaker {
  static Root<Ring<T>> make(Mutator& mutator, std::size_t capacity, RingMode mode) {
    if (capacity == 0) throw std::invalid_argument("midden::make_ring: a capacity of 0");
    const TypeInfo& type = type_info<Ring<T>>();
    std::byte* memory = launder_zeroed(allocate_elements(mutator, type_slot<Ring<T>>, type, capacity));
    Root<Ring<T>> root(mutator, ::new (static_cast<void*>(memory)) Ring<T>(capacity, mode, mutator.runtime));
    publish_object();
    return root;
  }
};

}  // namespace detail

// An empty ring for `capacity` elements.
template <class T>
Root<Ring<T>> make_ring(std::size_t capacity, RingMode mode = RingMode::bounded) {
  return detail::RingMaker<T>::make(detail::here(), capacity, mode);
}
template <class T>
Root<Ring<T>> make_ring(Attach& here, std::size_t capacity, RingMode mode = RingMode::bounded) {
  return detail::RingMaker<T>::make(here.mutator(), capacity, mode);
}

}  // namespace midden::inline MIDDEN_ABI
