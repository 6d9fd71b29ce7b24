// References inside heap objects: Ref, AtomicRef, runs of them, and the barrier before each store.

#include <midden/ref.hpp>

#include <algorithm>
#include <atomic>
#include <thread>
#include <type_traits>
#include <vector>

#include "tests/runtime/nodes.hpp"
#include "tests/support/catch.hpp"

using midden::Array;
using midden::AtomicRef;
using midden::Attach;
using midden::Ref;
using midden::Root;
using midden::Runtime;

namespace {

struct Shared {
  AtomicRef<Node> field;
  static constexpr auto midden_refs = midden::refs<Shared>(&Shared::field);
};

Root<Node> make_node(std::int64_t value) {
  Root<Node> node = midden::make<Node>();
  node->value = value;
  return node;
}

Root<Array<Ref<Node>>> numbered(std::int64_t count) {
  auto array = midden::make_array<Ref<Node>>(static_cast<std::size_t>(count));
  for (std::int64_t i = 0; i < count; ++i) (*array)[static_cast<std::size_t>(i)] = make_node(i);
  return array;
}

std::vector<std::int64_t> values_of(const Array<Ref<Node>>& array) {
  std::vector<std::int64_t> values;
  for (const Ref<Node>& ref : array) values.push_back(ref ? ref->value : -1);
  return values;
}

using Values = std::vector<std::int64_t>;

}  // namespace

static_assert(sizeof(Ref<Node>) == 8 && alignof(Ref<Node>) == 8);
static_assert(!std::is_trivially_copyable_v<Ref<Node>>);
static_assert(std::is_trivially_destructible_v<Ref<Node>> && std::is_trivially_destructible_v<AtomicRef<Node>>);
static_assert(!std::is_copy_constructible_v<AtomicRef<Node>>);
static_assert(!std::is_convertible_v<Node*, Ref<Node>>);
static_assert(!std::is_constructible_v<Ref<Node>, Ref<Number>>);

TEST_CASE("A Ref is null, is assigned, is compared") {
  Runtime runtime(checking());
  Attach here(runtime);
  Root<Node> parent = make_node(1);
  CHECK_FALSE(parent->left);
  CHECK(parent->left == nullptr);
  Root<Node> child = make_node(2);
  parent->left = child;
  parent->right = parent->left;
  CHECK(parent->left == child.get());
  CHECK(parent->left == parent->right);
  CHECK(parent->left->value == 2);
  CHECK((*parent->left).value == 2);
  child = nullptr;
  CHECK(live_objects(runtime) == 2);
  parent->left = nullptr;
  CHECK(live_objects(runtime) == 2);
  parent->right = static_cast<Node*>(nullptr);
  CHECK(live_objects(runtime) == 1);
}

TEST_CASE("A Ref is made from whatever names an object of its type") {
  Runtime runtime(checking());
  Attach here(runtime);
  const Root<Node> root = make_node(1);
  const midden::GlobalRoot<Node> global(root);
  const midden::Pin<Node> pin(root);
  Root<Node> holder = make_node(0);
  holder->left = root;
  CHECK(holder->left == root.get());
  holder->left = global;
  CHECK(holder->left == root.get());
  holder->left = pin;
  CHECK(holder->left == root.get());
  Root<Shared> shared = midden::make<Shared>();
  shared->field.store(root.get());
  holder->right = shared->field;
  CHECK(holder->right == root.get());
}

TEST_CASE("An AtomicRef stores, exchanges and compares") {
  Runtime runtime(checking());
  Attach here(runtime);
  Root<Shared> shared = midden::make<Shared>();
  CHECK(shared->field.get() == nullptr);
  const Root<Node> a = make_node(1);
  const Root<Node> b = make_node(2);
  shared->field.store(a.get());
  CHECK(shared->field.get() == a.get());
  CHECK(shared->field.exchange(b.get()) == a.get());
  Node* expected = a.get();
  CHECK_FALSE(shared->field.compare_exchange(expected, nullptr));
  CHECK(expected == b.get());
  CHECK(shared->field.compare_exchange(expected, a.get()));
  CHECK(expected == b.get());
  CHECK(shared->field.get() == a.get());
  Node* none = nullptr;
  CHECK_FALSE(shared->field.compare_exchange(none, b.get()));
  CHECK(none == a.get());
}

TEST_CASE("An AtomicRef brings a whole object to another thread") {
  Runtime runtime(quiet());
  Attach here(runtime);
  Root<Shared> shared = midden::make<Shared>();
  std::atomic<int> wrong{0};
  std::thread reader([&, field = &shared->field] {
    Attach there(runtime);
    for (std::int64_t last = 0; last < 999;) {
      midden::safepoint();
      Node* seen = field->get();
      if (seen == nullptr) continue;
      wrong += seen->value < last || seen->right->value != seen->value;
      last = seen->value;
    }
  });
  for (std::int64_t i = 0; i < 1000; ++i) {
    Root<Node> node = make_node(i);
    node->right = make_node(i);
    shared->field.store(node.get());
  }
  {
    const midden::Blocked waiting;
    reader.join();
  }
  CHECK(wrong == 0);
}

TEST_CASE("Runs of references are copied also where they overlap") {
  Runtime runtime(checking());
  Attach here(runtime);
  Root<Array<Ref<Node>>> array = numbered(8);
  Ref<Node>* const data = array->data();
  midden::copy_refs(data + 2, data, 5);
  CHECK(values_of(*array) == Values{0, 1, 0, 1, 2, 3, 4, 7});
  array = numbered(8);
  midden::copy_refs(array->data(), array->data() + 3, 5);
  CHECK(values_of(*array) == Values{3, 4, 5, 6, 7, 5, 6, 7});
  array = numbered(4);
  midden::copy_refs(array->data() + 1, array->data() + 1, 3);
  CHECK(values_of(*array) == Values{0, 1, 2, 3});
  midden::copy_refs(array->data() + 1, array->data(), 0);
  CHECK(values_of(*array) == Values{0, 1, 2, 3});
  CHECK(live_objects(runtime) == 5);
}

TEST_CASE("Runs of references that move leave null behind") {
  Runtime runtime(checking());
  Attach here(runtime);
  Root<Array<Ref<Node>>> from = numbered(4);
  Root<Array<Ref<Node>>> to = midden::make_array<Ref<Node>>(5);
  midden::move_refs(to->data() + 1, from->data() + 1, 3);
  CHECK(values_of(*from) == Values{0, -1, -1, -1});
  CHECK(values_of(*to) == Values{-1, 1, 2, 3, -1});
  from = nullptr;
  CHECK(live_objects(runtime) == 4);
}

TEST_CASE("The barrier logs what each store overwrites, when it is built in and active") {
  Runtime runtime(quiet());
  Attach here(runtime);
  Root<Node> parent = make_node(0);
  Root<Shared> shared = midden::make<Shared>();
  Root<Array<Ref<Node>>> array = numbered(3);
  const Root<Node> a = make_node(1);
  const Root<Node> b = make_node(2);
  parent->left = a;
  shared->field.store(a.get());
  midden::detail::BarrierLog& log = *midden::detail::barrier_log;
  const auto logged = [&] {
    std::vector<void*> taken;
    taken.swap(log.overwritten);
    return taken;
  };
  const auto expected = [](std::vector<void*> targets) {
    return midden::store_barrier_built ? targets : std::vector<void*>{};
  };

  parent->left = b;
  CHECK(logged().empty());  // not active
  log.active = true;
  parent->left = a;
  CHECK(logged() == expected({b.get()}));
  parent->right = b;  // null before
  CHECK(logged().empty());
  parent->right = nullptr;
  CHECK(logged() == expected({b.get()}));
  shared->field.store(b.get());
  CHECK(logged() == expected({a.get()}));
  shared->field.exchange(a.get());
  CHECK(logged() == expected({b.get()}));
  Node* held = b.get();
  shared->field.compare_exchange(held, b.get());
  CHECK(logged().empty());  // did not store
  shared->field.compare_exchange(held, b.get());
  CHECK(logged() == expected({a.get()}));
  std::vector<void*> before{array->data()[1].get(), array->data()[2].get()};
  midden::copy_refs(array->data() + 1, array->data(), 2);
  std::vector<void*> seen = logged();
  std::sort(seen.begin(), seen.end());
  std::sort(before.begin(), before.end());
  CHECK(seen == expected(before));
  std::uint64_t own_word = 0;
  midden::store_barrier(&own_word, a.get(), nullptr);
  CHECK(logged() == expected({a.get()}));
  log.active = false;
}

TEST_CASE("What the barrier logged stays alive until the log is emptied") {
  Runtime runtime(checking());
  Attach here(runtime);
  Root<Node> parent = make_node(0);
  parent->left = make_node(1);
  midden::detail::BarrierLog& log = *midden::detail::barrier_log;
  log.active = true;
  parent->left = nullptr;
  CHECK(live_objects(runtime) == (midden::store_barrier_built ? 2 : 1));
  log.overwritten.clear();
  CHECK(live_objects(runtime) == 1);
  log.active = false;
}
