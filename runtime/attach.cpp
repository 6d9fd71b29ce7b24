// Attach, Blocked, Unblocked, NoSafepoint, RootList::Use and GlobalRoot: who is the current
// mutator of a thread, and what a thread that has none is told.

#include <midden/attach.hpp>

#include <pthread.h>

#include <utility>

#include <midden/root.hpp>

#include "runtime/core.hpp"
#include "runtime/fatal.hpp"

namespace midden::inline MIDDEN_ABI {

namespace {

// The mutator of the innermost Blocked region of this thread.
thread_local constinit detail::Mutator* blocked_mutator = nullptr;

runtime::Thread& thread_of(detail::Mutator& mutator) { return static_cast<runtime::Thread&>(mutator); }

[[maybe_unused]] void fault_store(const void* edge, const void* target) {
  char text[128];
  std::snprintf(text, sizeof text, "the reference at %p was to name %p", edge, target);
  runtime::fatal("a reference to an object of another Runtime, or of none, was stored", text);
}

void set_current(detail::Mutator* mutator) {
  detail::current = mutator;
  detail::barrier_log = mutator == nullptr ? nullptr : &thread_of(*mutator).barrier;
  if constexpr (checked) {
    detail::current_heap = {};
    if (mutator == nullptr) return;
    const collector::AddressSpace& space = thread_of(*mutator).core.heap().address_space();
    detail::current_heap = {space.base(), space.reserved_blocks() * collector::block_bytes, fault_store};
  }
}

void leave(detail::Mutator& mutator) {
  thread_of(mutator).core.block(thread_of(mutator));
  set_current(nullptr);
}

void enter(detail::Mutator& mutator) {
  thread_of(mutator).core.world().unblock(thread_of(mutator));
  set_current(&mutator);
}

std::string name_of_this_thread(std::string_view given) {
  if (!given.empty()) return std::string(given);
  char name[16] = "";
  ::pthread_getname_np(::pthread_self(), name, sizeof name);
  return name;
}

}  // namespace

namespace detail {

void throw_not_attached() {
  const std::string thread = "midden: thread '" + name_of_this_thread({}) + "' touched the heap ";
  throw NotAttached(thread + (blocked_mutator == nullptr ? "without being attached: make a midden::Attach first"
                                                         : "while it is Blocked: use midden::Unblocked inside"));
}

void poll_slow(Mutator& mutator) { thread_of(mutator).core.poll(thread_of(mutator)); }
void note_root_slow(Mutator& mutator) { thread_of(mutator).core.note_root(thread_of(mutator)); }

}  // namespace detail

Attach::Attach(Runtime& runtime, std::string_view name)
    : outer_(detail::current), own_(outer_ == nullptr || outer_->runtime != &runtime) {
  if (!own_) {
    mutator_ = outer_;
    return;
  }
  if (outer_ != nullptr) leave(*outer_);
  mutator_ = &runtime.core().attach(name_of_this_thread(name));
  set_current(mutator_);
}

Attach::~Attach() {
  if (!own_) return;
  runtime::Thread& thread = thread_of(*mutator_);
  thread.core.detach(thread);
  set_current(nullptr);
  if (outer_ != nullptr) enter(*outer_);
}

Blocked::Blocked() : mutator_(detail::current) {
  if (mutator_ == nullptr) {
    if (blocked_mutator == nullptr) detail::throw_not_attached();
    return;
  }
  leave(*mutator_);
  outer_ = std::exchange(blocked_mutator, mutator_);
}

Blocked::~Blocked() {
  if (mutator_ == nullptr) return;
  blocked_mutator = outer_;
  enter(*mutator_);
}

Unblocked::Unblocked() : mutator_(std::exchange(blocked_mutator, nullptr)) {
  if (mutator_ == nullptr) throw NotAttached("midden: Unblocked was used outside of a Blocked region");
  enter(*mutator_);
}

Unblocked::~Unblocked() {
  leave(*mutator_);
  blocked_mutator = mutator_;
}

NoSafepoint::NoSafepoint()
    : mutator_(detail::here()),
      outermost_((runtime::Word(mutator_).set(detail::no_safepoint_bit) & detail::no_safepoint_bit) == 0) {}

NoSafepoint::~NoSafepoint() {
  if (outermost_) runtime::Word(mutator_).clear(detail::no_safepoint_bit);
}

// --- roots ----------------------------------------------------------------------------------

RootList::RootList(Runtime& runtime) : runtime_(runtime) { runtime.core().tasks().add(roots_); }

RootList::~RootList() {
  if (roots_.next != &roots_) {
    runtime::fatal("a RootList ended while roots in it were alive",
                   runtime::describe_roots(runtime_.core().heap(), roots_));
  }
  runtime_.core().tasks().remove(roots_);
}

RootList::Use::Use(RootList& list) : list_(list) {
  detail::Mutator& mutator = detail::here();
  if (mutator.runtime != &list.runtime_)
    throw NotAttached("midden: a RootList was used in another Runtime than its own");
  // Acquire and release order what two threads did with the list one after the other.
  if (list_.in_use_.exchange(true, std::memory_order_acquire)) {
    runtime::fatal("a RootList was used twice at the same time", "thread " + thread_of(mutator).name);
  }
  outer_ = std::exchange(mutator.roots, &list_.roots_);
}

RootList::Use::~Use() {
  detail::here().roots = outer_;
  list_.in_use_.store(false, std::memory_order_release);
}

namespace detail {

AnyGlobalRoot::AnyGlobalRoot(void* object) : object_(object), table_(here().runtime->core().globals()) {
  table_->add(*this);
}

AnyGlobalRoot::~AnyGlobalRoot() { table_->remove(*this); }

}  // namespace detail

}  // namespace midden::inline MIDDEN_ABI
