#pragma once
// Slice<T>: a sequence of elements that grows, and that can share its elements with others.
//
//   auto names = midden::make_slice<midden::Ref<midden::String>>();      // Root<Slice<...>>
//   names->append(midden::make_string("alice"));
//   for (midden::Ref<midden::String>& name : *names) ...
//   auto first = names->slice(0, 1);                                     // shares the array
//
// Words
//   array    the heap object that holds the elements (slice_array.hpp)
//   room     unused elements of the array behind the slice's last
//
//   Slice a         array | begin | end | limit          its size is end - begin,
//                     |       |      |      |            its capacity limit - begin
//                     |       |      '------|-----.
//                     ▼       ▼             '-----|--------------.
//                   | used 4, shared | e0 | e1 | e2 | e3 | room . . |
//                     ▲                     ▲         ▲
//   Slice b         array               begin   end = limit             b = a->slice(1, 3)
//
// A Slice is a heap object, and appending changes it in place: whoever holds the same Slice sees
// what was appended. A sub-slice is another Slice on the same elements. Assigning to an element
// is seen through every slice that shares it; no other operation on one slice changes what
// another shows:
//
//   append      takes room, which belongs to one slice alone; without room the array grows in place,
//               where it is large, not shared and followed by free memory, or the slice moves to
//               an array of its own
//   truncate,   on an array that is shared leave the elements as they are for the others, and
//   erase       give up the room; erase moves to an array of its own
//
// Invariants
//   1. The pointers point into the array, or all are null; end_ is within its used part.
//   2. end_ < limit_ holds for at most one slice of an array, and its end_ is the array's used end.
//   3. If the array is not shared, begin_ is its first element and end_ its used end.
//   4. An operation that throws leaves the slice as it was.
//
// Element references, pointers, iterators and spans hold until the next operation that may
// replace the array: one that takes an `Attach&` or has such a form, truncate to nothing, and
// the end of the slice. Whoever needs them longer makes a Pin<Slice<T>>, which holds the elements
// as they are now. span() and Pin mark the array shared for good, begin() and data() do not.
//
// T may be a described type, a Ref, a number or an enumeration; it is copied without throwing. An array of
// elements with a `midden_trace` of their own is scanned in one piece, by one worker.
//
// Safepoints: the operations that may allocate, which all have a form with `Attach&`. They keep
// their slice alive, and what their arguments refer to, also an argument that lies in the array
// being replaced. Errors: OutOfMemory; NotAttached, also where the thread is attached to another
// Runtime than the slice's (all operations that change the slice check it); std::out_of_range.
//
// Threads: one writer or many readers at a time, over all slices that share an array.

#include <algorithm>
#include <cstddef>
#include <initializer_list>
#include <span>
#include <utility>

#include <midden/attach.hpp>
#include <midden/build.hpp>
#include <midden/fault.hpp>
#include <midden/growth.hpp>
#include <midden/make.hpp>
#include <midden/pin.hpp>
#include <midden/slice_array.hpp>

namespace midden::inline MIDDEN_ABI {

template <class T>
class Slice;

namespace detail {

template <class T>
Root<Slice<T>> make_slice_in(Mutator& mutator, Growth growth);

// So that slices are made by make_slice only: they must be objects of their own.
class SliceKey {
  template <class T>
  friend Root<Slice<T>> make_slice_in(Mutator& mutator, Growth growth);
  SliceKey() = default;
};

}  // namespace detail

template <class T>
class Slice {
  static_assert(detail::require_element<T>());
  using ElementArray = detail::SliceArray<T>;
  using Mutator = detail::Mutator;

 public:
  using Element = T;

  Slice(detail::SliceKey, Runtime* runtime, Growth growth) : runtime_(runtime), policy_(growth) {}
  Slice(const Slice&) = delete;
  Slice& operator=(const Slice&) = delete;

  // --- elements ---

  std::size_t size() const noexcept { return static_cast<std::size_t>(end_ - begin_); }
  bool empty() const noexcept { return begin_ == end_; }
  // How many elements it can hold in the array it has.
  std::size_t capacity() const noexcept { return static_cast<std::size_t>(limit_ - begin_); }

  // Requires: index < size(), which the checked build checks.
  T& operator[](std::size_t index) noexcept { return begin_[checked_index(index)]; }
  const T& operator[](std::size_t index) const noexcept { return begin_[checked_index(index)]; }
  // Throws std::out_of_range.
  T& at(std::size_t index) { return begin_[existing_index(index)]; }
  const T& at(std::size_t index) const { return begin_[existing_index(index)]; }
  // Requires: not empty.
  T& front() noexcept { return (*this)[0]; }
  const T& front() const noexcept { return (*this)[0]; }
  T& back() noexcept { return (*this)[size() - 1]; }
  const T& back() const noexcept { return (*this)[size() - 1]; }

  T* data() noexcept { return begin_; }
  const T* data() const noexcept { return begin_; }
  T* begin() noexcept { return begin_; }
  T* end() noexcept { return end_; }
  const T* begin() const noexcept { return begin_; }
  const T* end() const noexcept { return end_; }

  // A view that the slice will not write into when it is truncated or erased from: the array is
  // shared from now on. It keeps nothing alive; for that make a Pin.
  std::span<T> span() noexcept { return {share(), size()}; }
  std::span<const T> span() const noexcept { return {share(), size()}; }

  // --- growing ---

  void append(const T& value) { append_one(own(), value); }
  void append(Attach& here, const T& value) { append_one(own(here), value); }
  // `count` copies.
  void append(std::size_t count, const T& value) { append_copies(own(), count, value); }
  void append(Attach& here, std::size_t count, const T& value) { append_copies(own(here), count, value); }
  void append(std::span<const T> values) { append_all(own(), values.data(), values.size()); }
  void append(Attach& here, std::span<const T> values) { append_all(own(here), values.data(), values.size()); }
  void append(std::initializer_list<T> values) { append(std::span<const T>(values.begin(), values.size())); }
  // The elements that `other` has now; it may be this slice.
  void append(const Slice& other) { append_slice(own(), other); }
  void append(Attach& here, const Slice& other) { append_slice(own(here), other); }

  // Makes capacity() at least `capacity`.
  void reserve(std::size_t capacity) { reserve_in(own(), capacity); }
  void reserve(Attach& here, std::size_t capacity) { reserve_in(own(here), capacity); }
  // Truncates, or appends copies of `value`, so that size() is `length`.
  void resize(std::size_t length, const T& value = T()) { resize_in(own(), length, value); }
  void resize(Attach& here, std::size_t length, const T& value = T()) { resize_in(own(here), length, value); }

  // --- shrinking ---

  // Keeps the first `length` elements; nothing where there are not more. Never a safepoint. Where
  // the array is not shared, what left is no longer referred to; where it is, the array keeps all
  // its elements until the slice moves to another (clip, or growth).
  void truncate(std::size_t length) {
    own();
    if (length < size()) shorten(length);
  }
  // Keeps the array, unless it is shared.
  void clear() { truncate(0); }
  // Requires: not empty, which the checked build checks.
  void pop_back() {
    own();
    shorten(checked_index(size() - 1));
  }
  // Removes the elements from `begin` up to `end`, or one. Throws std::out_of_range.
  void erase(std::size_t begin, std::size_t end) { erase_in(own(), begin, end); }
  void erase(Attach& here, std::size_t begin, std::size_t end) { erase_in(own(here), begin, end); }
  void erase(std::size_t index) { erase_in(own(), index, index + 1); }
  void erase(Attach& here, std::size_t index) { erase_in(own(here), index, index + 1); }

  // --- sharing ---

  // A slice of the elements from `begin` up to `end`, on the same array and without room, so that
  // appending to it moves it to an array of its own. Throws std::out_of_range.
  Root<Slice> slice(std::size_t begin, std::size_t end) { return slice_in(own(), begin, end, end - begin); }
  Root<Slice> slice(Attach& here, std::size_t begin, std::size_t end) {
    return slice_in(own(here), begin, end, end - begin);
  }
  // The same with room: where `end` is size(), `capacity` may be up to capacity() - begin. This
  // slice gives its room up.
  Root<Slice> slice(std::size_t begin, std::size_t end, std::size_t capacity) {
    return slice_in(own(), begin, end, capacity);
  }
  Root<Slice> slice(Attach& here, std::size_t begin, std::size_t end, std::size_t capacity) {
    return slice_in(own(here), begin, end, capacity);
  }

  // Moves the elements to the smallest array that holds them, where that is smaller than the one
  // it has: a small sub-slice stops keeping a large array alive.
  void clip() { clip_in(own()); }
  void clip(Attach& here) { clip_in(own(here)); }

  // Bytes of the array that this slice keeps alive, whatever part of it it shows; 0: none.
  std::size_t retained_bytes() const noexcept {
    return array_ ? detail::slice_bytes(type_info<ElementArray>(), array_->capacity()) : 0;
  }
  // Whether others may look at its elements, or ever did.
  bool shared() const noexcept { return array_ && array_->shared(); }

  Growth policy() const noexcept { return policy_; }
  GrowthReport growth() const noexcept { return {reallocations_, bytes_copied_, bytes_abandoned_}; }

 private:
  template <class U>
  friend class Pin;

  std::size_t checked_index(std::size_t index) const noexcept {
    if constexpr (checked) {
      if (index >= size()) [[unlikely]]
        detail::index_fault("Slice", index, size());
    }
    return index;
  }
  std::size_t existing_index(std::size_t index) const {
    if (index >= size()) [[unlikely]]
      detail::throw_outside("Slice::at", index, size());
    return index;
  }

  Mutator& own() const { return detail::here_in(runtime_, "Slice"); }
  Mutator& own(Attach& here) const { return detail::here_in(runtime_, "Slice", here.mutator()); }

  bool has_room(std::size_t more) const noexcept { return static_cast<std::size_t>(limit_ - end_) >= more; }
  // The elements behind the last have been filled in.
  void take_room(std::size_t more) noexcept {
    ElementArray* array = array_.get();
    end_ += more;
    array->set_used(static_cast<std::size_t>(end_ - array->data()));
  }
  // The elements; another may look at them from now on.
  T* share() const noexcept {
    if (array_) array_->share();
    return begin_;
  }

  void append_one(Mutator& mutator, const T& value) {
    if (end_ != limit_) [[likely]] {
      detail::fill_element(end_, value);
      take_room(1);
    } else {
      append_all(mutator, &value, 1);
    }
  }

  void append_all(Mutator& mutator, const T* first, std::size_t count) {
    if (count == 0) return;
    if (has_room(count)) return append_kept(mutator, first, count);
    const detail::KeptTargets<T> kept(mutator, first, count);
    append_kept(mutator, first, count);
  }

  // As append_all; something else keeps the targets alive.
  void append_kept(Mutator& mutator, const T* first, std::size_t count) {
    make_room(mutator, count);
    detail::fill_elements(end_, first, count);
    take_room(count);
  }

  void append_slice(Mutator& mutator, const Slice& other) {
    if (other.empty()) return;
    const Root<ElementArray> theirs(mutator, other.array_.get());
    append_kept(mutator, other.begin_, other.size());
  }

  void append_copies(Mutator& mutator, std::size_t count, const T& value) {
    if (count == 0) return;
    const detail::KeptTargets<T> kept(mutator, &value, 1);
    const ElementArray* const before = array_.get();
    const auto room = static_cast<std::size_t>(limit_ - end_);
    make_room(mutator, count);
    // Only what was room before may have been used; to write zero to the rest would touch its pages.
    const std::size_t used = array_.get() == before ? std::min(room, count) : 0;
    const std::size_t filled = detail::is_zero(value) ? used : count;
    for (std::size_t i = 0; i < filled; ++i) detail::fill_element(end_ + i, value);
    take_room(count);
  }

  // What is appended may lie in the array that this replaces: nobody takes that array's memory
  // before the next safepoint, which is after the elements have been filled in.
  void make_room(Mutator& mutator, std::size_t more) {
    if (has_room(more)) return;
    std::size_t needed = 0;
    if (__builtin_add_overflow(size(), more, &needed)) needed = ~std::size_t{0};  // which no array can have
    grow(mutator, detail::slice_capacity(type_info<ElementArray>(), policy_, capacity(), needed));
  }

  // In place where it can: nobody else looks at the array, and there is room behind it.
  void grow(Mutator& mutator, std::size_t capacity) {
    if (array_ && !array_->shared()) {
      const Root<Slice> self(mutator, this);
      detail::note_resize(mutator);
      if (array_->extend(mutator, capacity)) {
        limit_ = begin_ + capacity;
        return;
      }
    }
    replace_array(mutator, capacity, 0, 0);
  }

  void reserve_in(Mutator& mutator, std::size_t wanted) {
    if (wanted <= capacity()) return;
    grow(mutator, detail::slice_capacity(type_info<ElementArray>(), wanted));
  }

  void resize_in(Mutator& mutator, std::size_t length, const T& value) {
    if (length > size()) {
      append_copies(mutator, length - size(), value);
    } else if (length < size()) {
      shorten(length);
    }
  }

  // Moves to an array of `capacity` elements, leaving out those from `begin` up to `end`.
  void replace_array(Mutator& mutator, std::size_t capacity, std::size_t begin, std::size_t end) {
    const Root<Slice> self(mutator, this);
    detail::note_resize(mutator);
    const Root<ElementArray> fresh = ElementArray::make(mutator, capacity);
    const std::size_t behind = size() - end;
    detail::fill_elements(fresh->data(), begin_, begin);
    detail::fill_elements(fresh->data() + begin, begin_ + end, behind);
    fresh->set_used(begin + behind);
    if (array_) ++reallocations_;
    bytes_copied_ += (begin + behind) * sizeof(T);
    leave_array();
    array_ = fresh;
    begin_ = fresh->data();
    end_ = begin_ + begin + behind;
    limit_ = begin_ + capacity;
  }

  void leave_array() noexcept {
    if (array_ && !array_->shared()) bytes_abandoned_ += retained_bytes();
    array_ = nullptr;
    begin_ = end_ = limit_ = nullptr;
  }

  // Requires: length < size().
  void shorten(std::size_t length) noexcept {
    if (!array_->shared()) {
      detail::clear_elements(begin_ + length, size() - length);
      array_->set_used(length);
      end_ = begin_ + length;
    } else if (length == 0) {
      leave_array();
    } else {
      end_ = limit_ = begin_ + length;
    }
  }

  void erase_in(Mutator& mutator, std::size_t begin, std::size_t end) {
    if (begin > end || end > size()) detail::throw_outside("Slice::erase", end, size());
    if (begin == end) return;
    const std::size_t behind = size() - end;
    if (behind == 0) {
      shorten(begin);
    } else if (!array_->shared()) {
      detail::shift_elements(begin_ + begin, begin_ + end, behind);
      shorten(begin + behind);
    } else {
      replace_array(mutator, detail::slice_capacity(type_info<ElementArray>(), begin + behind), begin, end);
    }
  }

  Root<Slice> slice_in(Mutator& mutator, std::size_t begin, std::size_t end, std::size_t wanted) {
    if (begin > end || end > size() || wanted < end - begin) detail::throw_outside("Slice::slice", end, size());
    const bool with_room = wanted > end - begin;
    if (with_room && (end != size() || wanted > capacity() - begin))
      detail::throw_outside("Slice::slice", begin + wanted, capacity());
    const Root<Slice> self(mutator, this);
    Root<Slice> part = detail::make_slice_in<T>(mutator, policy_);
    if (wanted == 0) return part;
    part->array_ = array_;
    part->begin_ = (broken(Defect::slice_unshared) ? begin_ : share()) + begin;
    part->end_ = begin_ + end;
    part->limit_ = part->begin_ + wanted;
    if (with_room) limit_ = end_;
    return part;
  }

  void clip_in(Mutator& mutator) {
    if (empty()) return leave_array();
    const std::size_t fitting = detail::slice_capacity(type_info<ElementArray>(), size());
    if (fitting < array_->capacity()) replace_array(mutator, fitting, 0, 0);
  }

  Ref<ElementArray> array_;
  // Into the array, which does not move. Pointers rather than counts, so that a loop that appends
  // keeps them in registers: a count might be among the elements it writes.
  T* begin_ = nullptr;
  T* end_ = nullptr;
  T* limit_ = nullptr;
  Runtime* const runtime_;
  std::uint64_t bytes_copied_ = 0;
  std::uint64_t bytes_abandoned_ = 0;
  std::uint32_t reallocations_ = 0;
  const Growth policy_;

 public:
  static constexpr auto midden_refs = refs<Slice>(&Slice::array_);
};

// The elements that a slice shows when the pin is made: while it lives they are alive, stay where
// they are, and no operation but an assignment to one of them overwrites them, whatever becomes
// of the slice. The slice itself is not held.
//
// Threads: as Pin of an object: made on an attached thread, read, moved and ended on any.
template <class T>
class Pin<Slice<T>> {
 public:
  Pin() = default;
  explicit Pin(Slice<T>* slice) {
    if (slice == nullptr) return;
    slice->own();
    array_ = Pin<detail::SliceArray<T>>(slice->array_.get());
    elements_ = slice->span();
  }
  template <Names<Slice<T>> N>
  explicit Pin(const N& slice) : Pin(static_cast<Slice<T>*>(slice.get())) {}

  void release() noexcept { array_.release(); }
  // Empty after release, and after the end of the Runtime.
  std::span<T> span() const noexcept { return array_ ? elements_ : std::span<T>(); }
  T* data() const noexcept { return span().data(); }
  std::size_t size() const noexcept { return span().size(); }
  // Whether it holds an array: not for a slice without any.
  explicit operator bool() const noexcept { return static_cast<bool>(array_); }

 private:
  Pin<detail::SliceArray<T>> array_;
  std::span<T> elements_;
};

namespace detail {

template <class T>
Root<Slice<T>> make_slice_in(Mutator& mutator, Growth growth) {
  return make_in<Slice<T>>(mutator, SliceKey(), mutator.runtime, growth);
}

}  // namespace detail

// A slice of `length` value-initialised elements. Without elements it has no array yet; a large one of zeros
// takes memory page by page, as it is touched.
template <class T>
Root<Slice<T>> make_slice(Attach& here, std::size_t length = 0, Growth growth = Growth::geometric) {
  Root<Slice<T>> slice = detail::make_slice_in<T>(here.mutator(), growth);
  if (length != 0) slice->resize(here, length);
  return slice;
}
template <class T>
Root<Slice<T>> make_slice(std::size_t length = 0, Growth growth = Growth::geometric) {
  Root<Slice<T>> slice = detail::make_slice_in<T>(detail::here(), growth);
  if (length != 0) slice->resize(length);
  return slice;
}

// A slice of copies of `values`.
template <class T>
Root<Slice<T>> make_slice(Attach& here, std::span<const T> values, Growth growth = Growth::geometric) {
  const detail::KeptTargets<T> kept(here.mutator(), values.data(), values.size());
  Root<Slice<T>> slice = detail::make_slice_in<T>(here.mutator(), growth);
  slice->append(here, values);
  return slice;
}
template <class T>
Root<Slice<T>> make_slice(std::span<const T> values, Growth growth = Growth::geometric) {
  const detail::KeptTargets<T> kept(detail::here(), values.data(), values.size());
  Root<Slice<T>> slice = detail::make_slice_in<T>(detail::here(), growth);
  slice->append(values);
  return slice;
}
template <class T>
Root<Slice<T>> make_slice(std::initializer_list<T> values, Growth growth = Growth::geometric) {
  return make_slice<T>(std::span<const T>(values.begin(), values.size()), growth);
}

}  // namespace midden::inline MIDDEN_ABI
