// Root: copies, moves, assignments and ends in any order, in containers of the standard library.

#include <midden/root.hpp>

#include <algorithm>
#include <list>
#include <memory>
#include <optional>
#include <random>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "tests/runtime/nodes.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/seed.hpp"

using midden::Attach;
using midden::Ref;
using midden::Root;
using midden::Runtime;

namespace {

Root<Node> make_node(std::int64_t value) {
  Root<Node> node = midden::make<Node>();
  node->value = value;
  return node;
}

struct Base {
  Ref<Node> node;
  static constexpr auto midden_refs = midden::refs<Base>(&Base::node);
};
struct Derived : Base {
  std::int64_t more = 0;
  static constexpr auto midden_refs = midden::refs<Derived>(midden::base<Base>);
};

}  // namespace

TEST_CASE("A Root keeps its object alive until it ends or names another") {
  Runtime runtime(checking());
  Attach here(runtime);
  {
    Root<Node> root = make_node(1);
    CHECK(live_objects(runtime) == 1);
    root = make_node(2);
    CHECK(live_objects(runtime) == 1);
    CHECK(root->value == 2);
    root = nullptr;
    CHECK_FALSE(root);
    CHECK(live_objects(runtime) == 0);
    root = make_node(3);
    CHECK(live_objects(runtime) == 1);
  }
  CHECK(live_objects(runtime) == 0);
}

TEST_CASE("A copy of a Root keeps the object by itself") {
  Runtime runtime(checking());
  Attach here(runtime);
  auto first = std::make_unique<Root<Node>>(make_node(1));
  Root<Node> second(*first);
  Root<Node> third;
  third = second;
  CHECK(second == third);
  CHECK(second == *first);
  first.reset();
  CHECK(live_objects(runtime) == 1);
  second = nullptr;
  CHECK(live_objects(runtime) == 1);
  CHECK_FALSE(second == third);
  third = nullptr;
  CHECK(live_objects(runtime) == 0);
}

TEST_CASE("A Root that was moved from is empty and can be used again") {
  Runtime runtime(checking());
  Attach here(runtime);
  Root<Node> first = make_node(1);
  Root<Node> second(std::move(first));
  CHECK(first == nullptr);
  CHECK(second->value == 1);
  CHECK(live_objects(runtime) == 1);
  first = make_node(2);
  CHECK(live_objects(runtime) == 2);
  CHECK(first->value == 2);
  first = std::move(second);
  CHECK(first->value == 1);
  CHECK(second == nullptr);
  CHECK(live_objects(runtime) == 1);
}

TEST_CASE("A Root may be moved from one that was moved from") {
  Runtime runtime(checking());
  Attach here(runtime);
  auto first = std::make_unique<Root<Node>>(make_node(1));
  Root<Node> taken(std::move(*first));
  Root<Node> again(std::move(*first));
  CHECK(again == nullptr);
  first.reset();
  // It stands in no list now, and must join one before it names an object.
  again = make_node(2);
  CHECK(live_objects(runtime) == 2);
  CHECK(taken->value == 1);
  CHECK(again->value == 2);
}

TEST_CASE("A Root assigned to itself keeps its object") {
  Runtime runtime(checking());
  Attach here(runtime);
  Root<Node> root = make_node(1);
  Root<Node>& same = root;
  root = same;
  CHECK(live_objects(runtime) == 1);
  root = std::move(same);
  CHECK(root->value == 1);
  CHECK(live_objects(runtime) == 1);
}

TEST_CASE("Two Roots can be swapped") {
  Runtime runtime(checking());
  Attach here(runtime);
  Root<Node> a = make_node(1);
  Root<Node> b = make_node(2);
  std::swap(a, b);
  CHECK(a->value == 2);
  CHECK(b->value == 1);
  CHECK(live_objects(runtime) == 2);
}

TEST_CASE("A Root of a base names the object of a derived class") {
  Runtime runtime(checking());
  Attach here(runtime);
  Root<Derived> derived = midden::make<Derived>();
  derived->node = make_node(9);
  Root<Base> base = derived;
  derived = nullptr;
  CHECK(live_objects(runtime) == 2);
  CHECK(base->node->value == 9);
  Root<void> any = base;
  base = nullptr;
  CHECK(live_objects(runtime) == 2);
  CHECK(any.get() != nullptr);
}

TEST_CASE("A Root is made from a reference, and compares with null") {
  Runtime runtime(checking());
  Attach here(runtime);
  Root<Node> parent = make_node(1);
  parent->left = make_node(2);
  Root<Node> child = parent->left;
  parent = nullptr;
  CHECK(live_objects(runtime) == 1);
  CHECK(child->value == 2);
  CHECK((*child).value == 2);
  CHECK_FALSE(child == nullptr);
  Root<Node> none = nullptr;
  CHECK(none == nullptr);
}

TEST_CASE("Roots live in containers that move them about") {
  Runtime runtime(checking());
  Attach here(runtime);
  std::vector<Root<Node>> roots;
  for (std::int64_t i = 0; i < 100; ++i) roots.push_back(make_node(i));
  roots.erase(roots.begin() + 10, roots.begin() + 20);
  roots.insert(roots.begin() + 5, make_node(1000));
  std::reverse(roots.begin(), roots.end());
  CHECK(live_objects(runtime) == 91);
  std::sort(roots.begin(), roots.end(), [](const Root<Node>& a, const Root<Node>& b) { return a->value < b->value; });
  CHECK(roots.front()->value == 0);
  CHECK(roots.back()->value == 1000);
  std::stable_sort(roots.begin(), roots.end(), [](const auto& a, const auto& b) { return a->value > b->value; });
  CHECK(live_objects(runtime) == 91);

  std::unordered_map<int, Root<Node>> by_number;
  for (int i = 0; i < 50; ++i) by_number.emplace(i, std::move(roots[static_cast<std::size_t>(i)]));
  by_number.rehash(1000);
  roots.clear();
  CHECK(live_objects(runtime) == 50);
  for (int i = 0; i < 50; i += 2) by_number.erase(i);
  CHECK(live_objects(runtime) == 25);

  std::list<std::optional<Root<Node>>> maybe(3);
  maybe.front() = by_number.at(1);
  by_number.clear();
  CHECK(live_objects(runtime) == 1);
}

TEST_CASE("A vector of moved-from Roots may grow and be filled again") {
  Runtime runtime(checking());
  Attach here(runtime);
  std::vector<Root<Node>> roots(4);
  std::vector<Root<Node>> taken;
  for (Root<Node>& root : roots) {
    root = make_node(1);
    taken.push_back(std::move(root));
  }
  roots.reserve(roots.capacity() * 2);
  for (Root<Node>& root : roots) root = make_node(2);
  CHECK(live_objects(runtime) == 8);
  taken.clear();
  CHECK(live_objects(runtime) == 4);
  for (const Root<Node>& root : roots) CHECK(root->value == 2);
}

TEST_CASE("Roots made, moved, assigned and ended at random keep what they name") {
  Runtime runtime(checking());
  Attach here(runtime);
  std::mt19937_64 random = test_generator(1);
  std::vector<std::unique_ptr<Root<Node>>> roots;
  std::vector<std::int64_t> expected;  // 0: empty
  std::int64_t next_value = 1;
  for (int step = 0; step < 4000; ++step) {
    const std::size_t at = roots.empty() ? 0 : random() % roots.size();
    switch (roots.empty() ? 0 : random() % 7) {
      case 0:
        roots.push_back(std::make_unique<Root<Node>>(make_node(next_value)));
        expected.push_back(next_value++);
        break;
      case 1: {
        const std::int64_t value = expected[at];
        roots.push_back(std::make_unique<Root<Node>>(*roots[at]));
        expected.push_back(value);
        break;
      }
      case 2: {
        const std::int64_t value = std::exchange(expected[at], 0);
        roots.push_back(std::make_unique<Root<Node>>(std::move(*roots[at])));
        expected.push_back(value);
        break;
      }
      case 3: {
        const std::size_t from = random() % roots.size();
        *roots[at] = *roots[from];
        expected[at] = expected[from];
        break;
      }
      case 4: {
        const std::size_t from = random() % roots.size();
        if (from == at) break;
        *roots[at] = std::move(*roots[from]);
        expected[at] = std::exchange(expected[from], 0);
        break;
      }
      case 5:
        roots.erase(roots.begin() + static_cast<std::ptrdiff_t>(at));
        expected.erase(expected.begin() + static_cast<std::ptrdiff_t>(at));
        break;
      default:
        if (random() % 16 == 0) runtime.collect();
    }
  }
  std::vector<std::int64_t> values;
  for (std::size_t i = 0; i < roots.size(); ++i) {
    REQUIRE(bool(*roots[i]) == (expected[i] != 0));
    if (expected[i] == 0) continue;
    REQUIRE((*roots[i])->value == expected[i]);
    values.push_back(expected[i]);
  }
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
  CHECK(live_objects(runtime) == values.size());
}
