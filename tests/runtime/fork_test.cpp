// A child of fork: what it may do with a Runtime of its parent, and that a new one is as any.

#include <atomic>
#include <csignal>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <midden/error.hpp>
#include <midden/grace.hpp>

#include "tests/runtime/nodes.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/death.hpp"
#include "tests/support/sanitized.hpp"

using midden::Attach;
using midden::Blocked;
using midden::NotAttached;
using midden::Root;
using midden::Runtime;

namespace {

void expect(bool right, const char* words) {
  if (!right) std::fprintf(stderr, "wrong: %s\n", words);
}

// Whether f() throws NotAttached and says why.
template <class F>
bool refused(F&& f) {
  try {
    f();
  } catch (const NotAttached& error) {
    return std::string(error.what()).find("fork") != std::string::npos;
  }
  return false;
}

// A Runtime without threads of its own: a sanitizer may not have any in a child, and none beside a thread that forks.
midden::Config alone(std::string name) {
  midden::Config config = checking(std::move(name));
  config.housekeeper = false;
  config.workers = 1;
  return config;
}

void use_a_new_runtime() {
  Runtime runtime(alone("child"));
  Attach here(runtime);
  const Root<Node> list = make_list(1000);
  make_list(1000);
  expect(live_objects(runtime) == 1000, "a Runtime of the child's own has other objects");
  expect(length_of(list.get()) == 1000, "a list of the child's own has another length");
}

}  // namespace

TEST_CASE("A child of fork is attached to nothing of its parent, is told so, and can read what there was") {
  Runtime runtime(alone("parent"));
  Attach here(runtime, "forker");
  const Root<Node> list = make_list(10);
  const Death death = death_of([&] {
    expect(length_of(list.get()) == 10, "the child does not see its parent's objects");
    expect(refused([] { midden::make<Node>(); }), "an allocation was not refused");
    expect(refused([&] { midden::make<Node>(here); }), "an allocation by an Attach was not refused");
    expect(refused([&] { runtime.collect(); }), "a collection was not refused");
    expect(refused([&] { const Attach again(runtime); }), "an Attach was not refused");
    expect(refused([&] { runtime.handshake([] {}); }), "a handshake was not refused");
    expect(refused([&] { runtime.idle(std::chrono::seconds(1)); }), "idle was not refused");
    expect(refused([&] { static_cast<void>(runtime.threads()); }), "threads was not refused");
    expect(refused([&] { static_cast<void>(runtime.pauses()); }), "pauses was not refused");
    expect(refused([&] { const midden::Pin<Node> pin(list); }), "a pin was not refused");
    expect(runtime.config().name == "parent", "the configuration is not to be had");
    use_a_new_runtime();
  });
  CHECK(death.signal == 0);
  CHECK(death.words == "");
  CHECK(length_of(list.get()) == 10);
  CHECK(live_objects(runtime) == 10);
}

TEST_CASE("Whatever ends in a child of fork ends in silence, and a new Runtime may come between") {
  auto runtime = std::make_unique<Runtime>(alone("parent"));
  auto here = std::make_unique<Attach>(*runtime, "forker");
  auto root = std::make_unique<Root<Node>>(make_list(3));
  auto global = std::make_unique<midden::GlobalRoot<Node>>(make_list(3));
  auto pin = std::make_unique<midden::Pin<Node>>(make_list(3));
  auto tasks = std::make_unique<midden::RootList>(*runtime);
  auto use = std::make_unique<midden::RootList::Use>(*tasks);
  auto section = std::make_unique<midden::ReadSection>(*here);
  const bool between = GENERATE(false, true);
  const Death death = death_of([&] {
    if (between) use_a_new_runtime();
    section.reset();
    use.reset();
    tasks.reset();
    pin.reset();
    global.reset();
    {
      const Root<Node> moved = std::move(*root);
      expect(length_of(moved.get()) == 3, "a root that was moved has another list");
    }
    root.reset();
    here.reset();
    runtime.reset();
    use_a_new_runtime();
  });
  CHECK(death.signal == 0);
  CHECK(death.words == "");
  section.reset();
  use.reset();
  CHECK(live_objects(*runtime) == 9);
  tasks.reset();
  pin.reset();
  global.reset();
  root.reset();
  here.reset();
}

TEST_CASE("A thread that is Blocked when it forks ends that in the child as well") {
  Runtime runtime(alone("parent"));
  const Attach here(runtime);
  std::optional<Blocked> blocked;
  blocked.emplace();
  const Death death = death_of([&] {
    blocked.reset();
    expect(refused([] { midden::make<Node>(); }), "an allocation was not refused");
    use_a_new_runtime();
  });
  CHECK(death.signal == 0);
  CHECK(death.words == "");
}

TEST_CASE("A child's child is told and silent as a child is") {
  auto runtime = std::make_unique<Runtime>(alone("parent"));
  auto here = std::make_unique<Attach>(*runtime);
  auto root = std::make_unique<Root<Node>>(make_list(3));
  Death inner;
  const Death death = death_of([&] {
    inner = death_of([&] {
      expect(refused([] { midden::make<Node>(); }), "an allocation was not refused");
      root.reset();
      here.reset();
      runtime.reset();
      use_a_new_runtime();
    });
    expect(inner.signal == 0 && inner.words.empty(), inner.words.c_str());
  });
  CHECK(death.signal == 0);
  CHECK(death.words == "");
  root.reset();
  here.reset();
}

TEST_CASE("A thread that never was attached forks, and its child begins anew") {
  const Death death = death_of([] { use_a_new_runtime(); });
  CHECK(death.signal == 0);
  CHECK(death.words == "");
}

TEST_CASE("Children of a process whose threads allocate and collect begin anew, and the parent goes on") {
  // A sanitizer's allocator may be locked by a thread that the child has not: in clang 14 it waits for ever.
  if (sanitized) return;
  Runtime runtime(checking("parent"));
  std::atomic<bool> done{false};
  std::vector<std::thread> threads;
  for (int i = 0; i < 2; ++i) {
    threads.emplace_back([&] {
      const Attach here(runtime);
      while (!done) {
        const Root<Node> list = make_list(50);
        const midden::Pin<Node> pin(list);
        const midden::GlobalRoot<Node> global(list);
        runtime.collect();
      }
    });
  }
  for (int i = 0; i < 20; ++i) {
    const Death death = death_of([&] {
      expect(refused([&] { runtime.collect(); }), "a collection was not refused");
      use_a_new_runtime();
    });
    CHECK(death.signal == 0);
    CHECK(death.words == "");
  }
  done = true;
  for (std::thread& thread : threads) thread.join();
}
