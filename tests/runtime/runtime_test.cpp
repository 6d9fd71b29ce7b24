// Runtimes: several in one process, how one ends, what it tells of itself.

#include <algorithm>
#include <atomic>
#include <memory>
#include <thread>

#include "tests/runtime/nodes.hpp"
#include "tests/support/catch.hpp"

using midden::Attach;
using midden::Root;
using midden::Runtime;

TEST_CASE("A Runtime with its defaults makes and collects") {
  midden::Config config;
  config.environment = midden::Environment::ignore;
  Runtime runtime(config);
  Attach here(runtime);
  Root<Node> list = make_list(1000);
  CHECK(live_objects(runtime) == 1000);
  CHECK(length_of(list.get()) == 1000);
  list = nullptr;
  CHECK(live_objects(runtime) == 0);
}

TEST_CASE("Runtimes one after the other share nothing") {
  for (int i = 0; i < 20; ++i) {
    Runtime runtime(checking());
    Attach here(runtime);
    Root<Node> list = make_list(50);
    CHECK(live_objects(runtime) == 50);
    CHECK(runtime.last_cycle().number == 1);
    CHECK(runtime.pauses().cycles == 1);
  }
}

TEST_CASE("Two Runtimes at once keep their objects apart") {
  Runtime a(checking("a"));
  Runtime b(checking("b"));
  Attach in_a(a);
  Root<Node> in_a_list = make_list(10);
  {
    Attach in_b(b);
    Root<Node> in_b_list = make_list(3);
    CHECK(live_objects(b) == 3);
    CHECK(live_objects(a) == 10);
    CHECK(length_of(in_b_list.get()) == 3);
  }
  CHECK(live_objects(a) == 10);
  CHECK(live_objects(b) == 0);
  CHECK(length_of(in_a_list.get()) == 10);
}

TEST_CASE("Two Runtimes may end in either order") {
  const bool first_ends_first = GENERATE(false, true);
  auto a = std::make_unique<Runtime>(quiet("a"));
  auto b = std::make_unique<Runtime>(quiet("b"));
  for (Runtime* runtime : {a.get(), b.get()}) {
    Attach here(*runtime);
    CHECK(length_of(make_list(5).get()) == 5);
  }
  (first_ends_first ? a : b).reset();
  Runtime& left = first_ends_first ? *b : *a;
  Attach here(left);
  Root<Node> list = make_list(7);
  CHECK(live_objects(left) == 7);
}

TEST_CASE("A Runtime may be made, used and ended on three different threads") {
  std::unique_ptr<Runtime> runtime;
  std::thread([&] { runtime = std::make_unique<Runtime>(checking()); }).join();
  std::thread([&] {
    Attach here(*runtime);
    Root<Node> list = make_list(20);
    CHECK(live_objects(*runtime) == 20);
  }).join();
  std::thread([&] { runtime.reset(); }).join();
  CHECK(runtime == nullptr);
}

TEST_CASE("The current Runtime is the one of the innermost Attach") {
  CHECK_THROWS_AS(Runtime::current(), midden::NotAttached);
  Runtime a(quiet("a"));
  Runtime b(quiet("b"));
  Attach in_a(a);
  CHECK(&Runtime::current() == &a);
  CHECK(&in_a.runtime() == &a);
  {
    Attach in_b(b);
    CHECK(&Runtime::current() == &b);
    Attach in_a_again(a);
    CHECK(&Runtime::current() == &a);
  }
  CHECK(&Runtime::current() == &a);
}

TEST_CASE("A collection needs no attached thread") {
  Runtime runtime(checking());
  runtime.collect();
  CHECK(runtime.last_cycle().number == 1);
  CHECK(runtime.last_cycle().mutators == 0);
  CHECK(runtime.last_cycle().cause == midden::Cause::requested);
  finish_sweep(runtime);
  runtime.collect();
  CHECK(runtime.heap().cycles == 2);
}

TEST_CASE("The heap report follows what is made and freed") {
  Runtime runtime(quiet());
  Attach here(runtime);
  const midden::HeapReport empty = runtime.heap();
  CHECK(empty.used_bytes == 0);
  CHECK(empty.allocated_bytes == 0);
  {
    Root<midden::Array<std::int64_t>> large = midden::make_array<std::int64_t>(std::size_t{1} << 18);
    const midden::HeapReport with = runtime.heap();
    CHECK(with.used_bytes >= std::size_t{2} << 20);
    CHECK(with.allocated_bytes >= std::size_t{2} << 20);
    CHECK(with.committed_bytes >= with.used_bytes);
  }
  runtime.collect();
  finish_sweep(runtime);
  const midden::HeapReport after = runtime.heap();
  CHECK(after.used_bytes == 0);
  CHECK(after.allocated_bytes >= std::size_t{2} << 20);
}

TEST_CASE("The heap may be asked for its report while it collects") {
  Runtime runtime(quiet());
  std::atomic<bool> done{false};
  std::thread asker([&] {
    std::uint64_t last = 0;
    while (!done) {
      const std::uint64_t cycles = runtime.heap().cycles;
      if (cycles < last) break;
      last = cycles;
      static_cast<void>(runtime.pauses());
      static_cast<void>(runtime.last_cycle());
      static_cast<void>(runtime.pins());
      std::this_thread::yield();
    }
    done = true;
  });
  for (int i = 0; i < 200; ++i) runtime.collect();
  done = true;
  asker.join();
  CHECK(runtime.heap().cycles == 200);
}

TEST_CASE("A Runtime has the seed it was given, or one of its own") {
  midden::Config config = quiet();
  config.seed = 17;
  CHECK(Runtime(config).seed() == 17);
  config.seed = 0;
  const Runtime one(config);
  const Runtime other(config);
  CHECK(one.seed() != 0);
  CHECK(one.seed() != other.seed());
}

TEST_CASE("A Runtime tells its settled configuration") {
  midden::Config config = quiet("settled");
  config.gc_floor = 12345;
  const Runtime runtime(config);
  CHECK(runtime.config().name == "settled");
  CHECK(runtime.config().gc_floor == 12345);
  CHECK(runtime.config().message);
}
