// Stops and handshakes: with threads that run, are blocked, come and go.

#include "runtime/world.hpp"

#include <atomic>
#include <map>
#include <mutex>
#include <thread>
#include <vector>

#include "runtime/core.hpp"
#include "tests/runtime/nodes.hpp"
#include "tests/support/catch.hpp"

using midden::Attach;
using midden::Blocked;
using midden::Root;
using midden::Runtime;

namespace {

// Threads that a test starts and ends; each is attached, and polls or is blocked until told to end.
class Crowd {
 public:
  explicit Crowd(Runtime& runtime) : runtime_(runtime) {}
  ~Crowd() { end(); }

  void add_running(int count) {
    for (int i = 0; i < count; ++i) {
      add([this] {
        while (!done_) midden::safepoint();
      });
    }
  }
  void add_blocked(int count) {
    for (int i = 0; i < count; ++i) {
      add([this] {
        const Blocked blocked;
        while (!done_) std::this_thread::yield();
      });
    }
  }
  void end() {
    done_ = true;
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
  }

 private:
  template <class F>
  void add(F wait) {
    const std::size_t before = arrived_;
    threads_.emplace_back([this, wait] {
      Attach here(runtime_);
      Root<Node> own = make_list(2);
      ++arrived_;
      wait();
    });
    while (arrived_ == before) std::this_thread::yield();
  }

  Runtime& runtime_;
  std::vector<std::thread> threads_;
  std::atomic<std::size_t> arrived_{0};
  std::atomic<bool> done_{false};
};

// Which threads ran a function, and how often.
class Tally {
 public:
  void operator()() {
    const std::lock_guard lock(mutex_);
    ++counts_[std::this_thread::get_id()];
  }
  std::size_t threads() const { return counts_.size(); }
  int of(std::thread::id id) const { return counts_.contains(id) ? counts_.at(id) : 0; }
  int total() const {
    int sum = 0;
    for (const auto& [id, count] : counts_) sum += count;
    return sum;
  }

 private:
  std::mutex mutex_;
  std::map<std::thread::id, int> counts_;
};

}  // namespace

TEST_CASE("A stop waits for running threads and not for blocked ones") {
  Runtime runtime(checking());
  Crowd crowd(runtime);
  crowd.add_running(3);
  crowd.add_blocked(4);
  for (int i = 0; i < 5; ++i) CHECK(live_objects(runtime) == 14);
  CHECK(runtime.last_cycle().mutators == 7);
  crowd.end();
  CHECK(live_objects(runtime) == 0);
  CHECK(runtime.last_cycle().mutators == 0);
}

TEST_CASE("A handshake without threads does nothing") {
  Runtime runtime(quiet());
  Tally tally;
  runtime.handshake([&] { tally(); });
  CHECK(tally.total() == 0);
}

TEST_CASE("A handshake runs once for each thread: on it while it runs, on the asker while it is blocked") {
  Runtime runtime(quiet());
  Crowd crowd(runtime);
  crowd.add_running(3);
  crowd.add_blocked(4);
  for (int i = 0; i < 20; ++i) {
    Tally tally;
    runtime.handshake([&] { tally(); });
    CHECK(tally.total() == 7);
    CHECK(tally.of(std::this_thread::get_id()) >= 4);
    // Later a thread that has just served one may still count as blocked.
    if (i == 0) CHECK(tally.threads() == 4);
  }
}

TEST_CASE("Who asks for a handshake takes part in it") {
  Runtime runtime(quiet());
  Attach here(runtime);
  Crowd crowd(runtime);
  crowd.add_running(1);
  Tally tally;
  runtime.handshake([&] { tally(); });
  CHECK(tally.total() == 2);
  CHECK(tally.of(std::this_thread::get_id()) == 1);
  // It runs again afterwards.
  CHECK(length_of(make_list(3).get()) == 3);
}

TEST_CASE("A handshake does not stop the world") {
  Runtime runtime(quiet());
  Crowd crowd(runtime);
  crowd.add_running(2);
  const std::uint64_t cycles = runtime.pauses().cycles;
  std::atomic<int> inside{0};
  runtime.handshake([&] { ++inside; });
  CHECK(inside == 2);
  CHECK(runtime.pauses().cycles == cycles);
}

TEST_CASE("What a thread wrote before a handshake is seen by the asker") {
  Runtime runtime(quiet());
  std::atomic<bool> done{false};
  std::int64_t steps = 0;  // plain: the handshakes order it
  std::thread worker([&] {
    Attach here(runtime);
    while (!done) {
      ++steps;
      midden::safepoint();
    }
  });
  std::int64_t last = 0;
  for (int i = 0; i < 50; ++i) {
    runtime.handshake([&] { last = steps; });
    CHECK(last >= 0);
  }
  done = true;
  worker.join();
  CHECK(last <= steps);
}

TEST_CASE("Handshakes and stops are asked for at once by many threads") {
  Runtime runtime(quiet());
  Crowd crowd(runtime);
  crowd.add_running(2);
  crowd.add_blocked(1);
  std::vector<std::thread> askers;
  std::atomic<int> ran{0};
  for (int i = 0; i < 3; ++i) {
    askers.emplace_back([&] {
      for (int k = 0; k < 50; ++k) runtime.handshake([&] { ++ran; });
    });
    askers.emplace_back([&] {
      Attach here(runtime);
      for (int k = 0; k < 20; ++k) runtime.collect();
    });
  }
  for (std::thread& asker : askers) asker.join();
  CHECK(ran >= 3 * 50 * 3);
  CHECK(runtime.pauses().cycles >= 20);
}

TEST_CASE("Handshakes meet threads that attach and leave") {
  Runtime runtime(quiet());
  std::atomic<bool> done{false};
  std::vector<std::thread> passers;
  std::atomic<int> visits{0};
  for (int i = 0; i < 3; ++i) {
    passers.emplace_back([&] {
      while (!done) {
        Attach here(runtime);
        Root<Node> list = make_list(3);
        ++visits;
        if (visits % 2 == 0) {
          const Blocked blocked;
          std::this_thread::yield();
        }
        list = nullptr;
      }
    });
  }
  std::atomic<int> ran{0};
  while (visits < 2000) {
    const int before = ran;
    runtime.handshake([&] { ++ran; });
    CHECK(ran - before <= 3);
    if (visits % 5 == 0) runtime.collect();
  }
  done = true;
  for (std::thread& passer : passers) passer.join();
  CHECK(live_objects(runtime) == 0);
  CHECK(runtime.core().world().names().empty());
}

TEST_CASE("Threads that attach during a stop wait for its end") {
  Runtime runtime(checking());
  struct Gate final : midden::Observer {
    std::atomic<bool> stopped{false};
    std::atomic<bool> open{false};
    void phase_begins(midden::Phase phase) override {
      if (phase != midden::Phase::mark) return;
      stopped = true;
      while (!open) std::this_thread::yield();
    }
  } gate;
  runtime.add_observer(gate);
  std::thread collector([&] { runtime.collect(); });
  while (!gate.stopped) std::this_thread::yield();
  std::atomic<bool> attached{false};
  std::thread late([&] {
    Attach here(runtime);
    attached = true;
    CHECK(length_of(make_list(4).get()) == 4);
  });
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  CHECK_FALSE(attached);
  gate.open = true;
  late.join();
  collector.join();
  CHECK(attached);
  runtime.remove_observer(gate);
}

TEST_CASE("Threads that unblock or leave during a stop wait for its end") {
  Runtime runtime(checking());
  struct Gate final : midden::Observer {
    std::atomic<bool> stopped{false};
    std::atomic<bool> open{false};
    void phase_begins(midden::Phase phase) override {
      if (phase != midden::Phase::mark) return;
      stopped = true;
      while (!open) std::this_thread::yield();
    }
  } gate;
  runtime.add_observer(gate);
  std::atomic<int> blocked{0};
  std::atomic<bool> go{false};
  std::atomic<int> through{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      Attach here(runtime);
      {
        const Blocked waiting;
        ++blocked;
        while (!go) std::this_thread::yield();
        if (i % 2 == 0) {
          const midden::Unblocked working;
          ++through;
        }
      }
      ++through;
    });
  }
  while (blocked != 4) std::this_thread::yield();
  std::thread collector([&] { runtime.collect(); });
  while (!gate.stopped) std::this_thread::yield();
  go = true;
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  CHECK(through == 0);
  gate.open = true;
  for (std::thread& thread : threads) thread.join();
  collector.join();
  CHECK(through == 6);
  runtime.remove_observer(gate);
}

TEST_CASE("Threads of two Runtimes may collect each other's") {
  Runtime a(quiet("a"));
  Runtime b(quiet("b"));
  std::atomic<int> ready{0};
  const auto collect_the_other = [&](Runtime& own, Runtime& other) {
    Attach here(own);
    Root<Node> list = make_list(10);
    ++ready;
    while (ready != 2) std::this_thread::yield();
    for (int i = 0; i < 200; ++i) {
      other.collect();
      if (i % 10 == 0) other.handshake([] {});
      if (i % 10 == 5) other.idle(std::chrono::nanoseconds(0));
    }
    CHECK(length_of(list.get()) == 10);
  };
  std::thread in_a([&] { collect_the_other(a, b); });
  std::thread in_b([&] { collect_the_other(b, a); });
  in_a.join();
  in_b.join();
  CHECK(a.pauses().cycles >= 1);
  CHECK(b.pauses().cycles >= 1);
}
