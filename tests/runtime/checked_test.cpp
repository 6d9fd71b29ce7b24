// What only the checked build (checks=deep) looks for, and that other builds do not pay for it.

#include <csignal>
#include <memory>
#include <optional>
#include <thread>

#include "tests/runtime/nodes.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/death.hpp"

using midden::Attach;
using midden::Ref;
using midden::Root;
using midden::Runtime;

namespace {

struct Forgetful {
  Ref<Node> known;
  std::int64_t between = 0;
  Ref<Node> forgotten;
  static constexpr auto midden_refs = midden::refs<Forgetful>(&Forgetful::known);
};

// Inherits the claim that there are no references.
struct Plain {
  std::int64_t value = 0;
  static constexpr midden::Leaf midden_leaf{};
};
struct NotSoPlain : Plain {
  Ref<Node> node;
};

// A construction inside a construction.
struct Inner {
  Ref<Node> own = midden::make<Node>();
  static constexpr auto midden_refs = midden::refs<Inner>(&Inner::own);
};
struct Outer {
  Ref<Inner> first = midden::make<Inner>();
  Ref<Node> second = midden::make<Node>();
  static constexpr auto midden_refs = midden::refs<Outer>(&Outer::first, &Outer::second);
};

struct Witness {
  bool recorded = midden::detail::construction != nullptr;
  static constexpr midden::Leaf midden_leaf{};
};

// Dies in the checked build only; elsewhere the misuse goes through unseen.
void check_build(const Death& death, std::initializer_list<const char*> words) {
  INFO(death.words);
  CHECK(death.signal == (midden::checked ? SIGABRT : 0));
  for (const char* word : words) {
    CAPTURE(word);
    CHECK(death.says(word) == midden::checked);
  }
}

}  // namespace

TEST_CASE("A type that forgets one of its references is stopped by name and offset") {
  check_build(death_of([] {
                Runtime runtime(quiet());
                Attach here(runtime);
                midden::make<Forgetful>();
              }),
              {"a type forgot one of its references", "Forgetful", "offset 16"});
  check_build(death_of([] {
                Runtime runtime(quiet());
                Attach here(runtime);
                midden::unsafe::make<Forgetful>(here);
              }),
              {"Forgetful", "offset 16"});
}

TEST_CASE("A type that inherits the claim to be a leaf is stopped when it holds a reference") {
  check_build(death_of([] {
                Runtime runtime(quiet());
                Attach here(runtime);
                midden::make<NotSoPlain>();
              }),
              {"NotSoPlain", "offset 8"});
}

TEST_CASE("The elements of an array are looked at as objects are") {
  check_build(death_of([] {
                Runtime runtime(quiet());
                Attach here(runtime);
                midden::make_array<Forgetful>(3);
              }),
              {"Forgetful", "offset 16"});
}

TEST_CASE("A store of another Runtime's object is stopped") {
  const int kind = GENERATE(range(0, 3));
  CAPTURE(kind);
  check_build(death_of([&] {
                Runtime a(quiet("a"));
                Runtime b(quiet("b"));
                Attach in_a(a);
                const Root<Node> foreign = make_list(1);
                Attach in_b(b);
                const Root<Node> own = make_list(1);
                if (kind == 0) own->left = foreign;
                if (kind == 1) own->left = Ref<Node>(foreign.get());
                if (kind == 2) Root<Node> root(foreign);
              }),
              {"a reference to an object of another Runtime, or of none, was stored"});
}

TEST_CASE("A reference that a blocked thread stores is stopped") {
  check_build(death_of([] {
                Runtime runtime(quiet());
                Attach here(runtime, "culprit");
                const Root<Node> list = make_list(2);
                const midden::Blocked blocked;
                list->right = list->left;
              }),
              {"a reference was stored by a thread that is Blocked", "thread culprit"});
}

TEST_CASE("A root that a blocked thread ends, or moves between heap objects of the host, is stopped") {
  const bool moves = GENERATE(false, true);
  check_build(death_of([&] {
                Runtime runtime(quiet());
                Attach here(runtime);
                auto root = std::make_unique<Root<Node>>(make_list(1));
                std::unique_ptr<Root<Node>> target;
                {
                  const midden::Blocked blocked;
                  if (moves) {
                    target = std::make_unique<Root<Node>>(std::move(*root));
                  } else {
                    root.reset();
                  }
                }
              }),
              {"a Root was moved or ended by a thread that is Blocked or not attached"});
}

TEST_CASE("A root that was moved from may end anywhere") {
  Runtime runtime(quiet());
  auto attach = std::make_unique<Attach>(runtime);
  auto from = std::make_unique<Root<Node>>(make_list(1));
  { const Root<Node> to(std::move(*from)); }
  attach.reset();
  std::thread([&] { from.reset(); }).join();
  CHECK(from == nullptr);
}

TEST_CASE("Stores of a thread that is not attached are not looked at") {
  Runtime runtime(checking());
  struct Table final : midden::RootSource {
    void trace(midden::Tracer& tracer) override { tracer.edge(field); }
    const char* name() const override { return "table"; }
    Ref<Node> field;
  } table;
  runtime.add_roots(table);
  midden::Pin<Node> pin;
  {
    Attach here(runtime);
    pin = midden::Pin<Node>(make_list(1));
  }
  table.field = pin.get();
  pin.release();
  CHECK(live_objects(runtime) == 1);
  runtime.remove_roots(table);
}

TEST_CASE("Construction inside construction is told apart") {
  Runtime runtime(checking());
  Attach here(runtime);
  const Root<Outer> outer = midden::make<Outer>();
  CHECK(live_objects(runtime) == 4);
  CHECK(midden::detail::construction == nullptr);
}

TEST_CASE("The normal build pays nothing for what the checked one looks at") {
  Runtime runtime(quiet());
  Attach here(runtime);
  // No record of a construction is begun, no range of the heap is known to the thread.
  CHECK(midden::make<Witness>()->recorded == midden::checked);
  CHECK((midden::detail::current_heap.bytes != 0) == midden::checked);
}

TEST_CASE("A root that is assigned, moved or ended in another Runtime than its list's is stopped") {
  const int kind = GENERATE(range(0, 4));
  CAPTURE(kind);
  check_build(death_of([&] {
                Runtime a(quiet("a"));
                Runtime b(quiet("b"));
                Attach in_a(a);
                auto root = std::make_unique<Root<Node>>(make_list(1));  // one of a frame is stopped in any build
                {
                  Attach in_b(b);
                  if (kind == 0) *root = make_list(1);
                  if (kind == 1) *root = nullptr;
                  if (kind == 2) {
                    const Root<Node> taken(std::move(*root));
                  }
                  if (kind == 3) root.reset();
                }
                root.reset();
              }),
              {"a Root was assigned, moved or ended in another Runtime than its own"});
}

TEST_CASE("A root that was moved from joins the Runtime it is assigned in") {
  Runtime a(quiet("a"));
  Runtime b(quiet("b"));
  Attach in_a(a);
  Root<Node> root = make_list(1);
  { const Root<Node> taken(std::move(root)); }
  Attach in_b(b);
  {
    root = make_list(2);
    CHECK(live_objects(b) == 2);
    const Root<Node> taken(std::move(root));
    CHECK(length_of(taken.get()) == 2);
  }
}
