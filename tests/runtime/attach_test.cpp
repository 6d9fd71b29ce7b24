// Attach, Blocked, Unblocked, NoSafepoint, safepoint: every legal nesting, and what the misuses
// that can be exceptions say. Those that cannot are in misuse_test.cpp.

#include <pthread.h>

#include <thread>

#include "runtime/core.hpp"
#include "tests/runtime/nodes.hpp"
#include "tests/support/catch.hpp"

using midden::Attach;
using midden::Blocked;
using midden::NoSafepoint;
using midden::Root;
using midden::Runtime;
using midden::Unblocked;

namespace {

// Whether this thread may touch a heap.
bool attached() { return midden::detail::current != nullptr; }

// What the exception says that `touch` must throw.
template <class F>
std::string complaint_of(F&& touch) {
  try {
    touch();
  } catch (const midden::NotAttached& error) {
    return error.what();
  }
  return {};
}

bool has(const std::string& text, const char* part) { return text.find(part) != std::string::npos; }

// Collects on another thread, which ends only if this one is counted as quiet.
void collect_elsewhere(Runtime& runtime) {
  std::thread([&] { runtime.collect(); }).join();
}

}  // namespace

TEST_CASE("A thread is attached as long as its Attach lives") {
  Runtime runtime(quiet());
  CHECK_FALSE(attached());
  {
    Attach here(runtime);
    CHECK(attached());
    CHECK(runtime.last_cycle().mutators == 0);
    runtime.collect();
    CHECK(runtime.last_cycle().mutators == 1);
  }
  CHECK_FALSE(attached());
  runtime.collect();
  CHECK(runtime.last_cycle().mutators == 0);
}

TEST_CASE("Attaching to the current Runtime again does nothing") {
  Runtime runtime(checking());
  Attach outer(runtime);
  Root<Node> list;
  {
    Attach inner(runtime);
    CHECK(&inner.mutator() == &outer.mutator());
    list = make_list(5);
    runtime.collect();
    CHECK(runtime.last_cycle().mutators == 1);
  }
  CHECK(live_objects(runtime) == 5);
}

TEST_CASE("Attaching to another Runtime blocks the thread in the first") {
  Runtime a(checking("a"));
  Runtime b(checking("b"));
  Attach in_a(a);
  Root<Node> list = make_list(4);
  {
    Attach in_b(b);
    collect_elsewhere(a);
    CHECK(a.last_cycle().objects_marked == 4);
    CHECK(a.last_cycle().mutators == 1);
  }
  CHECK(&Runtime::current() == &a);
  CHECK(length_of(list.get()) == 4);
}

TEST_CASE("Attaches nest three deep: A, B and A again") {
  Runtime a(checking("a"));
  Runtime b(checking("b"));
  Attach in_a(a);
  Root<Node> outer = make_list(4);
  {
    Attach in_b(b);
    Root<Node> middle = make_list(3);
    {
      Attach in_a_again(a);
      CHECK(&in_a_again.mutator() != &in_a.mutator());
      Root<Node> inner = make_list(2);
      CHECK(live_objects(a) == 6);
      CHECK(a.last_cycle().mutators == 2);
      collect_elsewhere(b);
      CHECK(b.last_cycle().objects_marked == 3);
    }
    CHECK(&Runtime::current() == &b);
    CHECK(live_objects(a) == 4);
    CHECK(length_of(middle.get()) == 3);
  }
  CHECK(&Runtime::current() == &a);
  CHECK(length_of(outer.get()) == 4);
}

TEST_CASE("A collection does not wait for a thread in Blocked") {
  Runtime runtime(checking());
  Attach here(runtime);
  Root<Node> list = make_list(6);
  {
    Blocked blocked;
    CHECK_FALSE(attached());
    collect_elsewhere(runtime);
    CHECK(runtime.last_cycle().objects_marked == 6);
  }
  CHECK(attached());
  CHECK(length_of(list.get()) == 6);
}

TEST_CASE("A thread in Blocked may collect, and read its roots") {
  Runtime runtime(checking());
  Attach here(runtime);
  Root<Node> list = make_list(6);
  const Blocked blocked;
  runtime.collect();
  finish_sweep(runtime);
  CHECK(runtime.last_cycle().objects_marked == 6);
  CHECK(length_of(list.get()) == 6);
}

TEST_CASE("Blocked inside Blocked does nothing") {
  Runtime runtime(quiet());
  Attach here(runtime);
  {
    Blocked outer;
    {
      Blocked inner;
      collect_elsewhere(runtime);
    }
    CHECK_FALSE(attached());
    collect_elsewhere(runtime);
  }
  CHECK(attached());
}

TEST_CASE("Unblocked touches the heap inside a Blocked region, and nests") {
  Runtime runtime(checking());
  Attach here(runtime);
  Root<Node> list = make_list(2);
  {
    Blocked waiting;
    for (int turn = 0; turn < 3; ++turn) {
      Unblocked working;
      CHECK(attached());
      list = make_list(turn);
      Blocked waiting_again;
      CHECK_FALSE(attached());
      {
        Unblocked working_again;
        list = make_list(10 + turn);
        runtime.collect();
      }
      CHECK_FALSE(attached());
      collect_elsewhere(runtime);
    }
    CHECK_FALSE(attached());
  }
  CHECK(attached());
  CHECK(length_of(list.get()) == 12);
}

TEST_CASE("Unblocked may stand deep inside doubled Blocked regions") {
  Runtime runtime(quiet());
  Attach here(runtime);
  Blocked outer;
  Blocked inner;
  {
    Unblocked working;
    CHECK(attached());
    CHECK(length_of(make_list(3).get()) == 3);
  }
  CHECK_FALSE(attached());
}

TEST_CASE("Attach inside Blocked attaches anew, and leaves the region as it was") {
  Runtime a(checking("a"));
  Runtime b(checking("b"));
  Runtime& inner_runtime = GENERATE(0, 1) == 0 ? a : b;
  Attach here(a);
  Root<Node> list = make_list(2);
  {
    Blocked blocked;
    {
      Attach inside(inner_runtime);
      CHECK(&Runtime::current() == &inner_runtime);
      CHECK_THROWS_AS(Unblocked(), midden::NotAttached);
      CHECK(&Runtime::current() == &inner_runtime);
      Root<Node> other = make_list(3);
      {
        Blocked blocked_inside;
        CHECK_FALSE(attached());
        {
          Unblocked working_inside;
          CHECK(&Runtime::current() == &inner_runtime);
        }
        CHECK_FALSE(attached());
      }
      CHECK(live_objects(inner_runtime) == (&inner_runtime == &a ? 5 : 3));
    }
    CHECK_FALSE(attached());
    {
      Unblocked working;
      CHECK(&Runtime::current() == &a);
    }
    collect_elsewhere(a);
  }
  CHECK(&Runtime::current() == &a);
  CHECK(live_objects(a) == 2);
}

TEST_CASE("An exception that leaves nested regions ends them in order") {
  Runtime a(checking("a"));
  Runtime b(checking("b"));
  Attach here(a);
  Root<Node> list = make_list(2);
  try {
    Blocked blocked;
    Unblocked working;
    Attach in_b(b);
    Root<Node> lost = make_list(4);
    NoSafepoint none;
    throw std::runtime_error("out of four scopes");
  } catch (const std::runtime_error&) {
  }
  CHECK(&Runtime::current() == &a);
  CHECK(live_objects(a) == 2);
  CHECK(live_objects(b) == 0);
}

TEST_CASE("NoSafepoint nests, and ends with the outermost") {
  Runtime runtime(quiet());
  Attach here(runtime);
  Root<Node> list = make_list(3);
  {
    NoSafepoint outer;
    {
      NoSafepoint inner;
      list->value = 1;
    }
    // Roots and references are no safepoints.
    Root<Node> again = list;
    again->right = list->left;
  }
  midden::safepoint();
  midden::safepoint(here);
  CHECK(live_objects(runtime) == 3);
}

TEST_CASE("A loop that only polls lets other threads collect") {
  Runtime runtime(quiet());
  Attach here(runtime);
  std::thread other([&] { runtime.collect(); });
  while (runtime.pauses().cycles == 0) midden::safepoint();
  other.join();
  CHECK(runtime.last_cycle().mutators == 1);
}

TEST_CASE("An unattached thread that touches the heap is told its name and the cure") {
  Runtime runtime(quiet());
  std::string said;
  std::thread stranger([&] {
    ::pthread_setname_np(::pthread_self(), "stranger");
    said = complaint_of([] { static_cast<void>(midden::make<Node>()); });
    CHECK(said == complaint_of([] { midden::safepoint(); }));
    CHECK(said == complaint_of([] { Root<Node> root; }));
    CHECK(said == complaint_of([] { midden::GlobalRoot<Node> root; }));
    CHECK(said == complaint_of([] { midden::Pin<Node> pin(static_cast<Node*>(nullptr)); }));
    CHECK(said == complaint_of([] { static_cast<void>(midden::make_string("text")); }));
    CHECK(said == complaint_of([] { static_cast<void>(midden::make_array<int>(3)); }));
    CHECK(said == complaint_of([] { Blocked blocked; }));
    CHECK(said == complaint_of([] { NoSafepoint none; }));
    CHECK(said == complaint_of([] { static_cast<void>(Runtime::current()); }));
  });
  stranger.join();
  CAPTURE(said);
  CHECK(has(said, "'stranger'"));
  CHECK(has(said, "midden::Attach"));
  CHECK(has(complaint_of([] { Unblocked none; }), "outside of a Blocked region"));
}

TEST_CASE("A blocked thread that touches the heap is told its name and the cure") {
  Runtime runtime(quiet());
  Attach here(runtime, "worker 7");
  Root<Node> list = make_list(2);
  const Blocked blocked;
  const std::string said = complaint_of([] { static_cast<void>(midden::make<Node>()); });
  CAPTURE(said);
  CHECK(has(said, "'worker 7'"));
  CHECK(has(said, "Blocked"));
  CHECK(has(said, "midden::Unblocked"));
  CHECK(said == complaint_of([&] { Root<Node> copy(list); }));
  CHECK(said == complaint_of([&] { list = nullptr; }));
  CHECK(said == complaint_of([&] { midden::safepoint(); }));
  CHECK(length_of(list.get()) == 2);
}

TEST_CASE("A thread is named by its Attach, else by the system") {
  Runtime runtime(quiet());
  ::pthread_setname_np(::pthread_self(), "by-the-system");
  const auto names = [&] { return runtime.core().world().names(); };
  {
    Attach here(runtime, "by the host");
    CHECK(names() == std::vector<std::string>{"by the host"});
  }
  Attach here(runtime);
  CHECK(names() == std::vector<std::string>{"by-the-system"});
  std::thread([&] {
    ::pthread_setname_np(::pthread_self(), "second");
    Attach there(runtime);
    CHECK(names() == std::vector<std::string>{"by-the-system", "second"});
  }).join();
  CHECK(names() == std::vector<std::string>{"by-the-system"});
}
