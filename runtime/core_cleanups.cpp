// Core's part of cleanups: who runs them, and what becomes of them when the Runtime ends.

#include <exception>
#include <limits>
#include <string>

#include "runtime/core.hpp"
#include "runtime/fatal.hpp"

namespace midden::inline MIDDEN_ABI::runtime {

namespace {

constexpr std::size_t all = std::numeric_limits<std::size_t>::max();
constexpr std::uint64_t no_deadline = std::numeric_limits<std::uint64_t>::max();

void run(collector::Cleanups::Due& due) {
  if (due.closure == nullptr) {
    due.destroy(due.argument);
  } else if (due.closure->claim()) {
    due.closure->run(due.argument);
  }
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
  for (; count < most; ++count) {
    std::optional<collector::Cleanups::Due> due = cleanups.take();
    if (!due) break;
    const Root<void> kept(here.mutator(), due->argument);
    try {
      run(*due);
    } catch (const std::exception& error) {
      fatal("a cleanup or destructor threw", error.what());
    } catch (...) {
      fatal("a cleanup or destructor threw something that is no std::exception");
    }
    safepoint(here);
    if (collector::steady_ns() >= deadline_ns) return count + 1;
  }
  return count;
}

// The housekeeper's: a few at a time, so that one who ends it does not wait for all.
bool Core::run_some_cleanups() {
  constexpr std::size_t few = 16;
  return run_cleanups(few, no_deadline) > 0;
}

// Cycles with the roots that are left find the dead in their order. What then still keeps itself, or is
// kept, is done at last.
void Core::end_cleanups() {
  collector::Cleanups& cleanups = cycle_.weak().cleanups();
  cleanups.close();
  while (cleanups.queued() + cleanups.registered() > 0) {
    if (cleanups.queued() == 0) collect(Cause::requested);
    if (cleanups.queued() == 0) cleanups.make_all_due();
    run_cleanups(all, no_deadline);
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

void Core::declare_external(const void* object, std::uint64_t bytes) {
  require_own(object);
  if (heap_.external_due()) collect(Cause::growth);
  heap_.count_external(cycle_.weak().external().declare(object, bytes));
}

}  // namespace midden::inline MIDDEN_ABI::runtime
