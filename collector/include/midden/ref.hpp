#pragma once
// References between heap objects: fields that name the start of another object.
//
//   Ref<T>        an ordinary field; loads and stores are relaxed atomics, plain moves on x86
//   AtomicRef<T>  a field that threads share; loads acquire, stores release
//
// A reference is a word inside a heap object. It owns nothing: the object that holds it keeps
// the target alive once the type lists it (see type.hpp). There are no interior references.
// On a thread's stack and in a host's own data use Root, GlobalRoot or Pin instead.
//
// Every store into an edge that is there passes `detail::store_edge`, which takes the address of the
// edge: the one place where a write barrier fits. Neither class is trivially copyable, so memcpy never sees one;
// arrays of references move through copy_refs and move_refs.
//
// Threads: a Ref follows the rules of a plain field, except that a racing read is not undefined.

#include <atomic>
#include <concepts>
#include <cstddef>
#include <cstdint>

#include <midden/barrier.hpp>
#include <midden/build.hpp>
#include <midden/construction.hpp>

namespace midden::inline MIDDEN_ABI {

namespace detail {

// Relaxed: the fence at the end of `make` and the host's own synchronisation publish objects;
// marking reads edges only while every mutator is stopped.
inline void* load_edge(const std::atomic<void*>& edge) noexcept { return edge.load(std::memory_order_relaxed); }

inline void store_edge(std::atomic<void*>& edge, void* target) noexcept {
  check_store(&edge, target);
  if (barrier_active()) [[unlikely]]
    store_barrier(&edge, load_edge(edge), target);
  edge.store(target, std::memory_order_relaxed);
}

// What a new edge names from the first: nothing is overwritten, so no barrier has anything to note.
inline void* first_target(const std::atomic<void*>& edge, void* target) noexcept {
  check_store(&edge, target);
  return target;
}

// Pairs with the release of AtomicRef's stores: what the storing thread wrote before is seen.
inline void* acquire_edge(const std::atomic<void*>& edge) noexcept { return edge.load(std::memory_order_acquire); }

inline void* exchange_edge(std::atomic<void*>& edge, void* target) noexcept {
  check_store(&edge, target);
  void* old = edge.exchange(target, std::memory_order_acq_rel);
  store_barrier(&edge, old, target);
  return old;
}

inline bool compare_exchange_edge(std::atomic<void*>& edge, void*& expected, void* target) noexcept {
  check_store(&edge, target);
  const bool stored =
      edge.compare_exchange_strong(expected, target, std::memory_order_acq_rel, std::memory_order_acquire);
  if (stored) store_barrier(&edge, expected, target);
  return stored;
}

// Releases: pairs with acquire_edge.
inline void publish_edge(std::atomic<void*>& edge, void* target) noexcept {
  if (barrier_active()) [[unlikely]] {
    exchange_edge(edge, target);  // of threads that store at once, each notes what it overwrites
    return;
  }
  check_store(&edge, target);
  edge.store(target, std::memory_order_release);
}

[[noreturn]] void fault_interior() noexcept;

// A pointer to a base, for which the base must be where the object starts: a reference to any other
// would be one into the object's middle. Costs nothing: where a base lies is known to the compiler.
template <class T, class U>
T* as_base(U* object) noexcept {
  T* base = object;
  if (static_cast<const volatile void*>(base) != static_cast<const volatile void*>(object)) fault_interior();
  return base;
}

template <class T>
void* as_target(T* object) noexcept {
  return const_cast<void*>(static_cast<const volatile void*>(object));
}

}  // namespace detail

// What names an object of T: Ref, AtomicRef, Root, GlobalRoot, Pin.
template <class N, class T>
concept Names = requires(const N& name) {
  { name.get() } -> std::convertible_to<T*>;
};

template <class T>
class Ref {
 public:
  using Target = T;

  Ref() noexcept : Ref(nullptr) {}
  Ref(std::nullptr_t) noexcept : edge_(nullptr) { detail::note_edge(this); }
  // Requires: `object` is null or the start of an object of the same Runtime.
  explicit Ref(T* object) noexcept : edge_(detail::first_target(edge_, detail::as_target(object))) {
    detail::note_edge(this);
  }
  Ref(const Ref& other) noexcept : Ref(other.get()) {}
  template <Names<T> N>
  Ref(const N& other) noexcept : Ref(detail::as_base<T>(other.get())) {}
  ~Ref() = default;

  Ref& operator=(const Ref& other) noexcept { return *this = other.get(); }
  Ref& operator=(std::nullptr_t) noexcept { return *this = static_cast<T*>(nullptr); }
  Ref& operator=(T* object) noexcept {
    detail::store_edge(edge_, detail::as_target(object));
    return *this;
  }
  template <Names<T> N>
  Ref& operator=(const N& other) noexcept {
    return *this = detail::as_base<T>(other.get());
  }

  T* get() const noexcept { return static_cast<T*>(detail::load_edge(edge_)); }
  T* operator->() const noexcept { return get(); }
  auto& operator*() const noexcept requires(!std::is_void_v<T>) { return *get(); }
  explicit operator bool() const noexcept { return get() != nullptr; }

  friend bool operator==(const Ref& a, const Ref& b) noexcept { return a.get() == b.get(); }
  friend bool operator==(const Ref& a, const T* b) noexcept { return a.get() == b; }
  friend bool operator==(const Ref& a, std::nullptr_t) noexcept { return a.get() == nullptr; }

 private:
  std::atomic<void*> edge_;
};

template <class T>
class AtomicRef {
 public:
  using Target = T;

  AtomicRef() noexcept : edge_(nullptr) { detail::note_edge(this); }
  AtomicRef(const AtomicRef&) = delete;
  AtomicRef& operator=(const AtomicRef&) = delete;

  T* get() const noexcept { return static_cast<T*>(detail::acquire_edge(edge_)); }
  void store(T* object) noexcept { detail::publish_edge(edge_, detail::as_target(object)); }
  T* exchange(T* object) noexcept { return static_cast<T*>(detail::exchange_edge(edge_, detail::as_target(object))); }
  // Stores `desired` if the field holds `expected`, else loads the field into `expected`.
  bool compare_exchange(T*& expected, T* desired) noexcept {
    void* held = detail::as_target(expected);
    const bool stored = detail::compare_exchange_edge(edge_, held, detail::as_target(desired));
    expected = static_cast<T*>(held);
    return stored;
  }

 private:
  std::atomic<void*> edge_;
};

static_assert(sizeof(Ref<int>) == sizeof(void*) && sizeof(AtomicRef<int>) == sizeof(void*));
static_assert(!std::is_trivially_copyable_v<Ref<int>>);

// Copies `count` references to an array that holds live Refs; the ranges may overlap.
template <class T>
void copy_refs(Ref<T>* to, const Ref<T>* from, std::size_t count) noexcept {
  if (to <= from) {
    for (std::size_t i = 0; i < count; ++i) to[i] = from[i];
  } else {
    for (std::size_t i = count; i-- > 0;) to[i] = from[i];
  }
}

// As copy_refs between ranges that do not overlap; `from` is left null, so that what moved away is not kept alive by
// it.
template <class T>
void move_refs(Ref<T>* to, Ref<T>* from, std::size_t count) noexcept {
  for (std::size_t i = 0; i < count; ++i) {
    to[i] = from[i];
    from[i] = nullptr;
  }
}

}  // namespace midden::inline MIDDEN_ABI
