#include "runtime/process.hpp"

#include <pthread.h>

#include <atomic>
#include <system_error>

namespace midden::inline MIDDEN_ABI::runtime {

namespace {

// Forks between the first process and this one. Relaxed: it changes where there is one thread.
constinit std::atomic<std::uint64_t> generation{0};

extern "C" void begin_child() {
  generation.fetch_add(1, std::memory_order_relaxed);
  forget_attachment();
}

struct Registration {
  Registration() {
    const int error = ::pthread_atfork(nullptr, nullptr, begin_child);
    if (error != 0) throw std::system_error(error, std::generic_category(), "midden: pthread_atfork");
  }
};

}  // namespace

Process::Process() : generation_(generation.load(std::memory_order_relaxed)) { static const Registration registered; }

bool Process::is_this() const noexcept { return generation_ == generation.load(std::memory_order_relaxed); }

}  // namespace midden::inline MIDDEN_ABI::runtime
