// The roots of a thread: where each has its place, and that none is lost whatever places change.

#include "runtime/own_roots.hpp"

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <vector>

#include <midden/midden.hpp>

#include "tests/runtime/nodes.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/death.hpp"
#include "tests/support/seed.hpp"

using midden::Attach;
using midden::Root;
using midden::RootList;
using midden::Runtime;
using midden::detail::RootPlace;
using midden::runtime::OwnRoots;

namespace {

// Memory that stands for a stack, with places at words of it.
class Stack {
 public:
  explicit Stack(std::size_t bytes) : words_(bytes / sizeof(std::uintptr_t)) {}
  std::size_t words() const { return words_.size(); }
  void* at(std::size_t word) { return &words_[word]; }

 private:
  std::vector<std::uintptr_t> words_;
};

std::multiset<const RootPlace*> shown(const OwnRoots& roots) {
  std::multiset<const RootPlace*> all;
  roots.for_each([&](const RootPlace& root) { all.insert(&root); });
  return all;
}

constexpr std::size_t words_a_root = sizeof(RootPlace) / sizeof(std::uintptr_t);

// Recurses with a root in each frame; at the bottom it collects. Returns how many nodes the frames named.
std::int64_t in_frames(Runtime& runtime, std::int64_t depth) {
  if (depth == 0) {
    runtime.collect();
    return 0;
  }
  const Root<Node> node = midden::make<Node>();
  node->value = depth;
  std::array<volatile char, 500> wide;
  wide[0] = 1;
  const std::int64_t below = in_frames(runtime, depth - 1);
  return node->value == depth ? below + wide[0] : below;
}

}  // namespace

TEST_CASE("Places in the window and in the list are all shown, whatever order they begin and end in") {
  std::mt19937_64 random(test_seed());
  Stack stack(3 * OwnRoots::most_bytes);
  OwnRoots roots(stack.at(stack.words() / 2));
  std::vector<RootPlace*> places(stack.words() / words_a_root, nullptr);
  std::multiset<const RootPlace*> expected;
  for (int round = 0; round < 20; ++round) {
    // Ever further from the middle, so that the window grows both ways and then no more.
    const std::size_t reach = places.size() * static_cast<std::size_t>(round + 1) / 20;
    for (int step = 0; step < 2000; ++step) {
      const std::size_t i = (places.size() - reach) / 2 + random() % reach;
      if (places[i] == nullptr) {
        places[i] = new (stack.at(i * words_a_root)) RootPlace(nullptr);
        roots.place(*places[i]);
        expected.insert(places[i]);
      } else {
        places[i]->leave();
        expected.erase(places[i]);
        places[i] = nullptr;
      }
    }
    REQUIRE(shown(roots) == expected);
  }
  std::size_t in_window = 0;
  for (const RootPlace* place : expected) in_window += place->in_window();
  CHECK(in_window > expected.size() / 5);
  CHECK(in_window < expected.size());
  CHECK(roots.window().bytes == OwnRoots::most_bytes);
  for (const RootPlace* place : expected) const_cast<RootPlace*>(place)->leave();
  CHECK(shown(roots).empty());
}

TEST_CASE("Roots of deep frames keep their objects, with a place in the window and without") {
  const std::int64_t depth = GENERATE(3, 300, 3000);
  Runtime runtime(checking());
  Attach here(runtime);
  CHECK(in_frames(runtime, depth) == depth);
  CHECK(runtime.last_cycle().objects_marked == static_cast<std::uint64_t>(depth));
  CHECK(live_objects(runtime) == 0);
}

TEST_CASE("A root keeps its object on its way from a frame to a heap object of the host and back") {
  Runtime runtime(checking());
  Attach here(runtime);
  Root<Node> framed = make_list(3);
  auto kept = std::make_unique<Root<Node>>(std::move(framed));
  CHECK(framed == nullptr);
  CHECK(live_objects(runtime) == 3);
  const Root<Node> back(std::move(*kept));
  CHECK(*kept == nullptr);
  CHECK(live_objects(runtime) == 3);
  kept.reset();
  framed = make_list(2);
  CHECK(live_objects(runtime) == 5);
}

TEST_CASE("A root of a frame that is moved while a task's list is in use stays its thread's") {
  Runtime runtime(checking());
  std::optional<Root<Node>> moved;
  RootList list(runtime);
  Attach here(runtime);
  Root<Node> framed = make_list(3);
  std::unique_ptr<Root<Node>> kept;
  {
    const RootList::Use use(list);
    const bool to_heap = GENERATE(false, true);
    if (to_heap) {
      kept = std::make_unique<Root<Node>>(std::move(framed));
    } else {
      moved.emplace(std::move(framed));
    }
    CHECK(live_objects(runtime) == 3);
    const Root<Node> of_task = make_list(2);
    CHECK(live_objects(runtime) == 5);
    framed = make_list(1);  // made anew: the task's
    CHECK(live_objects(runtime) == 6);
    framed = nullptr;
    Root<Node> last(std::move(framed));
  }
  CHECK(live_objects(runtime) == 3);
  moved.reset();
}

TEST_CASE("A root of a frame that is moved while its thread runs in another Runtime is stopped") {
  const Death death = death_of([] {
    Runtime a(quiet("a"));
    Runtime b(quiet("b"));
    Attach in_a(a, "culprit");
    Root<Node> root = make_list(1);
    const Attach in_b(b, "culprit");
    const Root<Node> target(std::move(root));
  });
  INFO(death.words);
  CHECK(death.says("a Root was assigned, moved or ended in another Runtime than its own"));
}

TEST_CASE("A root of a frame that a blocked thread moves is stopped") {
  const Death death = death_of([] {
    Runtime runtime(quiet());
    Attach here(runtime, "culprit");
    Root<Node> root = make_list(1);
    const midden::Blocked blocked;
    const Root<Node> target(std::move(root));
  });
  INFO(death.words);
  CHECK(death.says("a Root was moved or ended by a thread that is Blocked or not attached"));
}
