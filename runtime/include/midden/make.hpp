#pragma once
// Making objects.
//
//   make<T>(args...)           an object of a described type
//   make_object(type, n)       zeroed memory of a type made at run time
//
// Each returns a Root, so that nested calls are safe by construction: the object is rooted
// before its constructor runs, and every allocation is a safepoint. Memory is zero when the
// constructor begins, so a collection inside it finds no stray reference, and members that nobody
// initialises are zero; a release fence
// stands at its end, so a reference to the object may be handed to another thread by any store.
//
// Errors: OutOfMemory, the heap intact; NotAttached; whatever the constructor throws.
// Threads: any attached thread. The forms with `Attach&` skip one thread-local load. Requires:
// the Attach is the thread's innermost one; the slow paths, and in the checked build each call,
// throw NotAttached where it is not, or where it is another thread's.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <new>
#include <utility>

#include <midden/attach.hpp>
#include <midden/build.hpp>
#include <midden/construction.hpp>
#include <midden/describe.hpp>
#include <midden/mutator.hpp>
#include <midden/root.hpp>
#include <midden/runtime.hpp>

namespace midden::inline MIDDEN_ABI {

namespace detail {

// The slow paths: refill, collect, or throw OutOfMemory. They return zeroed memory. They throw
// NotAttached where the mutator is not this thread's.
std::byte* allocate_fixed_slow(Mutator& mutator, std::uint32_t slot, const TypeInfo& type);
std::byte* allocate_elements(Mutator& mutator, std::uint32_t slot, const TypeInfo& type, std::size_t elements);

// Makes a large object of a type with elements longer where it is, so that it has room for so many; what
// is new is zero. False, and nothing changed, where that cannot be had. A safepoint; the object is rooted
// by the caller, and no other thread asks what it is meanwhile.
bool extend_elements(Mutator& mutator, void* object, std::size_t elements);

// Out of line, so that the fast path is small enough to be inlined.
template <class T>
[[gnu::noinline]] std::byte* allocate_slow(Mutator& mutator) {
  poll(mutator);
  return allocate_fixed_slow(mutator, type_slot<T>, type_info<T>());
}

template <class T>
inline std::byte* allocate(Mutator& mutator) {
  if constexpr (checked) require_current(mutator);
  const std::uint32_t slot = type_slot<T>;
  if (!mutator.asked() && slot < mutator.cursor_count) [[likely]] {
    AllocationCursor& cursor = mutator.cursors[slot];
    if (!cursor.empty()) [[likely]]
      return cursor.take();
    if (std::byte* object = cursor.take_waiting()) return object;
  }
  return allocate_slow<T>(mutator);
}

// Makes the compiler forget what it knows of the memory. A constructor begins an object's life,
// so without this the zeroing before it counts as dead stores and is deleted (g++ 12 at -O2
// does), and a collection inside the constructor would find what the slot held before. Behind the
// constructor it makes the compiler forget that members without an initialiser have no value: they
// are zero.
inline std::byte* launder_zeroed(std::byte* memory) {
  asm volatile("" : "+r"(memory) : : "memory");
  return memory;
}

// Checked build: stops the process where a noted reference is not in the type's list.
void require_listed(const TypeInfo& type, const Construction& noted);

template <class T, class... Args>
inline void construct(std::byte* memory, Args&&... args) {
  if constexpr (sizeof...(Args) == 0 && std::is_default_constructible_v<T>) {
    new (static_cast<void*>(memory)) T;  // T() would zero what is zero
  } else if constexpr (std::is_constructible_v<T, Args...>) {
    new (static_cast<void*>(memory)) T(std::forward<Args>(args)...);
  } else {
    new (static_cast<void*>(memory)) T{std::forward<Args>(args)...};
  }
}

template <class T, class... Args>
inline void construct_noted(std::byte* memory, Args&&... args) {
  if constexpr (checked) {
    struct Frame : Construction {
      explicit Frame(std::byte* object) : Construction{object, sizeof(T), construction, {}} { construction = this; }
      ~Frame() { construction = outer; }
    };
    Frame frame(memory);
    construct<T>(memory, std::forward<Args>(args)...);
    require_listed(type_info<T>(), frame);
  } else {
    construct<T>(memory, std::forward<Args>(args)...);
  }
}

// Has a destructor run when a cycle has found the object dead. Throws std::bad_alloc.
void add_destructor(Mutator& mutator, void* object, void (*destroy)(void*));

template <class T>
inline void note_destructor([[maybe_unused]] Mutator& mutator, [[maybe_unused]] std::byte* memory) {
  if constexpr (!std::is_trivially_destructible_v<T>) {
    try {
      add_destructor(mutator, memory, [](void* object) { static_cast<T*>(object)->~T(); });
    } catch (...) {
      reinterpret_cast<T*>(memory)->~T();
      throw;
    }
  }
}

// Pairs with whatever load brings the reference to another thread: consuming it is enough on
// every machine this runs on, since the address depends on it.
inline void publish_object() { std::atomic_thread_fence(std::memory_order_release); }

template <class T, class... Args>
inline Root<T> make_in(Mutator& mutator, Args&&... args) {
  static_assert(require_description<T>());
  std::byte* memory = launder_zeroed(allocate<T>(mutator));
  Root<T> root(mutator, reinterpret_cast<T*>(memory));
  construct_noted<T>(memory, std::forward<Args>(args)...);
  note_destructor<T>(mutator, memory);
  launder_zeroed(memory);
  publish_object();
  return root;
}

}  // namespace detail

// An object of T, constructed from the arguments.
template <class T, class... Args>
inline Root<T> make(Args&&... args) {
  return detail::make_in<T>(detail::here(), std::forward<Args>(args)...);
}
template <class T, class... Args>
inline Root<T> make(Attach& here, Args&&... args) {
  return detail::make_in<T>(here.mutator(), std::forward<Args>(args)...);
}

// Zeroed memory of a type made at run time, with room for `elements` elements where the type
// has them. The caller fills it in; zero is null for every reference. Throws
// std::invalid_argument for a handle that is empty, another Runtime's, or retired.
Root<void> make_object(TypeHandle type, std::size_t elements = 0);
Root<void> make_object(Attach& here, TypeHandle type, std::size_t elements = 0);

// Raw variants. What they return is not rooted: it is alive only until the next safepoint of
// this thread, which any allocation is. For code that stores it at once into a rooted object.
namespace unsafe {

template <class T, class... Args>
inline T* make(Attach& here, Args&&... args) {
  static_assert(detail::require_description<T>());
  std::byte* memory = detail::launder_zeroed(detail::allocate<T>(here.mutator()));
  detail::construct_noted<T>(memory, std::forward<Args>(args)...);
  detail::note_destructor<T>(here.mutator(), memory);
  detail::publish_object();
  return reinterpret_cast<T*>(detail::launder_zeroed(memory));
}

}  // namespace unsafe

}  // namespace midden::inline MIDDEN_ABI
