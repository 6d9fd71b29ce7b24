#pragma once
// Starting threads that belong to a Runtime: they take no signals, which are the host's, run where the
// Runtime was made, wherever the thread is tied to that starts them, and have a name for debuggers and
// lists of threads.

#include <pthread.h>
#include <signal.h>

#include <thread>
#include <utility>

#include <midden/build.hpp>

#include "runtime/processors.hpp"

namespace midden::inline MIDDEN_ABI::runtime {

// `name` has at most 15 characters. Throws std::system_error where the system has no more threads.
// Requires: the placement outlives the thread.
template <class Body>
std::thread start_quiet_thread(const char* name, const Placement& placement, Body&& body) {
  struct Quiet {
    Quiet() {
      ::sigset_t all;
      ::sigfillset(&all);
      // Those are no host's but a fault of the thread's own: blocked, they would end the process unseen.
      for (const int fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP}) ::sigdelset(&all, fault);
      ::pthread_sigmask(SIG_SETMASK, &all, &before);
    }
    ~Quiet() { ::pthread_sigmask(SIG_SETMASK, &before, nullptr); }
    ::sigset_t before;
  } const quiet;  // a thread begins with its maker's mask
  return std::thread([name, &placement, body = std::forward<Body>(body)]() mutable {
    placement.take();
    ::pthread_setname_np(::pthread_self(), name);
    body();
  });
}

}  // namespace midden::inline MIDDEN_ABI::runtime
