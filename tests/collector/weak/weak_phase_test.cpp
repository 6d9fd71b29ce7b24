// Weak references, cleanups, destructors and external bytes under a World without threads: what a
// cycle does with them, and what it does without memory from the host.

#include "collector/weak/weak_phase.hpp"

#include <memory>
#include <new>
#include <vector>

#include "tests/collector/full_cycle.hpp"
#include "tests/collector/host_memory.hpp"
#include "tests/collector/shapes.hpp"
#include "tests/support/catch.hpp"

namespace midden::collector_tests {
namespace {

struct Word {
  std::atomic<void*> target{nullptr};
  static constexpr Leaf midden_leaf{};
};

struct Weak : FullCycle {
  Weak() : FullCycle(true) {}
  template <class T>
  T* create() {
    return new (static_cast<void*>(make(heap.types().find(type_info<T>())))) T();
  }
  Word* watch(Node* node) {
    Word* word = create<Word>();
    word->target = node;
    weak().refs().add(word->target, node);
    return word;
  }
  WeakPhase& weak() { return cycle.weak(); }
  Cleanups& cleanups() { return cycle.weak().cleanups(); }
};

class Note final : public detail::Closure {
 public:
  void run(void* argument) override { ran = argument; }
  void drop() noexcept override {}
  void* ran = nullptr;
};

TEST_CASE("The weak phase clears and forgets without memory from the host") {
  Weak weak;
  std::vector<Word*> words;
  std::vector<Node*> kept;
  for (int i = 0; i < 1000; ++i) {
    Node* node = weak.create<Node>();
    if (i % 3 == 0) kept.push_back(weak.root(node));
    Word* word = weak.watch(node);
    if (i % 2 == 0) words.push_back(weak.root(word));
    weak.cleanups().add(node, nullptr, std::make_shared<Note>());
    weak.weak().external().declare(node, 100);
  }
  CycleReport report;
  {
    // Reports and the trace of the second marker are the host's memory; the weak phase is not.
    const StoppedWorld stopped = weak.world.stop();
    Marker marker(weak.heap, {});
    RootSource* const sources[] = {&weak.roots};
    weak.heap.begin_cycle(stopped);
    marker.trace(stopped, sources);
    marker.drain(stopped);
    {
      const NoHostMemory refused;
      weak.weak().settle(stopped, weak.heap, marker);
    }
    marker.finish(stopped);
    weak.weak().report_to(report);
    weak.heap.reclaim(stopped);
  }
  CHECK(report.weak_references == 167);  // of 500 that live, those whose targets do
  CHECK(report.weak_cleared == 333);
  CHECK(report.cleanups == 334);
  CHECK(report.cleanups_due == 666);
  CHECK(report.external_bytes == 33'400);
  for (std::size_t i = 0; i < words.size(); ++i) REQUIRE((words[i]->target != nullptr) == (i * 2 % 3 == 0));
}

TEST_CASE("What is due waits where it is while the host has no memory for the queue") {
  Weak weak;
  Node* argument = weak.create<Node>();
  const auto note = std::make_shared<Note>();
  constexpr std::size_t many = 1000;
  for (std::size_t i = 0; i < many; ++i) weak.cleanups().add(weak.create<Node>(), argument, note);
  weak.collect();
  {
    const NoHostMemory refused;
    for (int i = 0; i < 3; ++i) weak.cleanups().gather();
  }
  CHECK_FALSE(weak.cleanups().take());
  CHECK(weak.cleanups().queued() == many);
  for (int i = 0; i < 3; ++i) CHECK(weak.collect().objects_marked == 1);
  weak.cleanups().gather();
  for (std::size_t i = 0; i < many; ++i) {
    const auto due = weak.cleanups().take();
    REQUIRE(due);
    REQUIRE(due->argument == argument);
    REQUIRE(due->closure == note);
  }
  CHECK_FALSE(weak.cleanups().take());
  CHECK(weak.collect().objects_marked == 0);
}

TEST_CASE("Arguments that hold each other's objects are told apart from one that holds its own") {
  Weak weak;
  // a's cleanup keeps b, b's keeps nothing: a goes first. c's keeps c, by way of another.
  Node* a = weak.create<Node>();
  Node* b = weak.create<Node>();
  Node* c = weak.create<Node>();
  Node* to_c = weak.create<Node>();
  to_c->right = Ref<Node>(c);
  const auto of_a = std::make_shared<Note>(), of_b = std::make_shared<Note>(), of_c = std::make_shared<Note>();
  weak.cleanups().add(b, nullptr, of_b);
  weak.cleanups().add(a, b, of_a);
  weak.cleanups().add(c, to_c, of_c);
  weak.collect();
  const auto kept = weak.cleanups().self_kept();
  REQUIRE(kept);
  CHECK(kept->object == c);
  CHECK(kept->argument == to_c);
  weak.cleanups().gather();
  CHECK(weak.cleanups().take()->closure == of_a);
  CHECK_FALSE(weak.cleanups().take());
  weak.collect();
  CHECK_FALSE(weak.cleanups().self_kept());  // said once
  weak.cleanups().gather();
  CHECK(weak.cleanups().take()->closure == of_b);
  CHECK(weak.cleanups().registered() == 1);
  weak.cleanups().make_all_due();
  CHECK(weak.cleanups().take()->closure == of_c);
}

TEST_CASE("Cleanups that keep their own objects and are found together are told of one a cycle, each once") {
  Weak weak;
  std::vector<const void*> objects;
  for (int i = 0; i < 3; ++i) {
    Node* object = weak.create<Node>();
    Node* argument = weak.create<Node>();
    argument->left = Ref<Node>(object);
    weak.cleanups().add(object, argument, std::make_shared<Note>());
    objects.push_back(object);
  }
  for (const void* object : objects) {
    weak.collect();
    const auto kept = weak.cleanups().self_kept();
    REQUIRE(kept);
    CHECK(kept->object == object);
  }
  weak.collect();
  CHECK_FALSE(weak.cleanups().self_kept());
}

TEST_CASE("An argument's whole graph is marked, also where the grey stack has room for one object") {
  CycleSettings settings;
  settings.marking.stack_limit = 1;
  FullCycle full(true, settings);
  const auto create = [&] {
    return new (static_cast<void*>(full.make(full.heap.types().find(type_info<Node>())))) Node();
  };
  Node* object = full.root(create());
  std::vector<Node*> tree{create()};
  for (std::size_t i = 0; tree.size() < 1023; ++i) {
    tree.push_back(create());
    tree[i]->left = Ref<Node>(tree.back());
    tree.push_back(create());
    tree[i]->right = Ref<Node>(tree.back());
  }
  full.cycle.weak().cleanups().add(object, tree[0], std::make_shared<Note>());
  for (int i = 0; i < 3; ++i) CHECK(full.collect().objects_marked == 1 + tree.size());
}

TEST_CASE("Nothing is registered with what is closed") {
  Weak weak;
  weak.cleanups().add(weak.create<Node>(), nullptr, std::make_shared<Note>());
  weak.cleanups().close();
  weak.cleanups().add(weak.create<Node>(), nullptr, std::make_shared<Note>());
  weak.cleanups().add_destructor(weak.create<Node>(), [](void*) {});
  CHECK(weak.cleanups().registered() == 1);
}

TEST_CASE("External bytes replace each other, add up, and end with their objects") {
  Weak weak;
  ExternalBytes& external = weak.weak().external();
  Node* one = weak.root(weak.create<Node>());
  Node* other = weak.create<Node>();
  CHECK(external.declare(one, 600) == 600);
  CHECK(external.declare(one, 100) == -500);
  CHECK(external.declare(one, 300) == 200);
  CHECK(external.declare(other, 200) == 200);
  CHECK(external.total() == 500);
  const CycleReport report = weak.collect();
  CHECK(report.external_bytes == 300);
  CHECK(external.total() == 300);
  CHECK(external.of(one) == 300);
  CHECK(external.of(other) == 0);
}

TEST_CASE("External bytes are due when as many are new as live and the floor together") {
  Weak weak;
  constexpr auto floor = static_cast<std::int64_t>(PacerSettings{}.floor);
  Node* node = weak.root(weak.create<Node>());
  weak.heap.count_external(weak.weak().external().declare(node, static_cast<std::uint64_t>(floor - 1)));
  CHECK_FALSE(weak.heap.external_due());
  weak.heap.count_external(weak.weak().external().declare(node, static_cast<std::uint64_t>(10 * floor)));
  CHECK(weak.heap.external_due());
  CHECK_FALSE(weak.heap.objects_due());
  weak.collect();
  CHECK_FALSE(weak.heap.external_due());
  weak.heap.count_external(10 * floor);
  CHECK_FALSE(weak.heap.external_due());
  weak.heap.count_external(floor);
  CHECK(weak.heap.external_due());
  // Opened and closed again and again, they are no reason to collect.
  weak.heap.count_external(-2 * floor);
  CHECK_FALSE(weak.heap.external_due());
  weak.heap.count_external(-100 * floor);
  CHECK(weak.heap.new_bytes().external == 0);
}

}  // namespace
}  // namespace midden::collector_tests
