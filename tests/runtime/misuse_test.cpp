// Misuse that cannot be an exception stops the process: what, who, and a call stack.

#include <csignal>
#include <initializer_list>
#include <memory>
#include <optional>
#include <stdexcept>
#include <thread>

#include "tests/runtime/nodes.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/death.hpp"

using midden::Attach;
using midden::Blocked;
using midden::NoSafepoint;
using midden::Ref;
using midden::Root;
using midden::RootList;
using midden::Runtime;

namespace {

template <class F>
void check_fatal(F&& misuse, std::initializer_list<const char*> words) {
  const Death death = death_of(misuse);
  INFO(death.words);
  CHECK(death.signal == SIGABRT);
  CHECK(death.says("midden: fatal: "));
  CHECK(death.says("call stack:"));
  for (const char* word : words) {
    CAPTURE(word);
    CHECK(death.says(word));
  }
}

// Named in the call stack, so it is no lambda and is not inlined.
[[gnu::noinline]] void misuse_with_a_name() {
  Runtime runtime(quiet());
  Attach here(runtime, "culprit");
  const NoSafepoint none;
  midden::safepoint();
  static_cast<void>(runtime.pauses());
}

struct Throwing final : midden::Observer {
  void phase_begins(midden::Phase phase) override {
    if (phase == midden::Phase::mark) throw std::runtime_error("observer out of order");
  }
};

}  // namespace

TEST_CASE("The call stack of a fatal error names the function that misused") {
  const Death death = death_of(misuse_with_a_name);
  INFO(death.words);
  CHECK(death.signal == SIGABRT);
  CHECK((death.says("misuse_with_a_name") || death.says("this build has no call stacks")));
}

TEST_CASE("Roots that are alive when their Attach ends are fatal, by thread, number and type") {
  check_fatal(
      [] {
        Runtime runtime(quiet());
        std::vector<Root<Node>> roots;
        std::optional<Root<Number>> number;
        std::optional<Root<Node>> empty;
        Attach here(runtime, "culprit");
        roots.push_back(make_list(1));
        roots.push_back(make_list(1));
        number = midden::make<Number>();
        empty.emplace();
      },
      {"an Attach ended while roots of its thread were alive", "culprit", "4 roots: ", "1 empty", "2 of Node",
       "1 of Number"});
}

TEST_CASE("A Runtime that ends with threads attached is fatal, and names them") {
  check_fatal(
      [] {
        auto runtime = std::make_unique<Runtime>(quiet("busy"));
        Attach here(*runtime, "first culprit");
        std::thread second([&] {
          Attach there(*runtime, "second culprit");
          const Blocked blocked;
          while (true) std::this_thread::yield();
        });
        while (runtime->last_cycle().mutators != 2) runtime->collect();
        runtime.reset();
      },
      {"a Runtime ended while threads were attached to it", "busy: ", "first culprit", "second culprit"});
}

TEST_CASE("A second Runtime that ends before its Attach is fatal") {
  check_fatal(
      [] {
        Runtime outer(quiet("outer"));
        Attach in_outer(outer, "culprit");
        std::optional<Runtime> inner(std::in_place, quiet("inner"));
        Attach in_inner(*inner, "culprit");
        inner.reset();
      },
      {"a Runtime ended while threads were attached to it", "inner: culprit"});
}

TEST_CASE("The outer of two Runtimes that ends first is fatal") {
  check_fatal(
      [] {
        std::optional<Runtime> outer(std::in_place, quiet("outer"));
        Runtime inner(quiet("inner"));
        Attach in_outer(*outer, "culprit");
        Attach in_inner(inner, "innocent");
        outer.reset();
      },
      {"a Runtime ended while threads were attached to it", "outer: culprit"});
}

TEST_CASE("Each kind of safepoint inside NoSafepoint is fatal") {
  const int kind = GENERATE(range(0, 12));
  CAPTURE(kind);
  check_fatal(
      [&] {
        Runtime runtime(quiet());
        Runtime other(quiet("other"));
        Attach here(runtime, "culprit");
        const midden::TypeHandle type = runtime.add_type({.name = "Made", .size = 8});
        struct Empty final : midden::RootSource {
          void trace(midden::Tracer&) override {}
          const char* name() const override { return "empty"; }
        } source;
        midden::make<Node>();
        const NoSafepoint outer;
        { const NoSafepoint inner; }
        if (kind == 0) midden::safepoint();
        if (kind == 1) midden::safepoint(here);
        if (kind == 2) midden::make<Node>();
        if (kind == 3) midden::make_string("text");
        if (kind == 4) midden::make_array<int>(3);
        if (kind == 5) midden::make_object(type);
        if (kind == 6) runtime.collect();
        if (kind == 7) other.collect();
        if (kind == 8) Blocked();
        if (kind == 9) Attach(other, "elsewhere");
        if (kind == 10) runtime.handshake([] {});
        if (kind == 11) runtime.add_roots(source);
      },
      {"a safepoint was reached inside a NoSafepoint scope", "thread culprit"});
}

TEST_CASE("An Attach that ends inside NoSafepoint is fatal") {
  check_fatal(
      [] {
        Runtime runtime(quiet());
        std::optional<Attach> here(std::in_place, runtime, "culprit");
        const NoSafepoint none;
        here.reset();
      },
      {"NoSafepoint", "thread culprit"});
}

TEST_CASE("To block inside DeferSafepoints, or to wait for others, is fatal") {
  const int kind = GENERATE(range(0, 6));
  CAPTURE(kind);
  check_fatal(
      [&] {
        Runtime runtime(quiet());
        Runtime other(quiet("other"));
        std::optional<Attach> here(std::in_place, runtime, "culprit");
        const midden::DeferSafepoints deferred(*here);
        midden::make<Node>();
        midden::safepoint();
        if (kind == 0) Blocked();
        if (kind == 1) runtime.collect();
        if (kind == 2) Attach(other, "elsewhere");
        if (kind == 3) runtime.handshake([] {});
        if (kind == 4) here.reset();
        if (kind == 5) runtime.wait_for_grace_period();
      },
      {"inside a DeferSafepoints scope", "thread culprit"});
}

TEST_CASE("An Attach that ends before what is nested in it is fatal") {
  const int kind = GENERATE(range(0, 3));
  CAPTURE(kind);
  check_fatal(
      [&] {
        Runtime a(quiet("a"));
        Runtime b(quiet("b"));
        std::optional<Attach> outer(std::in_place, a, "culprit");
        if (kind == 0) {
          const Attach inner(b, "innocent");
          outer.reset();
        } else if (kind == 1) {
          const Blocked blocked;
          outer.reset();
        } else {
          std::thread([&] { outer.reset(); }).join();
        }
      },
      {"an Attach ended before what was nested in it, or on another thread", "thread culprit"});
}

TEST_CASE("A RootList that is used twice at once is fatal") {
  check_fatal(
      [] {
        Runtime runtime(quiet());
        RootList list(runtime);
        Attach here(runtime, "innocent");
        const RootList::Use use(list);
        std::thread([&] {
          Attach there(runtime, "culprit");
          const RootList::Use again(list);
        }).join();
      },
      {"a RootList was used twice at the same time", "thread culprit"});
}

TEST_CASE("A RootList that ends with roots in it is fatal, by number and type") {
  check_fatal(
      [] {
        Runtime runtime(quiet());
        std::optional<Root<Node>> left;
        RootList list(runtime);
        Attach here(runtime);
        const RootList::Use use(list);
        left = make_list(1);
        static_cast<void>(use);
        auto task = std::make_unique<RootList>(runtime);
        std::optional<RootList::Use> inner(std::in_place, *task);
        Root<Number> number = midden::make<Number>();
        inner.reset();
        task.reset();
      },
      {"a RootList ended while roots in it were alive", "1 root: 1 of Number"});
}

TEST_CASE("A RootList that ends while it is used is fatal") {
  check_fatal(
      [] {
        Runtime runtime(quiet());
        std::optional<RootList> list(std::in_place, runtime);
        Attach here(runtime);
        const RootList::Use use(*list);
        list.reset();
      },
      {"a RootList ended while it was used"});
}

TEST_CASE("A use of a RootList that ends out of order, blocked or elsewhere is fatal") {
  const int kind = GENERATE(range(0, 3));
  CAPTURE(kind);
  check_fatal(
      [&] {
        Runtime runtime(quiet());
        RootList first(runtime);
        RootList second(runtime);
        Attach here(runtime);
        std::optional<RootList::Use> use(std::in_place, first);
        if (kind == 0) {
          const RootList::Use inner(second);
          use.reset();
        } else if (kind == 1) {
          const Blocked blocked;
          use.reset();
        } else {
          std::thread([&] { use.reset(); }).join();
        }
      },
      {"a RootList::Use ended out of order, while Blocked, or on another thread"});
}

TEST_CASE("An Attach that ends while its thread uses a RootList is fatal") {
  check_fatal(
      [] {
        Runtime runtime(quiet());
        RootList list(runtime);
        std::optional<Attach> here(std::in_place, runtime, "culprit");
        const RootList::Use use(list);
        here.reset();
      },
      {"an Attach ended while its thread used a RootList", "thread culprit"});
}

TEST_CASE("A Runtime that ends before its RootLists is fatal, with their number") {
  check_fatal(
      [] {
        std::optional<Runtime> runtime(std::in_place, quiet("careless"));
        RootList one(*runtime);
        RootList two(*runtime);
        runtime.reset();
      },
      {"a Runtime ended before the RootLists made for it", "careless: 2"});
}

TEST_CASE("A pin or global root of another Runtime's object is fatal") {
  const bool pins = GENERATE(false, true);
  check_fatal(
      [&] {
        Runtime a(quiet("a"));
        Runtime b(quiet("b"));
        Attach in_a(a);
        const Root<Node> foreign = make_list(1);
        Attach in_b(b);
        if (pins) midden::Pin<Node> pin(foreign);
        if (!pins) midden::GlobalRoot<Node> root(foreign);
      },
      {"of an object of another Runtime, or of none", "runtime b"});
}

TEST_CASE("An observer that throws is fatal, with what it threw") {
  check_fatal(
      [] {
        Runtime runtime(quiet());
        Throwing observer;
        runtime.add_observer(observer);
        runtime.collect();
      },
      {"an exception left a collection", "observer out of order"});
}

TEST_CASE("An observer or root source that touches the heap is fatal") {
  struct Toucher final : midden::Observer {
    void cycle_ended(const midden::CycleReport&) override { midden::make<Node>(); }
  };
  check_fatal(
      [] {
        Runtime runtime(quiet());
        Attach here(runtime, "culprit");
        Toucher observer;
        runtime.add_observer(observer);
        runtime.collect();
      },
      {"an exception left a collection", "'culprit'", "while it is Blocked"});
}

TEST_CASE("A collection from inside of a collection is fatal") {
  const int kind = GENERATE(range(0, 3));
  CAPTURE(kind);
  struct Nested final : midden::Observer {
    Nested(Runtime& of, int which) : runtime(of), kind(which) {}
    void cycle_ended(const midden::CycleReport&) override {
      if (kind == 0) runtime.collect();
      if (kind == 1) runtime.remove_observer(*this);
      if (kind == 2) runtime.idle(std::chrono::seconds(1));
    }
    Runtime& runtime;
    int kind;
  };
  check_fatal(
      [&] {
        Runtime runtime(quiet("nested"));
        Nested observer(runtime, kind);
        runtime.add_observer(observer);
        runtime.collect();
      },
      {"a call from inside a collection waits for its end", "runtime nested"});
}

TEST_CASE("A function of a handshake that throws is fatal, by thread and what it threw") {
  const bool running = GENERATE(false, true);
  check_fatal(
      [&] {
        Runtime runtime(quiet());
        Attach here(runtime, "asker");
        if (running) {
          std::thread([&] {
            Attach there(runtime, "culprit");
            while (true) midden::safepoint();
          }).detach();
          while (runtime.last_cycle().mutators != 2) runtime.collect();
        }
        runtime.handshake([] { throw std::runtime_error("out of hand"); });
      },
      {"a function of a handshake threw", "out of hand"});
}

TEST_CASE("An Attach that ends before another of the same Runtime is fatal") {
  const int kind = GENERATE(range(0, 4));
  CAPTURE(kind);
  check_fatal(
      [&] {
        Runtime runtime(quiet());
        std::optional<Attach> outer(std::in_place, runtime, "culprit");
        std::optional<Attach> middle(std::in_place, runtime);
        std::optional<Attach> inner(std::in_place, runtime);
        if (kind == 0) outer.reset();
        if (kind == 1) middle.reset();
        if (kind == 2) {
          const Blocked blocked;
          inner.reset();
        }
        if (kind == 3) std::thread([&] { inner.reset(); }).join();
      },
      {"an Attach ended before what was nested in it, or on another thread", "thread culprit"});
}

TEST_CASE("A handshake from inside of a collection is fatal") {
  struct Asker final : midden::Observer {
    explicit Asker(Runtime& of) : runtime(of) {}
    void phase_begins(midden::Phase phase) override {
      if (phase == midden::Phase::mark) runtime.handshake([] {});
    }
    Runtime& runtime;
  };
  check_fatal(
      [] {
        Runtime runtime(quiet("nested"));
        Asker observer(runtime);
        runtime.add_observer(observer);
        runtime.collect();
      },
      {"a call from inside a collection waits for its end", "runtime nested"});
}

TEST_CASE("A function of a handshake that waits for others is fatal") {
  const int kind = GENERATE(range(0, 9));
  const bool running = GENERATE(false, true);
  CAPTURE(kind);
  CAPTURE(running);
  check_fatal(
      [&] {
        Runtime runtime(quiet("shaken"));
        Runtime other(quiet("other"));
        struct Empty final : midden::RootSource {
          void trace(midden::Tracer&) override {}
          const char* name() const override { return "empty"; }
        } source;
        const auto wait = [&] {
          if (kind == 0) runtime.collect();
          if (kind == 1) runtime.handshake([] {});
          if (kind == 2) runtime.idle(std::chrono::seconds(1));
          if (kind == 3) runtime.add_roots(source);
          if (kind == 4) other.collect();
          if (kind == 5) other.handshake([] {});
          if (kind == 6) Attach(other, "elsewhere");
          if (kind == 7 && running) Blocked();
          if (kind == 7 && !running) midden::Unblocked();
          if (kind == 8 && running) {
            while (true) midden::make<Node>();
          }
          if (kind == 8 && !running) Attach(runtime, "again");
        };
        if (!running) {
          Attach here(runtime, "asker");
          runtime.handshake(wait);
          return;
        }
        std::thread([&] {
          Attach there(runtime, "server");
          while (true) midden::safepoint();
        }).detach();
        const auto asker = std::this_thread::get_id();
        while (true) {
          runtime.handshake([&] {
            if (std::this_thread::get_id() != asker) wait();
          });
        }
      },
      {"a function of a handshake waits for others", "runtime "});
}

TEST_CASE("A function of a handshake may ask for what waits for nobody") {
  Runtime runtime(quiet());
  Attach here(runtime);
  int calls = 0;
  midden::TypeHandle type;
  runtime.handshake([&] {
    type = runtime.add_type({.name = "Made", .size = 8});
    runtime.retire_type(type);
    static_cast<void>(runtime.heap());
    ++calls;
  });
  runtime.handshake([&] { ++calls; });
  runtime.collect();
  CHECK(calls == 2);
}

TEST_CASE("A GlobalRoot that is assigned to outside of its Runtime, or after that has ended, is fatal") {
  const int kind = GENERATE(range(0, 4));
  CAPTURE(kind);
  check_fatal(
      [&] {
        std::optional<Runtime> a(std::in_place, quiet("a"));
        Runtime b(quiet("b"));
        std::optional<midden::GlobalRoot<Node>> root;
        {
          Attach in_a(*a, "culprit");
          root.emplace(make_list(1));
          Node* own = root->get();
          const midden::Pin<Node> other(make_list(1));
          Attach in_b(b, "culprit");
          const Root<Node> foreign = make_list(1);
          if (kind == 0) *root = foreign;
          if (kind == 1) *root = own;
          if (kind == 2) {
            Attach again(*a, "culprit");
            *root = foreign.get();
          }
        }
        a.reset();
        Attach in_b(b, "culprit");
        *root = make_list(1);
      },
      {kind == 2 ? "of an object of another Runtime, or of none"
                 : "a GlobalRoot was assigned to outside of its Runtime, or after that had ended",
       kind == 2 ? "runtime a" : "thread culprit"});
}

TEST_CASE("A GlobalRoot is assigned an object by an attached thread only, and null by any") {
  Runtime a(quiet("a"));
  Runtime b(quiet("b"));
  Attach in_a(a);
  midden::GlobalRoot<Node> root(make_list(1));
  Node* const node = root.get();
  {
    const Blocked blocked;
    CHECK_THROWS_AS(root = node, midden::NotAttached);
    CHECK(root.get() == node);
    root = nullptr;
  }
  root = node;
  {
    Attach in_b(b);
    root = nullptr;
    CHECK_FALSE(root);
  }
  root = make_list(2);
  std::thread([&] {
    CHECK_THROWS_AS(root = node, midden::NotAttached);
    CHECK(length_of(root.get()) == 2);
    root = nullptr;
  }).join();
  CHECK(live_objects(a) == 0);
}

TEST_CASE("A Blocked or Unblocked that ends out of order or on another thread is fatal") {
  const int kind = GENERATE(range(0, 7));
  CAPTURE(kind);
  check_fatal(
      [&] {
        Runtime runtime(quiet());
        Runtime other(quiet("other"));
        Attach here(runtime, "culprit");
        std::optional<Blocked> blocked(std::in_place);
        std::optional<Blocked> twice;
        std::optional<midden::Unblocked> unblocked;
        std::optional<Attach> inner;
        if (kind == 0) {
          unblocked.emplace();
          blocked.reset();
        }
        if (kind == 1) std::thread([&] { blocked.reset(); }).join();
        if (kind == 2) {
          twice.emplace();
          blocked.reset();
        }
        if (kind == 3) {
          inner.emplace(other);
          blocked.reset();
        }
        if (kind == 4) {
          unblocked.emplace();
          inner.emplace(other);
          unblocked.reset();
        }
        if (kind == 5) {
          unblocked.emplace();
          std::thread([&] { unblocked.reset(); }).join();
        }
        if (kind == 6) {
          unblocked.emplace();
          twice.emplace();
          blocked.reset();
        }
      },
      {"ended before what was nested in it, or on another thread", "thread "});
}

namespace {

struct First {
  Ref<Node> node;
  static constexpr auto midden_refs = midden::refs<First>(&First::node);
};
struct Second {
  Ref<Node> other;
  static constexpr auto midden_refs = midden::refs<Second>(&Second::other);
};
struct Both : First, Second {
  static constexpr auto midden_refs = midden::refs<Both>(midden::base<First>, midden::base<Second>);
};
struct Holder {
  Ref<Second> second;
  static constexpr auto midden_refs = midden::refs<Holder>(&Holder::second);
};

}  // namespace

TEST_CASE("A reference to a base in the middle of an object is fatal, one to the first base is not") {
  for (int kind = 0; kind < 5; ++kind) {
    CAPTURE(kind);
    check_fatal(
        [&] {
          Runtime runtime(quiet());
          Attach here(runtime);
          const Root<Both> both = midden::make<Both>();
          const Root<First> first = both;
          if (static_cast<void*>(first.get()) != both.get()) return;
          if (kind == 0) Root<Second> second(both);
          if (kind == 1) midden::make<Holder>()->second = both;
          if (kind == 2) midden::Pin<Second> pin(both);
          if (kind == 3) midden::GlobalRoot<Second> global(both);
          if (kind == 4) {
            Root<Second> second;
            second = both;
          }
        },
        {"a base that does not lie at the begin of its object"});
  }
}
