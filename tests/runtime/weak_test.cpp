// Weak references, as a host uses them.

#include <midden/weak.hpp>

#include <atomic>
#include <random>
#include <thread>
#include <vector>

#include <midden/array.hpp>
#include <midden/midden.hpp>

#include "tests/runtime/nodes.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/seed.hpp"

using midden::Attach;
using midden::Root;
using midden::Runtime;
using midden::WeakRef;

namespace {

struct Holder {
  midden::Ref<WeakRef<Node>> weak;
  static constexpr auto midden_refs = midden::refs<Holder>(&Holder::weak);
};

TEST_CASE("A weak reference finds its object while that lives, and null when a cycle has found it dead") {
  Runtime runtime(checking());
  Attach here(runtime);
  Root<Node> node = midden::make<Node>();
  node->value = 7;
  const Root<WeakRef<Node>> weak = midden::make_weak(node);
  CHECK(weak->get() == node);
  runtime.collect();
  CHECK(weak->get() == node);
  CHECK(runtime.last_cycle().weak_references == 1);
  CHECK(runtime.last_cycle().weak_cleared == 0);
  node = nullptr;
  CHECK_FALSE(weak->expired());
  runtime.collect();
  CHECK(weak->expired());
  CHECK(weak->get() == nullptr);
  CHECK(runtime.last_cycle().weak_references == 0);
  CHECK(runtime.last_cycle().weak_cleared == 1);
}

TEST_CASE("What a weak reference gave stays alive, and so does the reference's sight of it") {
  Runtime runtime(checking());
  Attach here(runtime);
  const Root<WeakRef<Node>> weak = midden::make_weak(midden::make<Node>());
  Root<Node> again = weak->get();
  REQUIRE(again);
  again->value = 3;
  for (int i = 0; i < 5; ++i) runtime.collect();
  CHECK(weak->get()->value == 3);
}

TEST_CASE("Weak references may stand in objects, be many for one object, and die themselves") {
  Runtime runtime(checking());
  Attach here(runtime);
  const Root<Node> node = midden::make<Node>();
  Root<Holder> holder = midden::make<Holder>();
  holder->weak = midden::make_weak(here, node);
  for (int i = 0; i < 100; ++i) midden::make_weak(node);
  runtime.collect();
  CHECK(runtime.last_cycle().weak_references == 1);
  CHECK(holder->weak->get() == node);
  holder = nullptr;
  CHECK(live_objects(runtime) == 1);
  CHECK(runtime.last_cycle().weak_references == 0);
}

TEST_CASE("A weak reference to nothing is null, and one to the object of another Runtime is fatal elsewhere") {
  Runtime runtime(checking());
  Attach here(runtime);
  CHECK(midden::make_weak(Root<Node>())->expired());
  CHECK(midden::make<WeakRef<Node>>()->get() == nullptr);
  runtime.collect();
  CHECK(runtime.last_cycle().weak_references == 0);
}

TEST_CASE("A ring of objects that is only named weakly dies at once, all of it") {
  Runtime runtime(checking());
  Attach here(runtime);
  Root<Node> first = make_list(50);
  Root<Node> last = first;
  while (last->left) last = last->left;
  last->left = first;
  std::vector<Root<WeakRef<Node>>> weak;
  for (Node* node = first.get(); weak.size() < 50; node = node->left.get()) {
    weak.push_back(midden::make_weak(Root<Node>(node)));
    node = weak.back()->get().get();
  }
  runtime.collect();
  for (const auto& one : weak) CHECK_FALSE(one->expired());
  first = nullptr;
  last = nullptr;
  runtime.collect();
  CHECK(runtime.last_cycle().weak_cleared == 50);
  for (const auto& one : weak) CHECK(one->expired());
}

TEST_CASE("Weak references agree with a model of who holds what") {
  Runtime runtime(checking());
  Attach here(runtime);
  std::mt19937_64 random(test_seed());
  CAPTURE(test_seed());
  struct Pair {
    Root<Node> node;
    Root<WeakRef<Node>> weak;
  };
  std::vector<Pair> pairs;
  for (int step = 0; step < 3000; ++step) {
    const std::size_t at = pairs.empty() ? 0 : random() % pairs.size();
    switch (random() % 4) {
      case 0:
      case 1:
        pairs.push_back({midden::make<Node>(), {}});
        pairs.back().node->value = step;
        pairs.back().weak = midden::make_weak(pairs.back().node);
        break;
      case 2:
        if (!pairs.empty()) pairs[at].node = nullptr;
        break;
      default:
        if (random() % 16 != 0) break;
        runtime.collect();
        for (const Pair& pair : pairs) REQUIRE(pair.weak->get() == pair.node);
        std::erase_if(pairs, [](const Pair& pair) { return pair.node == nullptr; });
        if (random() % 2 == 0) finish_sweep(runtime);
    }
  }
}

TEST_CASE("Threads make and read weak references while others collect") {
  Runtime runtime(quiet());
  std::atomic<bool> done{false};
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&] {
      Attach here(runtime);
      for (int round = 0; round < 200 && !done; ++round) {
        Root<Node> node = midden::make<Node>();
        node->value = round;
        const Root<WeakRef<Node>> weak = midden::make_weak(node);
        if (round % 2 == 0) node = nullptr;
        midden::safepoint(here);
        const Root<Node> seen = weak->get();
        wrong += node != nullptr && seen != node;
        wrong += seen != nullptr && seen->value != round;
      }
    });
  }
  for (int i = 0; i < 50; ++i) runtime.collect();
  for (std::thread& thread : threads) thread.join();
  CHECK(wrong == 0);
  runtime.collect();
  CHECK(runtime.last_cycle().weak_references == 0);
}

}  // namespace
