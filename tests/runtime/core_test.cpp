// The decision to collect: requests that are served together, growth, limits, and what remains
// usable after memory has run out.

#include "runtime/core.hpp"

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include <midden/segment.hpp>

#include "tests/runtime/nodes.hpp"
#include "tests/support/catch.hpp"

using midden::Array;
using midden::Attach;
using midden::Cause;
using midden::Ref;
using midden::Root;
using midden::Runtime;

namespace {

constexpr std::size_t mib = std::size_t{1} << 20;

struct Causes final : midden::Observer {
  std::vector<Cause> seen;
  void cycle_ended(const midden::CycleReport& report) override { seen.push_back(report.cause); }
};

// Holds each cycle before its pause until it is opened.
struct Gate final : midden::Observer {
  std::atomic<int> begun{0};
  std::atomic<bool> open{false};
  void cycle_begins(std::uint64_t, Cause) override {
    ++begun;
    while (!open) std::this_thread::yield();
  }
};

}  // namespace

TEST_CASE("Requests that wait while a cycle runs are served together by the next") {
  Runtime runtime(quiet());
  Gate gate;
  runtime.add_observer(gate);
  std::vector<std::thread> askers;
  askers.emplace_back([&] { runtime.collect(); });
  while (gate.begun == 0) std::this_thread::yield();
  std::atomic<int> asking{0};
  for (int i = 0; i < 5; ++i) {
    askers.emplace_back([&] {
      ++asking;
      runtime.collect();
    });
  }
  while (asking != 5) std::this_thread::yield();
  std::this_thread::sleep_for(std::chrono::milliseconds(30));
  gate.open = true;
  for (std::thread& asker : askers) asker.join();
  CHECK(runtime.pauses().cycles == 2);
  runtime.remove_observer(gate);
}

TEST_CASE("Whoever asks while a cycle runs is served by the next, beside one that is blocked for long") {
  midden::Config config = quiet();
  config.gc_floor = mib;
  Runtime runtime(config);
  Runtime other(quiet("other"));
  Gate gate;
  std::atomic<int> asking{0}, blocked{0};
  std::atomic<bool> release{false};
  std::int64_t kept = 0;
  std::thread away([&] {
    Attach here(runtime, "away");
    const Root<Node> list = make_list(10);
    const midden::Blocked region;
    ++blocked;
    while (!release) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    kept = length_of(list.get());
  });
  while (blocked == 0) std::this_thread::yield();
  for (std::uint64_t i = 1; i <= 20; ++i) {
    runtime.collect();
    REQUIRE(runtime.last_cycle().number == i);
    REQUIRE(runtime.last_cycle().objects_marked == 10);
  }

  runtime.add_observer(gate);
  std::vector<std::thread> askers;
  askers.emplace_back([&] { runtime.collect(); });
  while (gate.begun == 0) std::this_thread::yield();
  const auto ask = [&] {
    ++asking;
    runtime.collect();
  };
  askers.emplace_back(ask);
  askers.emplace_back([&] {
    Attach here(runtime);
    ask();
  });
  askers.emplace_back([&] {
    Attach here(runtime);
    const midden::Blocked region;
    ask();
  });
  askers.emplace_back([&] {
    Attach here(other);
    ask();
  });
  askers.emplace_back([&] {
    Attach here(runtime);
    ++asking;
    // More than the trigger: the allocation asks.
    for (std::size_t i = 0; i < mib / sizeof(Node) * 3 / 2; ++i) midden::make<Node>();
  });
  while (asking != 5) std::this_thread::yield();
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  gate.open = true;
  for (std::thread& asker : askers) asker.join();
  runtime.remove_observer(gate);
  CHECK(runtime.pauses().cycles == 22);  // it is blocked still
  release = true;
  away.join();
  CHECK(kept == 10);
}

TEST_CASE("A request that follows another gets a cycle of its own") {
  Runtime runtime(quiet());
  Attach here(runtime);
  for (std::uint64_t i = 1; i <= 10; ++i) {
    runtime.collect();
    CHECK(runtime.last_cycle().number == i);
  }
}

TEST_CASE("What was let go before a request is gone after it, whoever else collects") {
  Runtime runtime(quiet());
  std::atomic<bool> done{false};
  std::thread other([&] {
    while (!done) runtime.collect();
  });
  {
    Attach here(runtime);
    const midden::TypeHandle type = runtime.add_type({.name = "Told", .size = 64});
    for (int i = 0; i < 100; ++i) {
      Root<void> object = midden::make_object(type);
      const void* address = object.get();
      object = nullptr;
      runtime.collect();
      // Its slot has lost the colour that it had, or holds nothing.
      midden::detail::Mutator& self = here.mutator();
      REQUIRE(self.runtime == &runtime);
      const auto& heap = runtime.core().heap();
      const midden::NoSafepoint still;
      CHECK_FALSE(heap.address_space().metadata(address).has(heap.live_colour()));
    }
  }
  done = true;
  other.join();
}

TEST_CASE("Growth collects by itself, and the heap does not grow without end") {
  midden::Config config = quiet();
  config.gc_floor = mib;
  Runtime runtime(config);
  Attach here(runtime);
  Causes causes;
  runtime.add_observer(causes);
  for (int i = 0; i < 200'000; ++i) midden::make<Node>();
  runtime.remove_observer(causes);
  CHECK(causes.seen.size() >= 2);
  for (const Cause cause : causes.seen) CHECK(cause == Cause::growth);
  CHECK(runtime.heap().used_bytes < 4 * mib);
}

TEST_CASE("With gc_percent off nothing but a request collects") {
  midden::Config config = quiet();
  config.gc_percent.reset();
  config.gc_floor = 0;
  Runtime runtime(config);
  Attach here(runtime);
  for (int i = 0; i < 100'000; ++i) midden::make<Node>();
  CHECK(runtime.pauses().cycles == 0);
  CHECK(live_objects(runtime) == 0);
  CHECK(runtime.last_cycle().trigger_bytes == 0);
}

TEST_CASE("With gc_percent 0 a cycle begins after gc_floor bytes") {
  midden::Config config = quiet();
  config.gc_percent = 0;
  config.gc_floor = mib;
  Runtime runtime(config);
  Attach here(runtime);
  const Root<Node> kept = make_list(100'000);
  runtime.collect();
  CHECK(runtime.last_cycle().trigger_bytes == mib);
  const std::uint64_t before = runtime.pauses().cycles;
  for (int i = 0; i < 200'000; ++i) midden::make<Number>();
  CHECK(runtime.pauses().cycles >= before + 2);
}

TEST_CASE("Near the memory limit cycles come earlier") {
  midden::Config config = quiet();
  config.gc_percent.reset();
  config.memory_limit = 8 * mib;
  Runtime runtime(config);
  Attach here(runtime);
  Causes causes;
  runtime.add_observer(causes);
  const Root<Array<Ref<Node>>> kept = midden::make_array<Ref<Node>>(mib / 4);
  for (int i = 0; i < 4'000'000; ++i) midden::make<Node>();
  runtime.remove_observer(causes);
  // How many depends on the machine: the cap puts off those that follow one that took long.
  CHECK(causes.seen.size() >= 2);
  for (const Cause cause : causes.seen) CHECK(cause == Cause::limit);
}

TEST_CASE("A large request that would pass the memory limit has a cycle first, which may make room for it") {
  midden::Config config = quiet();
  config.gc_percent.reset();
  config.memory_limit = 64 * mib;
  Runtime runtime(config);
  Attach here(runtime);
  Causes causes;
  runtime.add_observer(causes);
  SECTION("an array") {
    midden::make_array<char>(40 * mib);
    const Root<Array<char>> kept = midden::make_array<char>(40 * mib);
    CHECK(runtime.heap().committed_bytes <= 64 * mib);
  }
  SECTION("an array that grows in place") {
    const Root<Array<char>> kept = midden::make_array<char>(30 * mib);
    midden::make_array<char>(20 * mib);
    REQUIRE(midden::detail::extend_elements(here.mutator(), kept.get(), 45 * mib));
    CHECK(runtime.heap().committed_bytes <= 64 * mib);
  }
  SECTION("a segment that is committed") {
    midden::make_array<char>(40 * mib);
    const Root<midden::Segment> segment = midden::make_segment(here, 50 * mib);
    CHECK(causes.seen.empty());
    midden::commit(here, *segment, 40 * mib);
  }
  runtime.remove_observer(causes);
  CHECK(causes.seen == std::vector{Cause::limit});
}

TEST_CASE("With more alive than the memory limit a program goes on, and says that it is above") {
  midden::Config config = quiet();
  config.memory_limit = 4 * mib;
  Runtime runtime(config);
  Attach here(runtime);
  const Root<Node> kept = make_list(400'000);  // 12 MiB and more
  const std::uint64_t before = runtime.pauses().cycles;
  constexpr std::uint64_t nodes = 2'000'000;
  for (std::uint64_t i = 0; i < nodes; ++i) midden::make<Node>();
  // What is bounded without a clock: a cycle is worth a mebibyte.
  CHECK(runtime.pauses().cycles - before <= nodes * sizeof(Node) / mib * 2);
  CHECK(runtime.pauses().cycles > before);
  CHECK(length_of(kept.get()) == 400'000);
  runtime.collect();
  CHECK(runtime.last_cycle().over_limit_bytes >= 400'000 * sizeof(Node) - 4 * mib);
  CHECK(runtime.last_cycle().capped);
  const midden::PauseReport pauses = runtime.pauses();
  CHECK(pauses.capped > 0);
  CHECK(pauses.collection_ns >= pauses.pause.sum());
  CHECK(pauses.share() > 0);
  CHECK(pauses.share() <= 1);
}

TEST_CASE("At heap_max there is OutOfMemory, and then going on once something is freed") {
  midden::Config config = quiet();
  config.check = GENERATE(false, true);
  config.heap_max = 4 * mib;
  Runtime runtime(config);
  Attach here(runtime);
  for (int round = 0; round < 3; ++round) {
    Root<Node> list;
    std::int64_t length = 0;
    const auto grow = [&] {
      while (true) {
        Root<Node> node = midden::make<Node>();
        node->left = list;
        list = node;
        ++length;
      }
    };
    CHECK_THROWS_AS(grow(), midden::OutOfMemory);
    CHECK(length > 100'000);
    CHECK(runtime.heap().committed_bytes <= 4 * mib);
    // The heap is intact, it stays full, and other sizes are refused as well.
    CHECK(length_of(list.get()) == length);
    CHECK_THROWS_AS(midden::make_array<char>(mib), std::bad_alloc);
    CHECK_THROWS_AS(midden::make_string(std::string(100'000, 'x')), midden::OutOfMemory);
    CHECK(length_of(list.get()) == length);
    for (std::int64_t i = 0; i < length / 2; ++i) list = list->left;
    Root<Node> again = make_list(length / 4);
    CHECK(length_of(list.get()) == length - length / 2);
    CHECK(length_of(again.get()) == length / 4);
  }
  CHECK(live_objects(runtime) == 0);
}

TEST_CASE("OutOfMemory says which limit it was") {
  midden::Config config = quiet();
  config.heap_max = 4 * mib;
  Runtime limited(config);
  config.heap_max = 0;
  config.reserve = 8 * mib;
  Runtime narrow(config);
  const auto complaint_of = [](Runtime& runtime) -> std::string {
    Attach here(runtime);
    std::vector<Root<Array<char>>> kept;
    try {
      while (true) kept.push_back(midden::make_array<char>(mib / 2));
    } catch (const midden::OutOfMemory& error) {
      return error.what();
    }
  };
  CHECK(complaint_of(limited).find("MIDDEN_HEAP_MAX") != std::string::npos);
  CHECK(complaint_of(narrow).find("Config::reserve") != std::string::npos);
  for (Runtime* runtime : {&limited, &narrow}) {
    Attach here(*runtime);
    CHECK(midden::make_array<char>(mib)->size() == mib);
  }
}

TEST_CASE("OutOfMemory is caught as what it is, in three ways") {
  midden::Config config = quiet();
  config.heap_max = mib;
  Runtime runtime(config);
  Attach here(runtime);
  CHECK_THROWS_AS(midden::make_array<char>(8 * mib), midden::OutOfMemory);
  CHECK_THROWS_AS(midden::make_array<char>(8 * mib), midden::Error);
  CHECK_THROWS_AS(midden::make_array<char>(8 * mib), std::bad_alloc);
  CHECK_THROWS_AS(midden::make_array<char>(8 * mib), std::exception);
}

TEST_CASE("Threads that run out of memory together all go on") {
  midden::Config config = quiet();
  config.heap_max = 8 * mib;
  Runtime runtime(config);
  std::vector<std::thread> threads;
  std::atomic<int> refused{0};
  std::atomic<int> wrong{0};
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      Attach here(runtime);
      for (int round = 0; round < 3; ++round) {
        Root<Node> list;
        std::int64_t length = 0;
        try {
          while (length < 500'000) {
            Root<Node> node = midden::make<Node>();
            node->left = list;
            list = node;
            ++length;
          }
        } catch (const midden::OutOfMemory&) {
          ++refused;
        }
        wrong += length_of(list.get()) != length;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(refused > 0);
  CHECK(wrong == 0);
  CHECK(live_objects(runtime) == 0);
}

TEST_CASE("A range that no system grants is OutOfMemory") {
  midden::Config config = quiet();
  config.reserve = std::size_t{1} << 52;
  CHECK_THROWS_AS(Runtime(config), midden::OutOfMemory);
}
