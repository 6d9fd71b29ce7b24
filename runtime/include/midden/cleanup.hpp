#pragma once
// Cleanups: what a host wants done when an object has died.
//
//   add_cleanup(file, [fd = file->descriptor] { ::close(fd); });
//   add_cleanup(session, log, [id](const Root<Log>& log) { log->note_end_of(id); });
//
// A closure runs once, after a cycle has found its object dead. It has no way to the object, whose
// memory may be in use again: it brings what it needs, by value, and may have one heap object as its
// argument, which is kept until the closure has run.
//
// Where: on the Runtime's housekeeper, at once after the cycle; with Config::run_cleanups off only
// in Runtime::run_cleanups. The thread is attached then: a closure may use the heap, allocate,
// collect, and add cleanups. One that takes long goes Blocked meanwhile, or collections wait for it.
// What it throws is fatal. The housekeeper takes no signals, and neither do threads and processes that a
// closure starts there. Those that have not run when the Runtime ends are run by that, on its thread,
// also what they add meanwhile, as far as a hundred cycles go.
//
// Order: those of one cycle before those of the next; within a cycle, what was added last comes
// first, as destructors of frames do. An object that is a cleanup's argument dies after that has run.
//
// A closure must not keep its own object: that never dies then. Neither as its argument (throws
// std::invalid_argument), nor by a path from its argument (a cycle finds it and says so, once, through
// Config::message; of several, one a cycle), nor by a GlobalRoot or Pin in it (a closure that has its
// object's address in it is told of when it is added, once for each type of object: a plain pointer there
// would dangle). Roots belong to their threads and have no place in one.
//
// Destructors: a type that has one and says
//   static constexpr midden::Destructor midden_destructor{};
// is destroyed as if by a cleanup: dead objects and what they refer to are kept until their
// destructors have run. Within a cycle those of objects made last run first, all before the cleanups.
// A destructor may read its references, but what they name may have been destroyed already: its bytes are
// zero then. It reaches no safepoint once it has begun to end what its type's scan function reads.
//
// Threads: any attached one adds; any at all cancels.

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <type_traits>
#include <utility>

#include <midden/closure.hpp>
#include <midden/make.hpp>

namespace midden::inline MIDDEN_ABI {

namespace detail {

template <class F, class A>
class TypedClosure final : public Closure {
 public:
  explicit TypedClosure(F&& f) : f_(std::move(f)) {}
  void run(void* argument) override {
    F f = std::move(*f_);
    f_.reset();  // what it holds ends with `f`, not with a handle that the host keeps
    if constexpr (std::is_void_v<A>) {
      f();
    } else {
      f(Root<A>(static_cast<A*>(argument)));
    }
  }
  void drop() noexcept override { f_.reset(); }

  // What the host has given, without what the classes around it add.
  std::span<const std::byte> bytes() const noexcept { return {reinterpret_cast<const std::byte*>(&*f_), sizeof(F)}; }

 private:
  std::optional<F> f_;
};

// What the host has given is looked through for the object's address. Throws NotAttached, std::invalid_argument,
// std::bad_alloc.
void add_cleanup(void* object, void* argument, std::shared_ptr<Closure> closure, std::span<const std::byte> given);

}  // namespace detail

// A cleanup that may still be cancelled. May be dropped.
class Cleanup {
 public:
  Cleanup() = default;
  // For add_cleanup.
  explicit Cleanup(std::shared_ptr<detail::Closure> closure) : closure_(std::move(closure)) {}

  // True: it will not run, and what it held has ended. False: it ran, runs, or was cancelled before.
  bool cancel() noexcept {
    const bool first = closure_ != nullptr && closure_->claim();
    if (first) closure_->drop();
    return first;
  }

 private:
  std::shared_ptr<detail::Closure> closure_;
};

// `f()` when the object has died. `object`: a Root, Ref, GlobalRoot or Pin; not null.
template <class N, class F>
Cleanup add_cleanup(const N& object, F f) {
  using Typed = detail::TypedClosure<F, void>;
  const auto closure = std::make_shared<Typed>(std::move(f));
  detail::add_cleanup(detail::as_target(object.get()), nullptr, closure, closure->bytes());
  return Cleanup(closure);
}

// `f(const Root<A>& argument)`, where `argument` names an A, or nothing.
template <class N, class M, class F>
Cleanup add_cleanup(const N& object, const M& argument, F f) {
  using Typed = detail::TypedClosure<F, typename M::Target>;
  const auto closure = std::make_shared<Typed>(std::move(f));
  detail::add_cleanup(detail::as_target(object.get()), detail::as_target(argument.get()), closure, closure->bytes());
  return Cleanup(closure);
}

}  // namespace midden::inline MIDDEN_ABI
