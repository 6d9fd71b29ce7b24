// When the host's own memory runs out: each call either does its work or leaves all as it was.

#include <cstddef>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <vector>

#include "runtime/core.hpp"
#include "runtime/fatal.hpp"
#include "runtime/own_roots.hpp"
#include "tests/runtime/failing_new.hpp"
#include "tests/runtime/nodes.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/death.hpp"

using midden::Attach;
using midden::Root;
using midden::Runtime;
using midden::detail::RootPlace;
using midden::runtime::OwnRoots;

namespace {

// Types that no other test has made objects of.
template <int number>
struct Fresh {
  midden::Ref<Node> node;
  std::int64_t values[number];
  static constexpr auto midden_refs = midden::refs<Fresh>(&Fresh::node);
};

// Calls `work` with the first allocation failing, then with the second, until it goes through.
// Returns how often it failed.
template <class F, class Check>
int until_it_works(F&& work, Check&& check) {
  for (int failures = 0;; ++failures) {
    bool threw = false;
    {
      const FailingNew after(failures);
      try {
        work();
      } catch (const std::bad_alloc&) {
        threw = true;
      }
    }
    // In the checked build a note of a reference may be what failed; that is no error.
    REQUIRE((threw == FailingNew::failed() || (midden::checked && !threw)));
    if (!threw) return failures;
    check();
  }
}

template <int number>
void make_fresh(Runtime& runtime) {
  const int failures = until_it_works(
      [] {
        Root<Fresh<number>> made = midden::make<Fresh<number>>();
        made->node = midden::make<Node>();
      },
      [&] {
        Root<Node> list = make_list(3);
        CHECK(live_objects(runtime) == 3);
      });
  CHECK(failures > 0);
  if constexpr (number > 1) make_fresh<number - 1>(runtime);
}

}  // namespace

TEST_CASE("An Attach that fails leaves the thread where it was") {
  Runtime a(checking("a"));
  Runtime b(checking("b"));
  Attach in_a(a);
  Root<Node> list = make_list(3);
  const int failures = until_it_works(
      [&] {
        Attach in_b(b, "a name too long to be kept inside of a string");
        make_list(2);
      },
      [&] {
        CHECK(&Runtime::current() == &a);
        CHECK(b.core().world().names().empty());
        CHECK(live_objects(a) == 3);
        CHECK(live_objects(b) == 0);
        midden::safepoint();
      });
  CHECK(failures >= 2);
  CHECK(&Runtime::current() == &a);
}

TEST_CASE("An Attach that fails inside Blocked leaves the region") {
  Runtime a(checking("a"));
  Runtime b(checking("b"));
  Attach in_a(a);
  const midden::Blocked blocked;
  until_it_works([&] { Attach in_b(b); },
                 [&] {
                   CHECK_THROWS_AS(Runtime::current(), midden::NotAttached);
                   const midden::Unblocked working;
                   CHECK(length_of(make_list(2).get()) == 2);
                 });
}

TEST_CASE("A first object of a type that fails leaves the thread's allocator whole") {
  Runtime runtime(checking());
  Attach here(runtime);
  make_fresh<40>(runtime);
}

TEST_CASE("Pins, global roots, lists and types that fail leave nothing behind") {
  Runtime runtime(checking());
  Attach here(runtime);
  const Root<Node> node = midden::make<Node>();
  std::vector<midden::Pin<Node>> pins;
  pins.reserve(100);
  for (std::size_t i = 0; i < 70; ++i) {
    until_it_works([&] { pins.emplace_back(node); }, [&] { REQUIRE(runtime.pins().count == i); });
  }
  pins.clear();
  CHECK(runtime.pins().count == 0);
  CHECK_FALSE(midden::is_pinned(node.get()));
  std::vector<std::optional<midden::GlobalRoot<Node>>> globals(70);
  for (auto& global : globals) {
    until_it_works([&] { global.emplace(node); }, [&] { REQUIRE(live_objects(runtime) == 1); });
  }
  globals.clear();
  std::vector<std::optional<midden::RootList>> lists(70);
  for (auto& list : lists) {
    until_it_works([&] { list.emplace(runtime); }, [&] { REQUIRE(live_objects(runtime) == 1); });
  }
  lists.clear();
  const std::uint32_t refs[] = {0};
  const std::size_t before = runtime.core().heap().types().all().size();
  until_it_works(
      [&] {
        const midden::TypeHandle type =
            runtime.add_type({.name = "a name too long to be kept inside of a string", .size = 64, .refs = refs});
        midden::make_object(type);
        runtime.retire_type(type);
      },
      [&] { live_objects(runtime); });
  CHECK(live_objects(runtime) == 1);
  CHECK(runtime.core().heap().types().all().size() >= before);
}

TEST_CASE("A Runtime that cannot be made throws, and another can be") {
  const int failures = until_it_works(
      [] {
        Runtime runtime(checking());
        Attach here(runtime);
        make_list(3);
      },
      [] {});
  CHECK(failures > 5);
}

TEST_CASE("The last words are written also where the host has no memory left") {
  const Death death = death_of([] {
    const FailingNew after(0);
    midden::runtime::fatal("something is broken", "this is how it looks, in more than a few words");
  });
  CHECK(death.signal == SIGABRT);
  CHECK(death.says("midden: fatal: something is broken\n  this is how it looks, in more than a few words\n"));
  CHECK(death.says("call stack:"));
}

TEST_CASE("A root joins a list where there is no memory for a larger window") {
  const auto memory = std::make_unique<std::byte[]>(OwnRoots::most_bytes);
  OwnRoots roots(memory.get() + OwnRoots::most_bytes / 2);
  const std::size_t bytes = roots.window().bytes;
  auto* far = new (memory.get()) RootPlace(nullptr);
  {
    const FailingNew at_once(0);
    roots.place(*far);
  }
  CHECK(roots.window().bytes == bytes);
  CHECK_FALSE(far->in_window());
  std::size_t shown = 0;
  roots.for_each([&](const RootPlace& root) { shown += &root == far; });
  CHECK(shown == 1);
  far->leave();
  roots.place(*far);
  CHECK(far->in_window());
  CHECK(roots.window().bytes > bytes);
  far->leave();
}
