// Times to stop by thread, the latest of a stop, and the warning of one that was too late.

#include <atomic>
#include <chrono>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "runtime/world.hpp"
#include "tests/runtime/nodes.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/death.hpp"

using midden::Attach;
using midden::Blocked;
using midden::CycleReport;
using midden::Runtime;
using midden::ThreadReport;
using std::chrono::milliseconds;

namespace {

// Long for a stop, and for a limit in whole milliseconds.
constexpr milliseconds nap{20};

// What a thread does when it has been asked to stop and has slept: each counts as stopping.
enum class Way { polls, allocates, blocks, attaches_elsewhere, ends };

// Named in the call stack, so it is no lambda and is not inlined.
[[gnu::noinline]] void sleep_through_a_request(Attach& here, milliseconds time) {
  while (!here.mutator().asked()) std::this_thread::yield();
  std::this_thread::sleep_for(time);
}

[[gnu::noinline]] std::size_t stop_late_with_a_name(Attach& here, Runtime& elsewhere, Way way) {
  sleep_through_a_request(here, nap);
  if (way == Way::polls) midden::safepoint(here);
  if (way == Way::allocates) midden::make<Number>();
  if (way == Way::blocks) const Blocked blocked;
  if (way == Way::attaches_elsewhere) const Attach other(elsewhere, "elsewhere");
  return here.runtime().threads().size();  // so that what was called before is not the last call
}

// A thread that lets one stop wait.
class Laggard {
 public:
  Laggard(Runtime& runtime, Runtime& elsewhere, std::string name, Way way = Way::polls)
      : thread_([this, &runtime, &elsewhere, name = std::move(name), way] {
          {
            Attach here(runtime, name);
            running_ = true;
            if (way == Way::ends) {
              sleep_through_a_request(here, nap);
            } else {
              stop_late_with_a_name(here, elsewhere, way);
            }
          }
          ended_ = true;
        }) {
    while (!running_) std::this_thread::yield();
  }
  ~Laggard() { thread_.join(); }
  Laggard(const Laggard&) = delete;
  Laggard& operator=(const Laggard&) = delete;

  bool ended() const { return ended_; }

 private:
  std::atomic<bool> running_{false};
  std::atomic<bool> ended_{false};
  std::thread thread_;
};

// What a Runtime said.
class Lines {
 public:
  midden::Config config(milliseconds stop_warn) {
    midden::Config config = quiet("late");
    config.stop_warn = stop_warn;
    config.message = [this](std::string_view line) {
      const std::lock_guard lock(mutex_);
      lines_.emplace_back(line);
    };
    return config;
  }
  std::vector<std::string> all() const {
    const std::lock_guard lock(mutex_);
    return lines_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> lines_;
};

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

ThreadReport report_of(const Runtime& runtime, const std::string& name) {
  for (const ThreadReport& thread : runtime.threads()) {
    if (thread.name == name) return thread;
  }
  FAIL("no thread " + name);
  return {};
}

}  // namespace

TEST_CASE("The thread that stops last is named, in whatever way it stops") {
  const Way way = GENERATE(Way::polls, Way::allocates, Way::blocks, Way::attaches_elsewhere, Way::ends);
  CAPTURE(static_cast<int>(way));
  Runtime elsewhere(quiet("elsewhere"));
  Runtime runtime(quiet());
  CycleReport report;
  {
    const Laggard late(runtime, elsewhere, "a thread with a name that is long", way);
    runtime.collect();
    report = runtime.last_cycle();
  }
  CHECK(report.late_thread == "a thread with a name that is long");
  CHECK(report.late_ns >= std::chrono::nanoseconds(nap).count() / 2);
  CHECK(report.late_ns <= report.ns(midden::Phase::stop));

  runtime.collect();
  CHECK(runtime.last_cycle().late_thread.empty());
  CHECK(runtime.last_cycle().late_ns == 0);
}

TEST_CASE("A blocked thread is never the late one, and has no time to stop") {
  Runtime runtime(quiet());
  std::atomic<bool> done{false};
  std::atomic<bool> blocked{false};
  std::thread waiter([&] {
    const Attach here(runtime, "waiter");
    const Blocked region;
    blocked = true;
    while (!done) std::this_thread::yield();
  });
  while (!blocked) std::this_thread::yield();
  for (int i = 0; i < 5; ++i) {
    runtime.collect();
    CHECK(runtime.last_cycle().mutators == 1);
    CHECK(runtime.last_cycle().late_thread.empty());
    CHECK(runtime.last_cycle().late_ns == 0);
  }
  const ThreadReport report = report_of(runtime, "waiter");
  CHECK(report.blocked);
  CHECK(report.stop.count() == 0);
  done = true;
  waiter.join();
  CHECK(runtime.threads().empty());
}

TEST_CASE("A thread that collects does not wait for itself") {
  Runtime runtime(quiet());
  const Attach here(runtime, "collector");
  runtime.collect();
  CHECK(runtime.last_cycle().mutators == 1);
  CHECK(runtime.last_cycle().late_thread.empty());
  const ThreadReport report = report_of(runtime, "collector");
  CHECK_FALSE(report.blocked);
  CHECK(report.stop.count() == 0);
}

TEST_CASE("Each stop that finds a thread running is counted in its histogram, and no handshake is") {
  Runtime runtime(quiet());
  std::atomic<bool> done{false};
  std::atomic<std::uint64_t> rounds{0};
  std::thread runner([&] {
    Attach here(runtime, "runner");
    while (!done) {
      midden::safepoint(here);
      ++rounds;
    }
  });
  const auto wait_until_it_runs = [&] {
    const std::uint64_t before = rounds;
    while (rounds < before + 2) std::this_thread::yield();
  };
  wait_until_it_runs();
  for (int i = 0; i < 10; ++i) runtime.handshake([] {});
  CHECK(report_of(runtime, "runner").stop.count() == 0);
  std::uint64_t longest = 0;
  std::uint64_t sum = 0;
  for (int i = 0; i < 10; ++i) {
    wait_until_it_runs();
    runtime.collect();
    const CycleReport cycle = runtime.last_cycle();
    CHECK(cycle.late_thread == "runner");
    longest = std::max(longest, cycle.late_ns);
    sum += cycle.late_ns;
  }
  const ThreadReport report = report_of(runtime, "runner");
  CHECK(report.stop.count() == 10);
  CHECK(report.stop.max() == longest);
  CHECK(report.stop.sum() == sum);
  done = true;
  runner.join();
}

TEST_CASE("Threads are reported in the order in which they came") {
  Runtime a(quiet("a"));
  Runtime b(quiet("b"));
  const Attach in_a(a, "first");
  const Attach again(a, "does nothing");
  REQUIRE(a.threads().size() == 1);
  CHECK(a.threads()[0].name == "first");
  CHECK_FALSE(a.threads()[0].blocked);
  const Attach in_b(b, "second");
  CHECK(a.threads()[0].blocked);
  REQUIRE(b.threads().size() == 1);
  CHECK(b.threads()[0].name == "second");
  const Blocked blocked;
  const Attach anew(a, "third");
  REQUIRE(a.threads().size() == 2);
  CHECK(a.threads()[1].name == "third");
  CHECK_FALSE(a.threads()[1].blocked);
}

TEST_CASE("A function of a handshake that asks for the threads is fatal") {
  const Death death = death_of([] {
    Runtime runtime(quiet());
    const Attach here(runtime, "culprit");
    runtime.handshake([&] { static_cast<void>(runtime.threads()); });
  });
  INFO(death.words);
  CHECK(death.signal == SIGABRT);
  CHECK(death.says("a function of a handshake waits for others"));
}

TEST_CASE("A late thread is warned of once, with its name, the cycle and its own call stack") {
  const Way way = GENERATE(Way::polls, Way::allocates, Way::blocks, Way::attaches_elsewhere);
  CAPTURE(static_cast<int>(way));
  Lines lines;
  Runtime elsewhere(quiet("elsewhere"));
  Runtime runtime(lines.config(milliseconds(1)));
  {
    const Laggard late(runtime, elsewhere, "sleeper", way);
    runtime.collect();
  }
  runtime.collect();
  REQUIRE(lines.all().size() == 1);
  const std::string line = lines.all()[0];
  CAPTURE(line);
  CHECK(line.starts_with("midden: late: thread \"sleeper\" stopped "));
  CHECK(has(line, " ms after cycle 1 had asked (MIDDEN_STOP_WARN is 1 ms); it stopped at:\n"));
  CHECK((has(line, "stop_late_with_a_name") || has(line, "this build has no call stacks")));
  CHECK(line.back() != '\n');
}

TEST_CASE("A thread is not warned of below the threshold, nor where that is 0") {
  const milliseconds threshold = GENERATE(milliseconds(0), milliseconds(3'600'000));
  Lines lines;
  Runtime elsewhere(quiet("elsewhere"));
  Runtime runtime(lines.config(threshold));
  {
    const Laggard late(runtime, elsewhere, "sleeper");
    runtime.collect();
  }
  CHECK(runtime.last_cycle().late_thread == "sleeper");
  CHECK(lines.all().empty());
}

TEST_CASE("Of several late threads the latest is warned of, and the number said") {
  Lines lines;
  Runtime elsewhere(quiet("elsewhere"));
  Runtime runtime(lines.config(milliseconds(1)));
  {
    const Laggard one(runtime, elsewhere, "one");
    const Laggard two(runtime, elsewhere, "two", Way::blocks);
    const Laggard three(runtime, elsewhere, "three", Way::ends);
    runtime.collect();
  }
  REQUIRE(lines.all().size() == 1);
  const std::string line = lines.all()[0];
  CAPTURE(line);
  CHECK(has(line, "thread \"" + runtime.last_cycle().late_thread + "\" stopped "));
  CHECK(has(line, ", the latest of 3 late threads; it stopped at:\n"));
}

TEST_CASE("A late thread may end before the warning is said") {
  std::atomic<const Laggard*> late{nullptr};
  std::atomic<int> said{0};
  std::string line;
  midden::Config config = quiet();
  config.stop_warn = milliseconds(1);
  config.message = [&](std::string_view text) {
    line = text;
    while (!late.load()->ended()) std::this_thread::yield();
    ++said;
  };
  Runtime elsewhere(quiet("elsewhere"));
  Runtime runtime(config);
  for (int i = 1; i <= 5; ++i) {
    const Laggard sleeper(runtime, elsewhere, "mayfly", Way::ends);
    late = &sleeper;
    runtime.collect();
    CHECK(said == i);
    CAPTURE(line);
    CHECK(has(line, "thread \"mayfly\" stopped "));
    CHECK((has(line, "Attach") || has(line, "this build has no call stacks")));
  }
}

TEST_CASE("Late threads, the warning and the next cycles get along") {
  Lines lines;
  Runtime elsewhere(quiet("elsewhere"));
  Runtime runtime(lines.config(milliseconds(1)));
  std::atomic<bool> done{false};
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&, i] {
      while (!done) {
        Attach here(runtime, "passer");
        for (int k = 0; k < 20 && !done; ++k) {
          midden::make<Number>();
          if (k == 7 * i) std::this_thread::sleep_for(milliseconds(3));
        }
        if (i == 1) runtime.collect();
      }
    });
  }
  const std::uint64_t wanted = runtime.last_cycle().number + 60;
  while (runtime.last_cycle().number < wanted) runtime.collect();
  done = true;
  for (std::thread& thread : threads) thread.join();
  CHECK(runtime.threads().empty());
  CHECK(lines.all().size() <= runtime.last_cycle().number);
  for (const std::string& line : lines.all()) CHECK(has(line, "thread \"passer\" stopped "));
}
