// DeferSafepoints and without_safepoints: what waits inside, what is refused, and what is then done outside.

#include <midden/defer.hpp>

#include <mutex>
#include <stdexcept>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "tests/runtime/nodes.hpp"
#include "tests/support/catch.hpp"

using midden::Attach;
using midden::DeferSafepoints;
using midden::OutOfMemory;
using midden::Root;
using midden::Runtime;
using midden::SafepointDeferred;
using midden::without_safepoints;

namespace {

std::uint64_t cycles(const Runtime& runtime) { return runtime.pauses().cycles; }

midden::Config small() {
  midden::Config config = checking();
  config.heap_max = std::size_t{8} << 20;
  return config;
}

// Garbage until an allocation is refused; how many were served.
int allocate_until_refused(Attach& here) {
  for (int served = 0; served < 1'000'000; ++served) {
    try {
      midden::make_array<std::byte>(here, 1000);
    } catch (const SafepointDeferred&) {
      return served;
    }
  }
  return -1;
}

}  // namespace

TEST_CASE("Inside a DeferSafepoints scope polls do nothing, and the first one behind it stops") {
  Runtime runtime(quiet());
  Attach here(runtime);
  std::thread other([&] { runtime.collect(); });
  {
    const DeferSafepoints outer(here);
    while (!here.mutator().asked()) std::this_thread::yield();
    {
      const DeferSafepoints inner(here);
      for (int i = 0; i < 1000; ++i) midden::safepoint(here);
    }
    for (int i = 0; i < 1000; ++i) midden::make<Node>(here);
    CHECK(here.mutator().asked());
    CHECK(cycles(runtime) == 0);
  }
  CHECK(cycles(runtime) == 0);
  midden::safepoint(here);
  other.join();
  CHECK(cycles(runtime) == 1);
}

TEST_CASE("An allocation inside a DeferSafepoints scope is served until a collection must come first") {
  Runtime runtime(checking());
  Attach here(runtime);
  {
    const DeferSafepoints deferred(here);
    CHECK(allocate_until_refused(here) > 100);
    CHECK(cycles(runtime) == 0);
    // Outside it is served at once, and nothing remembers.
  }
  midden::make_array<std::byte>(here, 1000);
  CHECK(cycles(runtime) == 1);
  const DeferSafepoints deferred(here);
  CHECK(allocate_until_refused(here) > 100);
}

TEST_CASE("SafepointDeferred is a midden::Error and a std::exception, and no std::bad_alloc") {
  CHECK(std::is_base_of_v<midden::Error, SafepointDeferred>);
  CHECK(std::is_base_of_v<std::exception, SafepointDeferred>);
  CHECK_FALSE(std::is_base_of_v<std::bad_alloc, SafepointDeferred>);
}

TEST_CASE("without_safepoints collects where an allocation was refused and calls again") {
  Runtime runtime(checking());
  Attach here(runtime);
  int calls = 0;
  int done = 0;
  for (int i = 0; i < 50'000; ++i) {
    done += without_safepoints(here, [&] {
      ++calls;
      midden::make_array<std::byte>(here, 1000);
      return 1;
    });
  }
  CHECK(done == 50'000);
  CHECK(cycles(runtime) >= 1);
  CHECK(static_cast<std::uint64_t>(calls - done) == cycles(runtime));
  CHECK(runtime.last_cycle().cause == midden::Cause::growth);
}

TEST_CASE("without_safepoints throws OutOfMemory where an allocation outside would, and leaves no trace") {
  Runtime runtime(small());
  Attach here(runtime);
  std::vector<Root<midden::Array<std::byte>>> kept;
  const auto keep_one = [&] { kept.push_back(midden::make_array<std::byte>(here, 100'000)); };
  const auto fill = [&](auto&& add) {
    try {
      while (true) add();
    } catch (const OutOfMemory&) {
    }
    return kept.size();
  };
  const std::size_t outside = fill(keep_one);
  kept.clear();
  const std::size_t inside = fill([&] { without_safepoints(here, keep_one); });
  CHECK(inside == outside);
  const std::uint64_t before = cycles(runtime);
  CHECK_THROWS_AS(without_safepoints(here, keep_one), OutOfMemory);
  CHECK(cycles(runtime) - before <= 2);
  CHECK(here.mutator().granted_cycles == 0);
  kept.erase(kept.begin(), kept.begin() + 3);
  without_safepoints(here, keep_one);
  CHECK(kept.size() == inside - 2);
}

TEST_CASE("An allocation that nobody could serve is refused as in a heap that is full") {
  Runtime runtime(small());
  Attach here(runtime);
  const auto huge = [&] { midden::make_array<std::byte>(here, std::size_t{64} << 20); };
  CHECK_THROWS_AS(without_safepoints(here, huge), OutOfMemory);
  const DeferSafepoints deferred(here);
  CHECK_THROWS_AS(huge(), SafepointDeferred);
}

TEST_CASE("Inside of another scope without_safepoints lets the refusal pass") {
  Runtime runtime(checking());
  Attach here(runtime);
  int outer = 0;
  int inner = 0;
  bool filled = false;
  without_safepoints(here, [&] {
    ++outer;
    if (!std::exchange(filled, true)) allocate_until_refused(here);
    without_safepoints(here, [&] {
      ++inner;
      midden::make_array<std::byte>(here, 1000);
    });
  });
  CHECK(outer == 2);
  CHECK(inner == 2);
  CHECK(cycles(runtime) == 1);
  CHECK(here.mutator().granted_cycles == 0);
}

TEST_CASE("What f throws leaves without_safepoints, and polls work again") {
  Runtime runtime(quiet());
  Attach here(runtime);
  CHECK_THROWS_AS(without_safepoints(here, [] { throw std::runtime_error("of f"); }), std::runtime_error);
  CHECK(here.mutator().deferring == 0);
  runtime.collect();
  CHECK(cycles(runtime) == 1);
}

TEST_CASE("Stress by allocation and by root collects behind the scope") {
  midden::Config config = checking();
  if (GENERATE(true, false)) {
    config.stress.alloc = 1;
  } else {
    config.stress.root = 1;
  }
  Runtime runtime(config);
  Attach here(runtime);
  Root<Node> list;
  std::uint64_t before = 0;
  without_safepoints(here, [&] {
    before = cycles(runtime);
    list = make_list(10);
    CHECK(cycles(runtime) == before);
  });
  CHECK(cycles(runtime) == before);
  midden::safepoint(here);
  CHECK(cycles(runtime) == before + 1);
  CHECK(length_of(list.get()) == 10);
}

TEST_CASE("In a scope an allocation with much to sweep is served, without polls") {
  midden::Config config = quiet();
  config.gc_floor = std::size_t{512} << 20;
  Runtime runtime(config);
  Attach here(runtime);
  for (int round = 0; round < 2; ++round) {
    std::vector<Root<midden::Array<char>>> kept;
    for (int i = 0; i < 400; ++i) kept.push_back(midden::make_array<char>(here, 60'000));  // a block each
    runtime.collect();
    const DeferSafepoints deferred(here);
    for (int i = 0; i < 400; ++i) kept.push_back(midden::make_array<char>(here, 60'000));
    CHECK(kept.size() == 800);
  }
}

TEST_CASE("Threads that allocate under one lock collect, and none waits for ever") {
  midden::Config config = checking();
  config.gc_floor = std::size_t{1} << 20;
  Runtime runtime(config);
  std::mutex mutex;
  std::uint64_t made = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      Attach here(runtime);
      for (int n = 0; n < 5000; ++n) {
        midden::safepoint(here);
        without_safepoints(here, [&] {
          const std::lock_guard lock(mutex);
          midden::make_array<std::byte>(here, 1000);
          ++made;
        });
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(made == 20'000);
  CHECK(cycles(runtime) > 1);
}
