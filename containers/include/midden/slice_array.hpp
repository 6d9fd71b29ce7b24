#pragma once
// SliceArray<T>: the heap object in which the elements of slices stand, and how elements move.
//
// A host uses Slice<T> (slice.hpp); what is here is the part that Slice shares with nobody but
// its own sub-slices, views and pins.
//
//   | used | capacity, shared | element 0 | ... | element used-1 | unused ... |
//   |<- 16 bytes, or alignof(T) if more ->|<------ scanned ------>|
//
// Words
//   used     how many elements from the begin hold something: what the collector scans
//   unused   room for the one slice that has it
//   shared   more than one slice, or a span or a pin, may look at the used elements
//
// Invariants
//   1. Unused elements hold no references: an element that leaves the used part has its
//      references stored null first, through the barrier.
//   2. `shared` goes on and never off; the array that replaces this one begins without.
//   3. Used elements of a shared array change by assignment of its users only: they are not
//      shifted, cleared or handed out again.
//   4. The capacity fills the slot that the collector gives (containers/slice/growth.hpp).
//
// Threads: one writer or many readers at a time over all slices that share the array; the shared
// bit may be set by several readers at once.

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstring>
#include <type_traits>
#include <vector>

#include <midden/build.hpp>
#include <midden/describe.hpp>
#include <midden/growth.hpp>
#include <midden/make.hpp>
#include <midden/own_runtime.hpp>
#include <midden/ref.hpp>
#include <midden/root.hpp>
#include <midden/tracer.hpp>

namespace midden::inline MIDDEN_ABI::detail {

// --- what elements may be, and how they move ---------------------------------------------------

template <class T>
consteval bool require_element() {
  static_assert(require_array_element<T>());
  static_assert(std::is_nothrow_copy_constructible_v<T> && std::is_nothrow_copy_assignable_v<T>,
                "midden: elements of a container are copied when it grows, and that may not fail. An AtomicRef, or a "
                "member that is const, a reference or has a throwing copy, cannot be part of one.");
  return true;
}

// May hold references.
template <class T>
concept Referring = IsRef<T>::value || HasRefs<T> || HasTrace<T>;
// Just bytes. Refs are not: they are never trivially copyable.
template <class T>
concept PlainBytes = std::is_trivially_copyable_v<T>;

// A copy in unused memory.
template <class T>
void fill_element(T* to, const T& from) noexcept {
  if constexpr (IsRef<T>::value) {
    *to = from;
  } else if constexpr (PlainBytes<T>) {
    ::new (static_cast<void*>(to)) T(from);
  } else {
    construct_noted<T>(reinterpret_cast<std::byte*>(to), from);
  }
}

// Copies to unused memory. The ranges do not overlap.
template <class T>
void fill_elements(T* to, const T* from, std::size_t count) noexcept {
  if constexpr (PlainBytes<T>) {
    if (count != 0) std::memcpy(static_cast<void*>(to), from, count * sizeof(T));
  } else if constexpr (IsRef<T>::value) {
    copy_refs(to, from, count);
  } else {
    for (std::size_t i = 0; i < count; ++i) fill_element(to + i, from[i]);
  }
}

// Whether a copy is what memory is that nobody has used: zero throughout, by a look at all its bits (-0.0 is
// not). Types with padding never are.
template <class T>
bool is_zero(const T& element) noexcept {
  if constexpr (IsRef<T>::value) {
    return element == nullptr;
  } else if constexpr (PlainBytes<T> && (std::has_unique_object_representations_v<T> || std::is_floating_point_v<T>)) {
    const auto* bytes = reinterpret_cast<const std::byte*>(&element);
    return std::all_of(bytes, bytes + sizeof(T), [](std::byte byte) { return byte == std::byte{0}; });
  } else {
    return false;
  }
}

// Reports the targets of one element that writes its own scan function.
template <class F>
class EachTarget final : public Tracer {
 public:
  explicit EachTarget(F f) : f_(f) {}

 private:
  void visit(const std::atomic<void*>* edges, std::size_t count) override {
    for (std::size_t i = 0; i < count; ++i) f_(load_edge(edges[i]));
  }
  void visit(const void* object) override { f_(const_cast<void*>(object)); }

  F f_;
};

// Byte offsets of the references in an element of T that lists them.
template <class T>
const Offsets& element_offsets() {
  static const Offsets offsets = layout<T>().refs;
  return offsets;
}

// Calls f(void* target) for every reference of the elements, null ones too.
template <Referring T, class F>
void for_each_target(const T* first, std::size_t count, F f) {
  if constexpr (IsRef<T>::value) {
    for (std::size_t i = 0; i < count; ++i) f(as_target(first[i].get()));
  } else if constexpr (HasTrace<T>) {
    EachTarget<F> tracer(f);
    for (std::size_t i = 0; i < count; ++i) T::midden_trace(first[i], tracer);
  } else {
    for (std::size_t i = 0; i < count; ++i) {
      const auto* element = reinterpret_cast<const std::byte*>(first + i);
      for (const std::uint32_t offset : element_offsets<T>()) {
        f(load_edge(*reinterpret_cast<const std::atomic<void*>*>(element + offset)));
      }
    }
  }
}

// Tells the store barrier that the words of elements with a scan function are about to change:
// only they know which of their words are references. A barrier of the snapshot kind wants the
// old target and nothing else.
template <class T>
void note_overwritten(const T* first, std::size_t count) noexcept {
  if constexpr (HasTrace<T>) {
    if (!barrier_active()) return;
    for_each_target(first, count, [](void* target) { store_barrier(nullptr, target, nullptr); });
  } else {
    static_cast<void>(first), static_cast<void>(count);
  }
}

// Moves `count` elements to the left, to `to` < `from`, over others. The last ones stay where
// they were as copies.
template <class T>
void shift_elements(T* to, T* from, std::size_t count) noexcept {
  note_overwritten(to, static_cast<std::size_t>(from - to) + count);
  if constexpr (PlainBytes<T>) {
    if (count != 0) std::memmove(static_cast<void*>(to), from, count * sizeof(T));
  } else if constexpr (IsRef<T>::value) {
    copy_refs(to, from, count);
  } else {
    std::copy_n(from, count, to);
  }
}

// Ends the references of elements that become unused.
template <class T>
void clear_elements(T* first, std::size_t count) noexcept {
  if constexpr (IsRef<T>::value) {
    for (std::size_t i = 0; i < count; ++i) first[i] = nullptr;
  } else if constexpr (HasRefs<T>) {
    for (std::size_t i = 0; i < count; ++i) {
      auto* element = reinterpret_cast<std::byte*>(first + i);
      for (const std::uint32_t offset : element_offsets<T>()) {
        store_edge(*reinterpret_cast<std::atomic<void*>*>(element + offset), nullptr);
      }
    }
  } else {
    note_overwritten(first, count);
  }
}

// Keeps alive what elements in a host's frame refer to, across a safepoint. Elements that hold
// no references need nothing.
template <class T>
class KeptTargets {
 public:
  KeptTargets(Mutator&, const T*, std::size_t) noexcept {}
};
template <Referring T>
class KeptTargets<T> {
 public:
  KeptTargets(Mutator& mutator, const T* first, std::size_t count) : one_(mutator, nullptr) {
    for_each_target(first, count, [&](void* target) {
      if (target == nullptr) return;
      if (!one_) {
        one_ = target;
      } else {
        more_.emplace_back(mutator, target);
      }
    });
  }

 private:
  Root<void> one_;  // so that a single reference needs no memory
  std::vector<Root<void>> more_;
};

// --- misuse ------------------------------------------------------------------------------------

// Throws std::out_of_range. `operation` as in "Slice::at".
[[noreturn]] void throw_outside(const char* operation, std::size_t asked, std::size_t size);
// Prints all three and stops the process.
[[noreturn]] void index_fault(const char* container, std::size_t index, std::size_t length);

// --- the array ---------------------------------------------------------------------------------

// Elements that fill the slot of an array for `needed` elements.
std::size_t slice_capacity(const TypeInfo& array, std::size_t needed);
// Elements of the array that follows one of `capacity`. Requires: needed > capacity.
std::size_t slice_capacity(const TypeInfo& array, Growth growth, std::size_t capacity, std::size_t needed);
// Bytes of the slot of an array of that capacity.
std::size_t slice_bytes(const TypeInfo& array, std::size_t capacity);

template <class T>
class SliceArray {
  static_assert(require_element<T>());

 public:
  SliceArray(const SliceArray&) = delete;
  SliceArray& operator=(const SliceArray&) = delete;

  // An array without elements. A safepoint. Throws OutOfMemory.
  static Root<SliceArray> make(Mutator& mutator, std::size_t capacity) {
    const TypeInfo& type = type_info<SliceArray>();
    std::byte* memory = launder_zeroed(allocate_elements(mutator, type_slot<SliceArray>, type, capacity));
    Root<SliceArray> root(mutator, new (static_cast<void*>(memory)) SliceArray(capacity));
    publish_object();
    return root;
  }

  // Makes room for so many in place. False, and nothing changed, where that cannot be had: a small array,
  // or others stand behind it. A safepoint; the caller keeps the array. Requires: not shared.
  bool extend(Mutator& mutator, std::size_t capacity) {
    if (!extend_elements(mutator, this, capacity)) return false;
    capacity_and_shared_.store(capacity << 1, std::memory_order_relaxed);
    return true;
  }

  T* data() noexcept { return reinterpret_cast<T*>(this + 1); }
  std::size_t used() const noexcept { return used_; }
  // The elements taken in are filled in, those left out are cleared.
  void set_used(std::size_t used) noexcept { used_ = used; }
  std::size_t capacity() const noexcept { return load() >> 1; }
  bool shared() const noexcept { return (load() & 1) != 0; }
  // Relaxed: readers who race to set the bit store the same word, since the capacity changes only
  // by a writer; it is acted on only by a writer, whom the host orders after them.
  void share() noexcept { capacity_and_shared_.store(load() | 1, std::memory_order_relaxed); }

 private:
  explicit SliceArray(std::size_t capacity) : capacity_and_shared_(capacity << 1) {}

  // Relaxed: see share().
  std::size_t load() const noexcept { return capacity_and_shared_.load(std::memory_order_relaxed); }

  alignas(alignof(T) > alignof(std::size_t) ? alignof(T) : alignof(std::size_t)) std::size_t used_ = 0;
  std::atomic<std::size_t> capacity_and_shared_;
};

template <class T>
struct StaticType<SliceArray<T>> {
  Layout<T> element = layout<T>();
  TypeInfo info{.name = type_name<SliceArray<T>>(),
                .size = sizeof(SliceArray<T>),
                .alignment = alignof(SliceArray<T>),
                .element_size = sizeof(T),
                .element_refs = element.refs,
                .used_offset = 0,
                .scan = scan_function()};

 private:
  static ScanFunction scan_function() {
    if constexpr (HasTrace<T>) {
      return [](Tracer& tracer, const void* object) {
        auto* array = static_cast<SliceArray<T>*>(const_cast<void*>(object));
        for (std::size_t i = 0; i < array->used(); ++i) T::midden_trace(array->data()[i], tracer);
      };
    } else {
      return nullptr;
    }
  }
};

}  // namespace midden::inline MIDDEN_ABI::detail
