// What happens around a Runtime: signals, exceptions that end a thread, an exit while threads run.

#include <pthread.h>

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <exception>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "tests/runtime/nodes.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/death.hpp"

using midden::Attach;
using midden::Root;
using midden::Runtime;

namespace {

std::atomic<std::uint64_t> signals{0};

extern "C" void count_signal(int) { signals.fetch_add(1, std::memory_order_relaxed); }

// Calls that it interrupts are not begun again.
class Handled {
 public:
  Handled() {
    struct sigaction action {};
    action.sa_handler = count_signal;
    ::sigaction(SIGUSR1, &action, &before_);
  }
  ~Handled() { ::sigaction(SIGUSR1, &before_, nullptr); }
  Handled(const Handled&) = delete;
  Handled& operator=(const Handled&) = delete;

 private:
  struct sigaction before_ {};
};

}  // namespace

TEST_CASE("Signals in the midst of pauses, stops and waits change nothing") {
  const Handled handled;
  Runtime runtime(checking());
  std::atomic<bool> done{false};
  std::atomic<int> ended{0};
  std::atomic<int> right{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&, i] {
      const Attach here(runtime);
      const Root<Node> kept = make_list(200);
      for (int k = 0; k < 100; ++k) {
        make_list(20);
        if (i != 2) runtime.collect();
        if (i == 0) runtime.handshake([] {});
        if (i == 1) runtime.wait_for_grace_period();
        if (i == 2) midden::safepoint();
      }
      if (length_of(kept.get()) == 200) ++right;
      ++ended;
      const midden::Blocked blocked;
      while (!done) std::this_thread::yield();
    });
  }
  const std::uint64_t before = signals;
  do {
    for (std::thread& thread : threads) ::pthread_kill(thread.native_handle(), SIGUSR1);
    std::this_thread::sleep_for(std::chrono::microseconds(50));
  } while (ended < 3);
  done = true;
  for (std::thread& thread : threads) thread.join();
  CHECK(right == 3);
  CHECK(signals > before);
  const Attach here(runtime);
  CHECK(live_objects(runtime) == 0);
}

TEST_CASE("A thread that an exception or pthread_exit ends leaves its roots and its Attach behind it") {
  Runtime runtime(checking());
  const bool thrown = GENERATE(true, false);
  std::string said;
  std::thread([&] {
    try {
      const Attach here(runtime, "victim");
      const Root<Node> list = make_list(100);
      const Root<Node> more = make_list(100);
      if (!thrown) ::pthread_exit(nullptr);
      throw std::runtime_error("out of the thread");
    } catch (const std::exception& error) {
      said = error.what();
    }
  }).join();
  CHECK(said == (thrown ? "out of the thread" : ""));
  CHECK(runtime.threads().empty());
  const Attach here(runtime);
  CHECK(live_objects(runtime) == 0);
}

TEST_CASE("An exception that nobody catches ends the process at once, though the world is about to stop") {
  const Death death = death_of([] {
    Runtime runtime(quiet());
    std::thread([&] {
      const Attach here(runtime, "victim");
      const Root<Node> list = make_list(100);
      std::thread collector([&] { runtime.collect(); });
      while (!here.mutator().asked()) std::this_thread::yield();
      std::set_terminate([] {
        std::fputs("terminated\n", stderr);
        std::abort();
      });
      throw std::runtime_error("nobody catches it");
    }).join();
  });
  INFO(death.words);
  CHECK(death.signal == SIGABRT);
  CHECK(death.says("terminated"));
}

TEST_CASE("A process exits while threads of a Runtime that is never ended run") {
  for (int i = 0; i < 10; ++i) {
    const Death death = death_of([] {
      auto* const runtime = new Runtime(quiet());
      std::atomic<int> running{0};
      for (int k = 0; k < 3; ++k) {
        std::thread([runtime, &running] {
          const Attach here(*runtime);
          const Root<Node> kept = make_list(100);
          ++running;
          while (true) {
            make_list(1000);
            runtime->collect();
          }
        }).detach();
      }
      while (running < 3) std::this_thread::yield();
      std::exit(0);
    });
    INFO(death.words);
    CHECK(death.signal == 0);
  }
}
