// Core's part of cleanups: who runs them, and what becomes of them when the Runtime ends.

#include <cstring>
#include <exception>
#include <limits>
#include <new>
#include <string>

#include "runtime/core.hpp"
#include "runtime/fatal.hpp"

namespace midden::inline MIDDEN_ABI::runtime {

namespace {

constexpr std::size_t all = std::numeric_limits<std::size_t>::max();
constexpr std::uint64_t no_deadline = std::numeric_limits<std::uint64_t>::max();

// Whether there was something to run: not where it had been cancelled.
bool run(collector::Cleanups::Due& due, collector::Heap& heap) {
  if (due.closure == nullptr) {
    due.destroy(due.argument);
    // A cycle may still come by, from another object that waits for its destructor. Zero is what an
    // object is before it is constructed: its type's scan function can look at that.
    std::memset(due.argument, 0, heap.slot_bytes_of(due.argument));
    return true;
  }
  if (!due.closure->claim()) return false;
  due.closure->run(due.argument);
  return true;
}

}  // namespace

std::size_t Core::run_cleanups(std::size_t most, std::uint64_t deadline_ns) {
  require_outside_of_cycle();
  require_outside_of_handshake();
  collector::Cleanups& cleanups = cycle_.weak().cleanups();
  if (cleanups.queued() == 0) return 0;
  Attach here(face_);
  cleanups.gather();
  std::size_t count = 0;
  while (count < most) {
    std::optional<collector::Cleanups::Due> due = cleanups.take();
    if (!due) break;
    const Root<void> kept(here.mutator(), due->argument);
    try {
      count += run(*due, heap_);
    } catch (const std::exception& error) {
      fatal("a cleanup or destructor threw", error.what());
    } catch (...) {
      fatal("a cleanup or destructor threw something that is no std::exception");
    }
    safepoint(here);
    if (collector::steady_ns() >= deadline_ns) break;
  }
  return count;
}

// The housekeeper's: a few at a time, so that one who ends it does not wait for all. Where the host has no
// memory they wait for the next cycle.
bool Core::run_some_cleanups() {
  constexpr std::size_t few = 16;
  try {
    return run_cleanups(few, no_deadline) > 0;
  } catch (const std::bad_alloc&) {
    return false;
  }
}

// Cycles find the dead in their order, with the roots that are left, then without; a hundred each, so that
// one who adds cleanups for ever comes to an end. What then still keeps itself is done at last.
void Core::end_cleanups() {
  collector::Cleanups& cleanups = cycle_.weak().cleanups();
  try {
    settle_cleanups();
    close_roots();
    settle_cleanups();
    cleanups.close();
    cleanups.make_all_due();
    run_cleanups(all, no_deadline);
  } catch (const std::bad_alloc&) {
    // What it had no memory for is told of below.
  }
  close_roots();
  if (const std::size_t left = cleanups.queued() + cleanups.registered(); left > 0) {
    say(std::to_string(left) + " cleanups were not run: the host had no memory for it");
  }
}

void Core::settle_cleanups() {
  constexpr int most_cycles = 100;
  collector::Cleanups& cleanups = cycle_.weak().cleanups();
  for (int cycle = 0; cycle < most_cycles; ++cycle) {
    run_cleanups(all, no_deadline);
    if (cleanups.registered() == 0) return;
    collect(Cause::requested);
    if (cleanups.queued() == 0) return;
  }
}

// On the collecting thread, when the world runs again.
void Core::follow_up_cleanups() {
  collector::Cleanups& cleanups = cycle_.weak().cleanups();
  cleanups.gather();
  const auto name_of = [&](const void* object) { return std::string(heap_.type_of(object).info().name); };
  if (const auto kept = cleanups.self_kept()) {
    say("a cleanup of " + name_of(kept->object) + " keeps its own object alive: its argument, " +
        name_of(kept->argument) + ", leads back to it");
  }
}

void Core::warn_of_closure(const void* object) {
  const std::string name(heap_.type_of(object).info().name);
  {
    const std::lock_guard lock(told_mutex_);
    if (!told_closures_.insert(name).second) return;
  }
  say("the closure of a cleanup has the address of its own object, " + name +
      ", in it: a root or pin there keeps the object for ever, a pointer dangles when it runs");
}

void Core::declare_external(const void* object, std::uint64_t bytes) {
  require_own(object);
  if (heap_.external_due() && detail::current->deferring == 0) collect(Cause::growth);
  heap_.count_external(cycle_.weak().external().declare(object, bytes));
}

}  // namespace midden::inline MIDDEN_ABI::runtime
