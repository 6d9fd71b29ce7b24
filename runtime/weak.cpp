// Weak references, cleanups, destructors and external bytes: from a host's call to the collector's
// tables (collector/weak).

#include <midden/cleanup.hpp>
#include <midden/external.hpp>
#include <midden/weak.hpp>

#include <cstdint>
#include <cstring>
#include <span>
#include <stdexcept>
#include <string>

#include "runtime/core.hpp"

namespace midden::inline MIDDEN_ABI {

namespace {

collector::WeakPhase& weak_of(detail::Mutator& mutator) { return runtime::thread_of(mutator).core.cycle().weak(); }

// Whether one of the words is this address.
bool contains(std::span<const std::byte> words, const void* address) {
  for (; words.size() >= sizeof address; words = words.subspan(sizeof address)) {
    if (std::memcmp(words.data(), &address, sizeof address) == 0) return true;
  }
  return false;
}

void require_named(const void* object, const char* call) {
  if (object == nullptr) throw std::invalid_argument(std::string("midden: ") + call + " was called for no object");
}

}  // namespace

namespace detail {

void watch_weak(Mutator& mutator, std::atomic<void*>& word, const void* target) {
  runtime::thread_of(mutator).core.require_own(target);
  weak_of(mutator).refs().add(word, target);
}

void add_destructor(Mutator& mutator, void* object, void (*destroy)(void*)) {
  weak_of(mutator).cleanups().add_destructor(object, destroy);
}

void add_cleanup(void* object, void* argument, std::shared_ptr<Closure> closure, std::span<const std::byte> given) {
  Mutator& mutator = here();
  runtime::Core& core = runtime::thread_of(mutator).core;
  require_named(object, "add_cleanup");
  if (object == argument) {
    throw std::invalid_argument("midden: a cleanup's argument was its own object, which would then never die");
  }
  core.require_own(object);
  core.require_own(argument);
  if (contains(given, object)) core.warn_of_closure(object);
  weak_of(mutator).cleanups().add(object, argument, std::move(closure));
}

void set_external_bytes(const void* object, std::uint64_t bytes) {
  Mutator& mutator = here();
  require_named(object, "set_external_bytes");
  const Root<void> kept(mutator, const_cast<void*>(object));
  poll(mutator);
  runtime::thread_of(mutator).core.declare_external(object, bytes);
}

std::uint64_t external_bytes(const void* object) { return weak_of(here()).external().of(object); }

}  // namespace detail

}  // namespace midden::inline MIDDEN_ABI
