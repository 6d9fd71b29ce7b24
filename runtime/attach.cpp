// Attach, Blocked, Unblocked, NoSafepoint, RootList::Use and GlobalRoot: who is the current
// mutator of a thread, and what a thread that has none is told.

#include <midden/attach.hpp>

#include <pthread.h>

#include <utility>

#include <midden/defer.hpp>
#include <midden/root.hpp>

#include "runtime/core.hpp"
#include "runtime/fatal.hpp"

namespace midden::inline MIDDEN_ABI {

namespace {

// Where this thread stands: outside (neither), running (`detail::current`), or blocked (this one).
thread_local constinit detail::Mutator* blocked_mutator = nullptr;
// Whether it ran, or was blocked, when its process was forked, or one before. It is the child's first thread then.
thread_local constinit bool forked_while_attached = false;

void fault_store(const void* edge, const void* target) {
  char text[128];
  std::snprintf(text, sizeof text, "the reference at %p was to name %p", edge, target);
  runtime::fatal("a reference to an object of another Runtime, or of none, was stored", text);
}

void fault_blocked_store(const void*, const void*) {
  runtime::fatal("a reference was stored by a thread that is Blocked",
                 "thread " + runtime::thread_of(*blocked_mutator).name);
}

// What a stored reference may name, for the checked build; nothing while the thread is blocked.
[[maybe_unused]] detail::HeapRange nameable(const detail::Mutator* running, const detail::Mutator* blocked) {
  if (running != nullptr) {
    const collector::AddressSpace& space = running->runtime->core().heap().address_space();
    return {space.base(), space.reserved_blocks() * collector::block_bytes, fault_store};
  }
  static constexpr std::byte nothing{};
  return blocked == nullptr ? detail::HeapRange{} : detail::HeapRange{&nothing, 1, fault_blocked_store};
}

// At most one of the two is not null.
void stand(detail::Mutator* running, detail::Mutator* blocked) {
  detail::current = running;
  blocked_mutator = blocked;
  detail::barrier_log = running == nullptr ? nullptr : &runtime::thread_of(*running).barrier;
  if constexpr (checked) detail::current_heap = nameable(running, blocked);
}

void leave(detail::Mutator& mutator) {
  runtime::thread_of(mutator).core.block(runtime::thread_of(mutator));
  stand(nullptr, &mutator);
}

void enter(detail::Mutator& mutator) {
  runtime::thread_of(mutator).core.unblock(runtime::thread_of(mutator));
  stand(&mutator, nullptr);
}

// Of another process, whose copy this one is: nothing of it can end here.
bool inherited(const detail::Mutator& mutator) { return mutator.runtime->core().inherited(); }

// The place of a new Attach, Blocked or Unblocked among those of the mutator.
std::uint32_t nest(detail::Mutator& mutator) { return ++mutator.nested; }

// `standing`: what this thread is now, in the way that the one that ends must find it.
void unnest(const char* ended, const detail::Mutator* standing, detail::Mutator& mutator, std::uint32_t depth) {
  // The count is this thread's to read only where the mutator is.
  if (standing != &mutator || mutator.nested != depth) {
    runtime::fatal(std::string(ended) + " ended before what was nested in it, or on another thread",
                   "thread " + runtime::thread_of(mutator).name);
  }
  --mutator.nested;
}

std::string name_of_this_thread(std::string_view given) {
  if (!given.empty()) return std::string(given);
  char name[16] = "";
  ::pthread_getname_np(::pthread_self(), name, sizeof name);
  return name[0] == '\0' ? "unnamed" : name;
}

}  // namespace

namespace detail {

void throw_not_attached() {
  const Mutator* const known = current != nullptr ? current : blocked_mutator;
  std::string text = "midden: thread '";
  text.append(known != nullptr ? static_cast<const runtime::Thread*>(known)->name : name_of_this_thread({}));
  text.append("' touched the heap ");
  if (current != nullptr) {
    text.append("through an Attach that is not its innermost one, or is another thread's");
  } else if (blocked_mutator != nullptr) {
    text.append("while it is Blocked: use midden::Unblocked inside");
  } else if (forked_while_attached) {
    text.append("in a child of fork: a Runtime belongs to the process that made it, make another there");
  } else {
    text.append("without being attached: make a midden::Attach first");
  }
  throw NotAttached(text);
}

void poll_slow(Mutator& mutator) {
  require_current(mutator);
  runtime::thread_of(mutator).core.poll(runtime::thread_of(mutator));
}
void run_refused_cycle(Mutator& mutator) {
  require_current(mutator);
  runtime::thread_of(mutator).core.collect_refused(runtime::thread_of(mutator));
}
void note_root_slow(Mutator& mutator) {
  runtime::Thread& thread = runtime::thread_of(mutator);
  thread.core.note(thread, &Stress::root);
}
void note_resize_slow(Mutator& mutator) {
  runtime::Thread& thread = runtime::thread_of(mutator);
  thread.core.note(thread, &Stress::resize);
}
bool is_rebuild_due(Mutator& mutator) noexcept {
  runtime::Thread& thread = runtime::thread_of(mutator);
  return thread.core.is_due(thread, &Stress::rebuild);
}
void place_slow(Mutator& mutator, RootPlace& root) noexcept {
  runtime::Thread& thread = runtime::thread_of(mutator);
  if (mutator.roots == &thread.own_roots.list()) return thread.place_own(root);
  root.link_after(*mutator.roots);
}
void take_place_in_thread(RootPlace& root, RootPlace& from) noexcept {
  runtime::Thread* const thread = current == nullptr ? nullptr : &runtime::thread_of(*current);
  const bool own = thread != nullptr && from.stands_in(thread->own_roots.window());
  if (!own) thread == nullptr ? fault_root() : fault_foreign_root();
  from.leave();
  from.be_alone();
  own ? thread->place_own(root) : root.be_alone();
}
void fault_interior() noexcept {
  runtime::fatal(
      "a reference to a base that does not lie at the begin of its object",
      "references name the start of an object: list the base first, or keep a reference to the derived class");
}
void fault_root() noexcept {
  if (forked_while_attached) return;
  runtime::fatal("a Root was moved or ended by a thread that is Blocked or not attached",
                 "thread " + name_of_this_thread({}));
}
void fault_foreign_root() noexcept {
  if (forked_while_attached) return;
  runtime::fatal("a Root was assigned, moved or ended in another Runtime than its own",
                 "thread " + runtime::thread_of(*current).name + ", runtime " + current->runtime->config().name);
}
void fault_read_section() noexcept {
  if (forked_while_attached) return;
  runtime::fatal("a ReadSection ended while its thread was Blocked or not attached, or on another thread",
                 "thread " + name_of_this_thread({}));
}
void raise_grace(Mutator& mutator) noexcept {
  mutator.grace_waits = false;
  runtime::Word(mutator).set(grace_bit);
}

}  // namespace detail

void runtime::forget_attachment() noexcept {
  forked_while_attached |= detail::current != nullptr || blocked_mutator != nullptr;
  stand(nullptr, nullptr);
}

void Attach::begin(Runtime& runtime, std::string_view name) {
  blocked_ = blocked_mutator;
  if (outer_ != nullptr) leave(*outer_);
  try {
    mutator_ = &runtime.core().attach(name_of_this_thread(name));
  } catch (...) {
    if (outer_ != nullptr) enter(*outer_);
    throw;
  }
  stand(mutator_, nullptr);
}

void Attach::end() {
  if (inherited(*mutator_)) return;
  runtime::Thread& thread = runtime::thread_of(*mutator_);
  unnest("an Attach", detail::current, thread, depth_);
  thread.core.detach(thread);
  stand(nullptr, blocked_);
  if (outer_ != nullptr) enter(*outer_);
}

Blocked::Blocked()
    : mutator_(detail::current != nullptr ? detail::current : blocked_mutator), outermost_(detail::current != nullptr) {
  if (mutator_ == nullptr) detail::throw_not_attached();
  if (outermost_) leave(*mutator_);
  depth_ = nest(*mutator_);
}

Blocked::~Blocked() {
  if (inherited(*mutator_)) return;
  unnest("a Blocked", blocked_mutator, *mutator_, depth_);
  if (outermost_) enter(*mutator_);
}

Unblocked::Unblocked() : mutator_(blocked_mutator) {
  if (mutator_ == nullptr) throw NotAttached("midden: Unblocked was used outside of a Blocked region");
  enter(*mutator_);
  depth_ = nest(*mutator_);
}

Unblocked::~Unblocked() {
  if (inherited(*mutator_)) return;
  unnest("an Unblocked", detail::current, *mutator_, depth_);
  leave(*mutator_);
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
  if (runtime_.core().inherited()) return;
  if (in_use_.load(std::memory_order_acquire)) runtime::fatal("a RootList ended while it was used");
  if (const std::vector<void*> named = runtime::named_by(roots_); !named.empty()) {
    runtime::fatal("a RootList ended while roots in it were alive",
                   runtime::describe_roots(runtime_.core().heap(), named));
  }
  runtime_.core().tasks().remove(roots_);
}

RootList::Use::Use(RootList& list) : list_(list), mutator_(detail::here()) {
  if (mutator_.runtime != &list.runtime_)
    throw NotAttached("midden: a RootList was used in another Runtime than its own");
  // Acquire and release order what two threads did with the list one after the other.
  if (list_.in_use_.exchange(true, std::memory_order_acquire)) {
    runtime::fatal("a RootList was used twice at the same time", "thread " + runtime::thread_of(mutator_).name);
  }
  outer_ = mutator_.roots;
  runtime::thread_of(mutator_).use_roots(list_.roots_);
}

RootList::Use::~Use() {
  if (inherited(mutator_)) return;
  if (detail::current != &mutator_ || mutator_.roots != &list_.roots_) {
    runtime::fatal("a RootList::Use ended out of order, while Blocked, or on another thread");
  }
  runtime::thread_of(mutator_).use_roots(*outer_);
  list_.in_use_.store(false, std::memory_order_release);
}

namespace detail {

AnyGlobalRoot::AnyGlobalRoot(void* object) : object_(object), table_(here().runtime->core().globals()) {
  current->runtime->core().require_own(object);
  table_->add(*this);
}

void AnyGlobalRoot::require_own(const void* object) const {
  Mutator& mutator = here();
  if (!table_->belongs_to(*mutator.runtime)) {
    runtime::fatal("a GlobalRoot was assigned to outside of its Runtime, or after that had ended",
                   "thread " + runtime::thread_of(mutator).name + ", runtime " + mutator.runtime->config().name);
  }
  mutator.runtime->core().require_own(object);
}

AnyGlobalRoot::~AnyGlobalRoot() { table_->remove(*this); }

}  // namespace detail

}  // namespace midden::inline MIDDEN_ABI
