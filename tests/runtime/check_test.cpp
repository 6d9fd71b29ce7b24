// MIDDEN_CHECK: a heap that is broken by hand is noticed at the next cycle, which names how the
// broken place was reached.

#include <csignal>
#include <cstring>
#include <memory>
#include <string>

#include "tests/runtime/nodes.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/death.hpp"

using midden::Attach;
using midden::Ref;
using midden::Root;
using midden::Runtime;

namespace {

// Writes the word of a reference as no program should.
void break_ref(Ref<Node>& ref, std::uintptr_t word) { std::memcpy(static_cast<void*>(&ref), &word, sizeof word); }

// A list of three whose last node is broken by `damage`, in a checked heap, and then a cycle.
template <class F>
Death after(F&& damage) {
  return death_of([&] {
    Runtime runtime(checking());
    Attach here(runtime);
    const Root<Node> list = make_list(3);
    runtime.collect();
    damage(runtime, *list->left->left);
    runtime.collect();
  });
}

}  // namespace

TEST_CASE("A heap that is whole passes its checks, and dead memory is poisoned") {
  Runtime runtime(checking());
  Attach here(runtime);
  const unsigned char* dead = reinterpret_cast<const unsigned char*>(make_list(1).get());
  for (int i = 0; i < 3; ++i) CHECK(live_objects(runtime) == 0);
  finish_sweep(runtime);
  CHECK(static_cast<int>(*static_cast<const volatile unsigned char*>(dead)) == 0xdb);
}

TEST_CASE("A reference out of the heap stops the process with its path") {
  const Death death = after([](Runtime&, Node& last) { break_ref(last.right, 0x1234560); });
  INFO(death.words);
  CHECK(death.signal == SIGABRT);
  CHECK(death.says("the heap is broken"));
  CHECK(death.says("outside of this Runtime's heap"));
  CHECK(death.says("root: thread -> Node@"));
  CHECK(death.says("+8 -> Node@"));
  CHECK(death.says("+16 -> 0x1234560"));
}

TEST_CASE("A reference into the middle of an object stops the process") {
  const Death death =
      after([](Runtime&, Node& last) { break_ref(last.left, reinterpret_cast<std::uintptr_t>(&last) + 8); });
  INFO(death.words);
  CHECK(death.signal == SIGABRT);
  CHECK(death.says("at which no object starts"));
}

TEST_CASE("A reference to an object that has died stops the process") {
  const Death death = after([](Runtime& runtime, Node& last) {
    Node* unrooted = make_list(1).get();
    runtime.collect();
    finish_sweep(runtime);
    last.left = make_list(1);  // takes another slot, or this one: either way nobody keeps `unrooted`
    break_ref(last.left, 0);
    runtime.collect();
    finish_sweep(runtime);
    break_ref(last.left, reinterpret_cast<std::uintptr_t>(unrooted));
  });
  INFO(death.words);
  CHECK(death.signal == SIGABRT);
  CHECK((death.says("a freed object") || death.says("outside of this Runtime's heap")));
}

TEST_CASE("A reference loaded from a dead object is told as poison") {
  const Death death = after([](Runtime& runtime, Node& last) {
    const Node* unrooted = make_list(2).get();
    runtime.collect();
    finish_sweep(runtime);
    std::uintptr_t word = 0;
    std::memcpy(&word, reinterpret_cast<const std::byte*>(unrooted) + 8, sizeof word);
    break_ref(last.left, word);
  });
  INFO(death.words);
  CHECK(death.signal == SIGABRT);
  CHECK(death.says("poison"));
}

TEST_CASE("A broken root of a host is told by the name of its source") {
  const Death death = death_of([] {
    struct Table final : midden::RootSource {
      void trace(midden::Tracer& tracer) override { tracer.object(this); }
      const char* name() const override { return "symbol table"; }
    } table;
    Runtime runtime(checking());
    runtime.add_roots(table);
    runtime.collect();
  });
  INFO(death.words);
  CHECK(death.signal == SIGABRT);
  CHECK(death.says("root: symbol table -> "));
}

TEST_CASE("A pin and a global root that end in the midst of a pause break nothing") {
  // Called after both were gone through by the second marker, and before they are by the first.
  struct Ender final : midden::RootSource {
    void trace(midden::Tracer&) override {
      pin.release();
      *global = nullptr;
    }
    const char* name() const override { return "ender"; }
    midden::Pin<Node> pin;
    std::unique_ptr<midden::GlobalRoot<Node>> global;
  } ender;
  Runtime runtime(checking());
  runtime.add_roots(ender);
  Attach here(runtime);
  for (int i = 0; i < 3; ++i) {
    ender.pin = midden::Pin<Node>(make_list(20));
    ender.global = std::make_unique<midden::GlobalRoot<Node>>(make_list(10));
    runtime.collect();
    CHECK(live_objects(runtime) == 0);
  }
  ender.global.reset();
  runtime.remove_roots(ender);
}

TEST_CASE("A scan function that tells its own references by halves is found out") {
  // Reports only every second time that it is asked.
  struct Fickle {
    std::uintptr_t word;
    static void midden_trace(const Fickle& self, midden::Tracer& tracer) {
      static int asked = 0;
      if (++asked % 2 == 1) tracer.object(reinterpret_cast<const void*>(self.word));
    }
  };
  const Death death = death_of([] {
    Runtime runtime(checking());
    Attach here(runtime);
    const Root<Fickle> fickle = midden::make<Fickle>();
    fickle->word = reinterpret_cast<std::uintptr_t>(midden::unsafe::make<Node>(here));
    runtime.collect();
  });
  INFO(death.words);
  CHECK(death.signal == SIGABRT);
  CHECK(death.says("marking missed an object that is reachable"));
  CHECK(death.says("Fickle"));
  CHECK(death.says("Node"));
}
