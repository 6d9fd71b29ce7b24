// Grace periods: whom they wait for, and that memory is not used again too early.

#include "runtime/grace.hpp"

#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <functional>
#include <optional>
#include <thread>
#include <vector>

#include <midden/grace.hpp>

#include "tests/runtime/nodes.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/death.hpp"
#include "tests/support/seed.hpp"

using midden::Attach;
using midden::Blocked;
using midden::ReadSection;
using midden::Runtime;

namespace {

// An attached thread that does one thing after the other, as it is told; in between it sits still and does
// not poll.
class Puppet {
 public:
  explicit Puppet(Runtime& runtime, const char* name = "puppet")
      : thread_([this, &runtime, name] {
          std::optional<Attach> here(std::in_place, runtime, name);
          here_ = &here;
          for (int done = 0;; ++done) {
            done_ = done;
            while (told_ == done) std::this_thread::yield();
            if (!step_) return;
            step_();
          }
        }) {
    while (done_ < 0) std::this_thread::yield();
  }
  ~Puppet() {
    tell({});
    thread_.join();
  }
  void does(std::function<void()> step) {
    const int before = done_;
    tell(std::move(step));
    while (done_ == before) std::this_thread::yield();
  }
  void polls() {
    does([] { midden::safepoint(); });
  }
  void opens() {
    does([this] { section_.emplace(**here_); });
  }
  void closes() {
    does([this] { section_.reset(); });
  }
  void leaves() {
    does([this] { here_->reset(); });
  }

 private:
  void tell(std::function<void()> step) {
    step_ = std::move(step);
    ++told_;
  }

  std::function<void()> step_;
  std::optional<Attach>* here_ = nullptr;
  std::optional<ReadSection> section_;
  std::atomic<int> told_{0};
  std::atomic<int> done_{-1};
  std::thread thread_;
};

}  // namespace

TEST_CASE("A thread that blocks is waited for neither by the period under way nor by the one behind it") {
  Runtime runtime(quiet());
  Attach here(runtime);
  const std::uint64_t first = runtime.begin_grace_period();
  const std::uint64_t second = runtime.begin_grace_period();
  CHECK(first < second);
  CHECK_FALSE(runtime.grace_period_over(first));
  const Blocked blocked;
  CHECK(runtime.grace_period_over(first));
  CHECK(runtime.grace_period_over(second));
}

TEST_CASE("Threads wait for periods that others have asked for before, and none for ever") {
  Runtime runtime(quiet());
  std::vector<std::thread> threads;
  for (int t = 0; t < 3; ++t) {
    threads.emplace_back([&runtime] {
      Attach here(runtime);
      for (int i = 0; i < 300; ++i) {
        const std::uint64_t period = runtime.begin_grace_period();
        if (i % 3 == 0) midden::safepoint();
        runtime.wait_for_grace_period();
        if (!runtime.grace_period_over(period)) std::abort();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(runtime.grace().over == runtime.grace().asked);
}

TEST_CASE("A grace period without running threads is over at once") {
  Runtime runtime(quiet());
  CHECK(runtime.grace_period_over(runtime.begin_grace_period()));
  Attach here(runtime);
  const Blocked blocked;
  CHECK(runtime.grace_period_over(runtime.begin_grace_period()));
  CHECK(runtime.grace().over == 2);
}

TEST_CASE("A grace period waits until each thread that ran has polled, blocked or left") {
  Runtime runtime(quiet());
  Puppet polls(runtime, "polls");
  Puppet blocks(runtime, "blocks");
  Puppet leaves(runtime, "leaves");
  const std::uint64_t period = runtime.begin_grace_period();
  CHECK_FALSE(runtime.grace_period_over(period));
  Puppet late(runtime);  // it comes after the begin: nobody waits for it
  CHECK(runtime.grace().waits_for == std::vector<std::string>{"polls", "blocks", "leaves"});
  CHECK(runtime.grace().waiting_ns > 0);
  polls.polls();
  blocks.does([] { const Blocked blocked; });
  CHECK_FALSE(runtime.grace_period_over(period));
  CHECK(runtime.grace().waits_for == std::vector<std::string>{"leaves"});
  leaves.leaves();
  CHECK(runtime.grace_period_over(period));
  CHECK(runtime.grace().waits_for.empty());
}

TEST_CASE("A period that is asked for while one is under way begins after it") {
  Runtime runtime(quiet());
  Puppet one(runtime);
  Puppet other(runtime);
  const std::uint64_t first = runtime.begin_grace_period();
  one.polls();
  const std::uint64_t second = runtime.begin_grace_period();
  const std::uint64_t third = runtime.begin_grace_period();
  CHECK(second > first);
  CHECK(third == second);
  other.polls();
  CHECK(runtime.grace_period_over(first));
  CHECK_FALSE(runtime.grace_period_over(second));  // `one` has polled before it was asked for
  one.polls();
  CHECK_FALSE(runtime.grace_period_over(second));
  other.polls();
  CHECK(runtime.grace_period_over(second));
}

TEST_CASE("In a read section neither polls nor blocking let a grace period go on, and the poll after it does") {
  Runtime runtime(quiet());
  Puppet reader(runtime, "reader");
  reader.opens();
  const std::uint64_t period = runtime.begin_grace_period();
  for (int i = 0; i < 3; ++i) reader.polls();
  reader.does([] { const Blocked blocked; });
  reader.does([&] { runtime.collect(); });  // which stops the world, the reader's too
  CHECK_FALSE(runtime.grace_period_over(period));
  CHECK(runtime.grace().waits_for == std::vector<std::string>{"reader"});
  reader.closes();
  CHECK_FALSE(runtime.grace_period_over(period));
  reader.polls();
  CHECK(runtime.grace_period_over(period));
  // Nothing is left behind for the next one.
  const std::uint64_t next = runtime.begin_grace_period();
  reader.polls();
  CHECK(runtime.grace_period_over(next));
}

TEST_CASE("A period that begins while a thread is Blocked in a read section waits for that section") {
  Runtime runtime(quiet());
  Puppet reader(runtime);
  reader.opens();
  std::uint64_t period = 0;
  reader.does([&] {
    const Blocked blocked;
    period = runtime.begin_grace_period();
  });
  CHECK_FALSE(runtime.grace_period_over(period));
  reader.polls();
  CHECK_FALSE(runtime.grace_period_over(period));
  reader.closes();
  reader.polls();
  CHECK(runtime.grace_period_over(period));
}

TEST_CASE("Who waits for a grace period takes part in it") {
  Runtime runtime(quiet());
  Attach here(runtime);
  std::atomic<bool> done{false};
  std::thread runner([&] {
    Attach there(runtime);
    while (!done) midden::safepoint(there);
  });
  for (int i = 0; i < 50; ++i) runtime.wait_for_grace_period();
  done = true;
  {
    const Blocked blocked;
    runner.join();
  }
  CHECK(runtime.grace().over == 50);
}

TEST_CASE("Waiting for a grace period inside a read section, and ending one too late, are fatal") {
  const auto says = [](auto&& misuse, const char* words) {
    const Death death = death_of(misuse);
    INFO(death.words);
    CHECK(death.signal == SIGABRT);
    CHECK(death.says(words));
  };
  says(
      [] {
        Runtime runtime(quiet());
        Attach here(runtime);
        const ReadSection reading(here);
        runtime.wait_for_grace_period();
      },
      "inside a ReadSection");
  says(
      [] {
        Runtime runtime(quiet());
        Attach here(runtime);
        std::optional<ReadSection> reading(std::in_place, here);
        const Blocked blocked;
        reading.reset();
      },
      "ReadSection ended while its thread was Blocked");
  says(
      [] {
        Runtime runtime(quiet());
        std::optional<Attach> here(std::in_place, runtime);
        const ReadSection reading(*here);
        here.reset();
      },
      "an Attach ended inside a ReadSection");
}

// Readers find a cell through a shared word, look at it for a while, and must not see it used again.
TEST_CASE("What was taken out is not used again while a thread may look at it") {
  Runtime runtime(quiet());
  constexpr std::size_t cells = 64;
  std::array<std::atomic<std::uint64_t>, cells> uses{};  // even: in the structure or free; odd: being used again
  std::atomic<std::size_t> shared{0};
  std::atomic<bool> done{false};
  std::atomic<int> seen_too_late{0};
  std::vector<std::thread> readers;
  for (int i = 0; i < 3; ++i) {
    readers.emplace_back([&, i] {
      auto random = test_generator(static_cast<std::uint64_t>(900 + i));
      Attach here(runtime);
      while (!done) {
        std::optional<ReadSection> section;
        if (i != 0) section.emplace(here);
        const std::size_t cell = shared.load(std::memory_order_acquire);
        const std::uint64_t before = uses[cell].load(std::memory_order_acquire);
        for (auto steps = random() % 20; steps > 0; --steps) {
          if (i != 0) midden::safepoint(here);
          if (random() % 16 == 0) std::this_thread::yield();
        }
        if (uses[cell].load(std::memory_order_acquire) != before) ++seen_too_late;
        section.reset();
        midden::safepoint(here);
      }
    });
  }
  struct Retired {
    std::size_t cell;
    std::uint64_t period;
  };
  std::vector<Retired> retired;
  std::vector<std::size_t> free;
  for (std::size_t cell = 1; cell < cells; ++cell) free.push_back(cell);
  std::uint64_t reused = 0;
  const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(300);
  while (std::chrono::steady_clock::now() < end) {
    if (!free.empty()) {
      const std::size_t old = shared.exchange(free.back(), std::memory_order_acq_rel);
      free.pop_back();
      retired.push_back({old, runtime.begin_grace_period()});
    } else {
      std::this_thread::yield();
    }
    std::erase_if(retired, [&](const Retired& one) {
      if (!runtime.grace_period_over(one.period)) return false;
      uses[one.cell] += 2;
      free.push_back(one.cell);
      ++reused;
      return true;
    });
  }
  done = true;
  for (std::thread& reader : readers) reader.join();
  CHECK(seen_too_late == 0);
  CHECK(reused > 10);
}
