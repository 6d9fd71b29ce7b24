// Roots that are not a thread's own: lists of tasks, global roots, sources of the host.

#include "runtime/root_tables.hpp"

#include <atomic>
#include <bit>
#include <cmath>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "tests/runtime/nodes.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/sanitized.hpp"

using midden::Attach;
using midden::GlobalRoot;
using midden::Root;
using midden::RootList;
using midden::Runtime;
using midden::Tracer;

TEST_CASE("The roots of a task stay alive while nobody runs it") {
  Runtime runtime(checking());
  RootList list(runtime);
  std::optional<Root<Node>> held;
  {
    Attach here(runtime);
    RootList::Use use(list);
    held = make_list(5);
  }
  runtime.collect();
  CHECK(runtime.last_cycle().objects_marked == 5);
  Attach here(runtime);
  RootList::Use use(list);
  CHECK(length_of(held->get()) == 5);
  held.reset();
  CHECK(live_objects(runtime) == 0);
}

TEST_CASE("A task's roots are handed from thread to thread") {
  Runtime runtime(checking());
  struct Task {
    explicit Task(Runtime& of) : roots(of) {}
    RootList roots;
    std::vector<Root<Node>> locals;
  } task(runtime);
  for (std::int64_t step = 0; step < 8; ++step) {
    std::thread([&] {
      Attach here(runtime);
      RootList::Use use(task.roots);
      if (step % 2 == 0) task.locals.reserve(static_cast<std::size_t>(step) + 20);
      Root<Node> node = midden::make<Node>();
      node->value = step;
      task.locals.push_back(std::move(node));
      CHECK(live_objects(runtime) == task.locals.size());
    }).join();
    CHECK(live_objects(runtime) == task.locals.size());
  }
  std::thread([&] {
    Attach here(runtime);
    RootList::Use use(task.roots);
    for (std::size_t i = 0; i < task.locals.size(); ++i) CHECK(task.locals[i]->value == static_cast<std::int64_t>(i));
    task.locals.clear();
  }).join();
  CHECK(live_objects(runtime) == 0);
}

TEST_CASE("While a list is used, roots join it and not the thread's") {
  Runtime runtime(checking());
  RootList outer_list(runtime);
  RootList inner_list(runtime);
  std::optional<Root<Node>> in_outer;
  std::optional<Root<Node>> in_inner;
  {
    Attach here(runtime);
    Root<Node> own = make_list(1);
    {
      RootList::Use outer(outer_list);
      {
        RootList::Use inner(inner_list);
        in_inner = make_list(3);
      }
      in_outer = make_list(2);
    }
    Root<Node> own_again = make_list(1);
    CHECK(live_objects(runtime) == 7);
  }
  // Had one of the two joined the thread's list, the Attach could not have ended.
  CHECK(live_objects(runtime) == 5);
  Attach here(runtime);
  in_outer.reset();
  CHECK(live_objects(runtime) == 3);
  in_inner.reset();
  CHECK(live_objects(runtime) == 0);
}

TEST_CASE("A RootList cannot be used in another Runtime") {
  Runtime a(quiet("a"));
  Runtime b(quiet("b"));
  RootList list(a);
  Attach in_b(b);
  CHECK_THROWS_AS(RootList::Use(list), midden::NotAttached);
  Attach in_a(a);
  CHECK_NOTHROW(RootList::Use(list));
}

TEST_CASE("A GlobalRoot is read and written from several threads") {
  Runtime runtime(checking());
  std::optional<GlobalRoot<Node>> shared;
  {
    Attach here(runtime);
    shared.emplace(make_list(3));
  }
  CHECK(live_objects(runtime) == 3);
  std::thread([&] {
    Attach here(runtime);
    CHECK(length_of(shared->get()) == 3);
    Root<Node> longer = make_list(5);
    *shared = longer;
  }).join();
  CHECK(live_objects(runtime) == 5);
  // Also from a thread that is not attached: it names nothing.
  *shared = nullptr;
  CHECK_FALSE(*shared);
  CHECK(live_objects(runtime) == 0);
  shared.reset();
}

TEST_CASE("GlobalRoots come and go on threads while others collect") {
  Runtime runtime(quiet());
  std::atomic<bool> done{false};
  std::vector<std::thread> threads;
  std::atomic<int> wrong{0};
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&, i] {
      Attach here(runtime);
      std::vector<std::unique_ptr<GlobalRoot<Node>>> roots;
      for (int step = 0; step < 300; ++step) {
        roots.push_back(std::make_unique<GlobalRoot<Node>>(make_list(i + 1)));
        if (roots.size() > 10) roots.erase(roots.begin());
        for (const auto& root : roots) wrong += length_of(root->get()) != i + 1;
      }
    });
  }
  std::thread collector([&] {
    while (!done) runtime.collect();
  });
  for (std::thread& thread : threads) thread.join();
  done = true;
  collector.join();
  CHECK(wrong == 0);
  CHECK(live_objects(runtime) == 0);
}

TEST_CASE("GlobalRoots left when the Runtime ends are reported by type, and empty") {
  std::vector<std::string> said;
  midden::Config config = quiet("short-lived");
  config.message = [&](std::string_view line) { said.emplace_back(line); };
  auto runtime = std::make_unique<Runtime>(config);
  std::optional<GlobalRoot<Node>> left;
  std::optional<GlobalRoot<Node>> left_too;
  std::optional<GlobalRoot<Number>> empty;
  std::optional<GlobalRoot<Node>> ended;
  {
    Attach here(*runtime);
    left.emplace(make_list(1));
    left_too.emplace(make_list(1));
    empty.emplace();
    ended.emplace(make_list(1));
  }
  ended.reset();
  runtime.reset();
  REQUIRE(said.size() == 1);
  CAPTURE(said[0]);
  CHECK(said[0].find("short-lived") != std::string::npos);
  CHECK(said[0].find("3 GlobalRoots") != std::string::npos);
  CHECK(said[0].find("2 of Node") != std::string::npos);
  CHECK(said[0].find("1 empty") != std::string::npos);
  CHECK_FALSE(*left);
  CHECK_FALSE(*left_too);
  CHECK_FALSE(*empty);
  left.reset();
}

// --- a host's own stacks --------------------------------------------------------------------

namespace {

// An interpreter with three kinds of roots, one for each verb of the Tracer: registers that are
// Refs, a stack that is a run of Refs, and locals that are tagged words.
class Interpreter final : public midden::RootSource {
 public:
  void trace(Tracer& tracer) override {
    ++traced;
    tracer.edge(accumulator);
    tracer.edge(shared_register);
    tracer.edges(stack.data(), depth);
    for (const std::uintptr_t word : locals) {
      if ((word & 1) == 0) tracer.object(std::bit_cast<const void*>(word));
    }
  }
  const char* name() const override { return "interpreter"; }

  static std::uintptr_t small(std::intptr_t value) { return static_cast<std::uintptr_t>(value) << 1 | 1; }
  static std::uintptr_t box(const Root<Node>& node) { return std::bit_cast<std::uintptr_t>(node.get()); }

  midden::Ref<Node> accumulator;
  midden::AtomicRef<Node> shared_register;
  std::vector<midden::Ref<Node>> stack = std::vector<midden::Ref<Node>>(16);
  std::size_t depth = 0;
  std::vector<std::uintptr_t> locals;
  int traced = 0;
};

// A dynamic value boxed in the payload of a NaN: a double, or a reference in 48 bits.
struct Boxed {
  static constexpr std::uint64_t tag = 0xfffc'0000'0000'0000;
  std::uint64_t bits = 0;

  static Boxed of(double number) { return {std::bit_cast<std::uint64_t>(number)}; }
  static Boxed of(void* object) { return {tag | std::bit_cast<std::uint64_t>(object)}; }
  bool is_object() const { return (bits & tag) == tag; }
  double number() const { return std::bit_cast<double>(bits); }
  void* object() const { return std::bit_cast<void*>(bits & ~tag); }
};

struct Frame {
  Boxed slots[4];

  void set(std::size_t slot, Boxed value) {
    const Boxed old = slots[slot];
    midden::store_barrier(&slots[slot], old.is_object() ? old.object() : nullptr,
                          value.is_object() ? value.object() : nullptr);
    slots[slot] = value;
  }
  static void midden_trace(const Frame& self, Tracer& tracer) {
    for (const Boxed& value : self.slots) {
      if (value.is_object()) tracer.object(value.object());
    }
  }
};

}  // namespace

TEST_CASE("A host hands over its own stacks with all three verbs") {
  Runtime runtime(checking());
  Interpreter interpreter;
  runtime.add_roots(interpreter);
  {
    Attach here(runtime);
    interpreter.accumulator = make_list(1);
    interpreter.shared_register.store(make_list(2).get());
    for (std::int64_t i = 0; i < 4; ++i) interpreter.stack[interpreter.depth++] = make_list(3);
    interpreter.locals = {Interpreter::small(-7), Interpreter::box(make_list(5)), Interpreter::small(0), 0};
    CHECK(live_objects(runtime) == 1 + 2 + 4 * 3 + 5);
    // What lies above the top of the stack is not reported, so it is not alive.
    interpreter.depth = 2;
    for (std::size_t i = 2; i < 4; ++i) interpreter.stack[i] = nullptr;
    interpreter.locals[1] = Interpreter::small(1);
    interpreter.accumulator = nullptr;
    CHECK(live_objects(runtime) == 2 + 2 * 3);
    CHECK(length_of(interpreter.stack[1].get()) == 3);
  }
  CHECK(live_objects(runtime) == 8);
  runtime.remove_roots(interpreter);
  const int before = interpreter.traced;
  CHECK(live_objects(runtime) == 0);
  CHECK(interpreter.traced == before);
}

TEST_CASE("Values boxed in NaNs are scanned, and numbers are not taken for references") {
  Runtime runtime(checking());
  Attach here(runtime);
  Root<Frame> frame = midden::make<Frame>();
  for (std::size_t i = 0; i < 4; ++i) frame->set(i, Boxed::of(0.5 * static_cast<double>(i)));
  CHECK(live_objects(runtime) == 1);
  frame->set(1, Boxed::of(make_list(3).get()));
  Root<Frame> callee = midden::make<Frame>();
  callee->set(0, Boxed::of(make_list(2).get()));
  frame->set(3, Boxed::of(callee.get()));
  callee = nullptr;
  CHECK(live_objects(runtime) == 1 + 3 + 1 + 2);
  CHECK(frame->slots[2].number() == 1.0);
  CHECK(length_of(static_cast<Node*>(frame->slots[1].object())) == 3);
  frame->set(3, Boxed::of(std::nan("")));
  CHECK(live_objects(runtime) == 4);
}

TEST_CASE("Sources of roots may be added and removed while other threads collect") {
  Runtime runtime(checking());
  Interpreter first;
  std::atomic<bool> done{false};
  std::thread collector([&] {
    while (!done) runtime.collect();
  });
  {
    Attach here(runtime);
    runtime.add_roots(first);
    first.accumulator = make_list(4);
    for (int i = 0; i < (sanitized ? 15 : 50); ++i) {
      Interpreter second;
      runtime.add_roots(second);
      second.accumulator = make_list(1);
      midden::safepoint();
      CHECK(length_of(second.accumulator.get()) == 1);
      runtime.remove_roots(second);
    }
    CHECK(length_of(first.accumulator.get()) == 4);
  }
  done = true;
  collector.join();
  runtime.remove_roots(first);
}
