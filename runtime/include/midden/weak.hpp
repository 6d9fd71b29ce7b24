#pragma once
// WeakRef<T>: a heap object that names another and does not keep it.
//
//   Root<WeakRef<Session>> weak = make_weak(session);
//   if (Root<Session> still = weak->get()) ...
//
// It is kept like any object: by a Root, or by a Ref<WeakRef<T>> in a heap object, where it makes
// that field a weak one. A cycle that finds the target dead makes it null, before the target's
// cleanups and destructor run: what `get` returns is alive, and never half gone. Between the last
// use of an object and the next cycle `get` still finds it.
//
// Threads: `get` and `expired` on any attached thread, beside each other.

#include <atomic>

#include <midden/describe.hpp>
#include <midden/make.hpp>

namespace midden::inline MIDDEN_ABI {

template <class T>
class WeakRef;

namespace detail {
// From here on a cycle makes `word`, the start of a WeakRef, null when `target` has died. Throws
// std::bad_alloc.
void watch_weak(Mutator& mutator, std::atomic<void*>& word, const void* target);

template <class T>
Root<WeakRef<T>> make_weak_in(Mutator& mutator, const Root<T>& object);
}  // namespace detail

template <class T>
class WeakRef {
 public:
  using Target = T;
  static constexpr Leaf midden_leaf{};

  WeakRef() = default;  // null; `make_weak` makes one that names something

  // The object, or null where it has died. Throws NotAttached.
  Root<T> get() const { return Root<T>(detail::here(), static_cast<T*>(load())); }
  bool expired() const noexcept { return load() == nullptr; }

 private:
  friend Root<WeakRef> detail::make_weak_in<T>(detail::Mutator& mutator, const Root<T>& object);

  // Relaxed: it is made null only while every mutator is stopped, and published as any object is.
  void* load() const noexcept { return target_.load(std::memory_order_relaxed); }

  std::atomic<void*> target_{nullptr};
};

namespace detail {
template <class T>
Root<WeakRef<T>> make_weak_in(Mutator& mutator, const Root<T>& object) {
  Root<WeakRef<T>> weak = make_in<WeakRef<T>>(mutator);
  if (object.get() == nullptr) return weak;
  void* const target = as_target(object.get());
  watch_weak(mutator, weak->target_, target);
  weak->target_.store(target, std::memory_order_relaxed);
  publish_object();
  return weak;
}
}  // namespace detail

// A weak reference to what a Root, Ref, GlobalRoot or Pin names. Throws OutOfMemory, std::bad_alloc.
template <class N>
Root<WeakRef<typename N::Target>> make_weak(const N& object) {
  return detail::make_weak_in(detail::here(), Root<typename N::Target>(object));
}
template <class N>
Root<WeakRef<typename N::Target>> make_weak(Attach& here, const N& object) {
  detail::require_current(here.mutator());
  return detail::make_weak_in(here.mutator(), Root<typename N::Target>(object));
}

}  // namespace midden::inline MIDDEN_ABI
