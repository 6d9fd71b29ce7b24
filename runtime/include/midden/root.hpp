#pragma once
// Roots: what keeps objects alive from a host's own frames and data.
//
//   Root<T>        in frames and host objects of one thread or task; about 1 ns in a frame, 4 elsewhere
//   RootList       the roots of a task (coroutine, fibre) that moves between threads
//   GlobalRoot<T>  any thread, any lifetime; takes a lock when made and when it ends
//
// A Root belongs to its thread, or to the task whose RootList was in use when it was made
// (<midden/root_place.hpp> says how it is found). It may be moved, and roots may end in any order. Operations on a
// Root are heap touches: the thread must be attached and not Blocked (else NotAttached; moving and
// ending one cannot throw, and are checked in the checked build only), except reading it. Making,
// assigning and ending a root is never a safepoint. Requires: the thread runs in the Runtime in
// which the root was made (checked build).
//
// Threads: a Root and its list are used by one thread at a time; a GlobalRoot by any, and its
// loads and stores are atomic.

#include <atomic>
#include <cstddef>
#include <memory>
#include <type_traits>
#include <utility>

#include <midden/build.hpp>
#include <midden/mutator.hpp>
#include <midden/ref.hpp>
#include <midden/root_place.hpp>

namespace midden::inline MIDDEN_ABI {

class Runtime;

namespace detail {

// The Runtime in whose lists a root is, for the checked build; nothing in others.
template <bool noted>
class ListOwner {
 public:
  void note(const Mutator&) noexcept {}
  void require(const Mutator&) const noexcept {}
};
template <>
class ListOwner<true> {
 public:
  void note(const Mutator& mutator) noexcept { runtime_ = mutator.runtime; }
  void require(const Mutator& mutator) const noexcept {
    if (mutator.runtime != runtime_) fault_foreign_root();
  }

 private:
  const Runtime* runtime_ = nullptr;
};

// A root's life, without its type.
class AnyRoot {
 protected:
  AnyRoot() : AnyRoot(here(), nullptr) {}
  explicit AnyRoot(void* object) { assign(object); }
  // For allocation, which has the mutator at hand.
  AnyRoot(Mutator& mutator, void* object) : place_(object) { join(mutator); }
  AnyRoot(AnyRoot&& other) noexcept : place_(other.place_.object), owner_(other.owner_) {
    other.require_running();
    if (other.place_.in_window()) {
      take_place_in_thread(place_, other.place_);
    } else {
      place_.replace(other.place_);
    }
    other.place_.object = nullptr;
  }
  ~AnyRoot() {
    require_running();
    place_.leave();
  }

  // A root that was moved from is in no list; it joins this thread's when it is assigned to.
  void assign(void* object) {
    Mutator& mutator = here();
    check_store(&place_.object, object);
    if (mutator.stress_roots != 0) [[unlikely]]
      note_root_slow(mutator);
    if (place_.alone()) join(mutator);
    owner_.require(mutator);
    place_.object = object;
  }
  void assign(AnyRoot&& other) {
    other.require_running();
    assign(other.place_.object);
    if (this != &other) other.place_.object = nullptr;
  }
  void* object() const noexcept { return place_.object; }

 private:
  void join(Mutator& mutator) {
    if (!place_.enter(mutator.window)) [[unlikely]]
      place_slow(mutator, place_);
    owner_.note(mutator);
  }
  // What cannot throw is fatal in the checked build: a list that changes while it may be traced.
  void require_running() const noexcept {
    if constexpr (checked) {
      if (place_.alone()) return;
      if (current == nullptr) return fault_root();
      owner_.require(*current);
    }
  }

  RootPlace place_;
  [[no_unique_address]] ListOwner<checked> owner_;
};

}  // namespace detail

template <class T>
class Root : detail::AnyRoot {
 public:
  using Target = T;

  Root() = default;
  Root(std::nullptr_t) {}
  // Requires: `object` is null or the start of an object that is alive now.
  explicit Root(T* object) : AnyRoot(detail::as_target(object)) {}
  template <Names<T> N>
  Root(const N& other) : Root(detail::as_base<T>(other.get())) {}
  Root(const Root& other) : Root(other.get()) {}
  Root(Root&& other) noexcept = default;
  ~Root() = default;

  Root& operator=(T* object) {
    assign(detail::as_target(object));
    return *this;
  }
  Root& operator=(std::nullptr_t) { return *this = static_cast<T*>(nullptr); }
  template <Names<T> N>
  Root& operator=(const N& other) {
    return *this = detail::as_base<T>(other.get());
  }
  Root& operator=(const Root& other) { return *this = other.get(); }
  Root& operator=(Root&& other) {
    assign(static_cast<AnyRoot&&>(other));
    return *this;
  }

  // The object; it stays alive while this root, or another, names it.
  T* get() const noexcept { return static_cast<T*>(object()); }
  T* operator->() const noexcept { return get(); }
  auto& operator*() const noexcept requires(!std::is_void_v<T>) { return *get(); }
  explicit operator bool() const noexcept { return get() != nullptr; }

  friend bool operator==(const Root& a, const Root& b) noexcept { return a.get() == b.get(); }
  friend bool operator==(const Root& a, std::nullptr_t) noexcept { return a.get() == nullptr; }

  // For allocation.
  Root(detail::Mutator& mutator, T* object) : AnyRoot(mutator, detail::as_target(object)) {}
};

// The roots of a task. While a `Use` lives, roots made on the thread join this list and not the
// thread's. Hand the task over by ending the Use on one thread and beginning one on another;
// the host synchronises the two. Ending the list with roots in it is fatal, and so is using it
// on two threads at once, or ending a Use out of order or where it did not begin.
class RootList {
 public:
  explicit RootList(Runtime& runtime);
  ~RootList();
  RootList(const RootList&) = delete;
  RootList& operator=(const RootList&) = delete;

  // Requires: attached to the list's Runtime.
  class Use {
   public:
    explicit Use(RootList& list);
    ~Use();
    Use(const Use&) = delete;
    Use& operator=(const Use&) = delete;

   private:
    RootList& list_;
    detail::Mutator& mutator_;
    detail::RootPlace* outer_;
  };

 private:
  friend class Use;
  Runtime& runtime_;
  detail::RootPlace roots_;
  std::atomic<bool> in_use_{false};
};

namespace detail {

class GlobalRoots;

class AnyGlobalRoot {
 public:
  AnyGlobalRoot(const AnyGlobalRoot&) = delete;
  AnyGlobalRoot& operator=(const AnyGlobalRoot&) = delete;

 protected:
  explicit AnyGlobalRoot(void* object);  // in the current Runtime; throws NotAttached
  ~AnyGlobalRoot();

  // Release and acquire: the object named is seen as the storing thread left it.
  void* load() const noexcept { return object_.load(std::memory_order_acquire); }
  void store(void* object) {
    if (object != nullptr) require_own(object);
    put(object);
  }

 private:
  friend class GlobalRoots;
  void put(void* object) noexcept { object_.store(object, std::memory_order_release); }
  // Throws NotAttached; fatal outside of the root's Runtime, and for another's object.
  void require_own(const void* object) const;

  std::atomic<void*> object_;
  std::shared_ptr<GlobalRoots> table_;  // outlives the Runtime as long as a root needs it
};

}  // namespace detail

// A root without a thread. When its Runtime ends it becomes null, and the Runtime reports it. It
// may be made empty by any thread, at any time. It is made, and assigned an object, by a thread
// that runs in its Runtime: NotAttached for one that runs in none. Assigning in another Runtime,
// or after its own has ended, is fatal, and so is an object of another Runtime.
template <class T>
class GlobalRoot : detail::AnyGlobalRoot {
 public:
  using Target = T;

  GlobalRoot() : AnyGlobalRoot(nullptr) {}
  explicit GlobalRoot(T* object) : AnyGlobalRoot(detail::as_target(object)) {}
  template <Names<T> N>
  explicit GlobalRoot(const N& other) : GlobalRoot(detail::as_base<T>(other.get())) {}

  GlobalRoot& operator=(T* object) {
    store(detail::as_target(object));
    return *this;
  }
  GlobalRoot& operator=(std::nullptr_t) { return *this = static_cast<T*>(nullptr); }
  template <Names<T> N>
  GlobalRoot& operator=(const N& other) {
    return *this = detail::as_base<T>(other.get());
  }

  T* get() const noexcept { return static_cast<T*>(load()); }
  T* operator->() const noexcept { return get(); }
  explicit operator bool() const noexcept { return get() != nullptr; }
};

}  // namespace midden::inline MIDDEN_ABI
