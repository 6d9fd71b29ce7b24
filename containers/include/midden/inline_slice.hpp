#pragma once
// InlineSlice<T, N>: a sequence whose first N elements stand in the host's frame.
//
//   midden::InlineSlice<std::uint32_t, 16> hits;       // no heap, no Attach
//   for (...) hits.append(id);                         // the 17th moves all to a Slice<T>
//
//   frame   | size | e0 | e1 | ... | e(N-1) |            while size <= N and it never grew beyond
//   heap    Root<Slice<T>>  ──▶  | e0 | e1 | ... |       from then on
//
// T holds no references and is trivially copyable: the collector does not look into frames, and
// to make every element a Root would cost more than the slice it saves. For references use
// Slice<Ref<T>>, or an array of Roots.
//
// Invariants: the elements are in one place only; once on the heap they stay there.
//
// Element references and iterators hold until the next append. Operations are safepoints where
// they touch the heap: append beyond N, and slice(). Errors: as Slice's, from then on.
//
// Threads: the thread that made it, as any object in a frame. It is neither copied nor moved.

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <optional>
#include <span>

#include <midden/build.hpp>
#include <midden/slice.hpp>

namespace midden::inline MIDDEN_ABI {

template <class T, std::size_t N>
class InlineSlice {
  static_assert(detail::require_element<T>());
  static_assert(!detail::Referring<T> && detail::PlainBytes<T>,
                "midden: an InlineSlice holds elements without references that can be copied as bytes; use a Slice.");
  static_assert(N > 0, "midden: an InlineSlice without elements in the frame is a Slice.");

 public:
  using Element = T;

  InlineSlice() = default;
  InlineSlice(const InlineSlice&) = delete;
  InlineSlice& operator=(const InlineSlice&) = delete;

  std::size_t size() const noexcept { return heap_ ? (*heap_)->size() : size_; }
  std::size_t capacity() const noexcept { return heap_ ? (*heap_)->capacity() : N; }
  bool empty() const noexcept { return size() == 0; }
  bool on_heap() const noexcept { return heap_.has_value(); }

  T* data() noexcept { return heap_ ? (*heap_)->data() : reinterpret_cast<T*>(frame_); }
  const T* data() const noexcept { return heap_ ? (*heap_)->data() : reinterpret_cast<const T*>(frame_); }
  T* begin() noexcept { return data(); }
  T* end() noexcept { return data() + size(); }
  const T* begin() const noexcept { return data(); }
  const T* end() const noexcept { return data() + size(); }
  std::span<T> span() noexcept { return {data(), size()}; }
  std::span<const T> span() const noexcept { return {data(), size()}; }

  // Requires: index < size(), which the checked build checks.
  T& operator[](std::size_t index) noexcept { return data()[checked_index(index)]; }
  const T& operator[](std::size_t index) const noexcept { return data()[checked_index(index)]; }
  // Throws std::out_of_range.
  T& at(std::size_t index) { return data()[existing_index(index)]; }
  const T& at(std::size_t index) const { return data()[existing_index(index)]; }
  // Requires: not empty.
  T& front() noexcept { return (*this)[0]; }
  T& back() noexcept { return (*this)[size() - 1]; }

  // May be given elements of its own. Throws OutOfMemory, NotAttached, and then nothing changed.
  void append(const T& value) { append(std::span<const T>(&value, 1)); }
  void append(std::span<const T> values) {
    // In this way compilers see that what is copied fits.
    if (!heap_ && values.size() <= N && size_ <= N - values.size()) {
      detail::fill_elements(data() + size_, values.data(), values.size());
      size_ += values.size();
      return;
    }
    if (!heap_) move_to_heap(values.size());
    (*heap_)->append(values);
  }

  // Keeps the first `length` elements; nothing where there are not more.
  void truncate(std::size_t length) {
    if (heap_) return (*heap_)->truncate(length);
    size_ = std::min(size_, length);
  }
  void clear() { truncate(0); }
  // Requires: not empty, which the checked build checks.
  void pop_back() { truncate(checked_index(size() - 1)); }

  // The elements as a slice, for somebody else to hold too: moves them to the heap.
  Root<Slice<T>> slice() {
    if (!heap_) move_to_heap(0);
    return *heap_;
  }

 private:
  std::size_t checked_index(std::size_t index) const noexcept {
    if constexpr (checked) {
      if (index >= size()) [[unlikely]]
        detail::index_fault("InlineSlice", index, size());
    }
    return index;
  }
  std::size_t existing_index(std::size_t index) const {
    if (index >= size()) [[unlikely]]
      detail::throw_outside("InlineSlice::at", index, size());
    return index;
  }

  // With room for `more` elements, so that the append that follows cannot fail. The elements in
  // the frame stay as they are: what is appended may be among them.
  void move_to_heap(std::size_t more) {
    Root<Slice<T>> slice = make_slice<T>();
    slice->reserve(std::max(2 * N, size_ + more));
    slice->append(std::span<const T>(data(), size_));
    heap_.emplace(std::move(slice));
  }

  std::size_t size_ = 0;  // in the frame
  alignas(T) std::byte frame_[N * sizeof(T)];
  std::optional<Root<Slice<T>>> heap_;
};

}  // namespace midden::inline MIDDEN_ABI
