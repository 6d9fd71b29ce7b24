// Roots that a host forgot, each planted in a function of its own: what is kept across a collection by a plain
// pointer only, and used behind it. planted_test.py compiles this and looks for what MIDDEN_AUDIT_ROOTS says of each.
//
//   planted NAME      runs one of them and prints what the Runtime says

#include <array>
#include <cstdio>
#include <string_view>
#include <utility>
#include <vector>

#include <midden/midden.hpp>

namespace {

struct Leaf {
  long value = 0;

  static constexpr midden::Leaf midden_leaf{};

  [[gnu::noinline]] long sum_as_member(midden::Runtime& runtime);
};

// `hidden` is not declared.
struct Holder {
  midden::Ref<Leaf> known;
  Leaf* hidden = nullptr;

  static constexpr auto midden_refs = midden::refs<Holder>(&Holder::known);
};

[[gnu::noinline]] Leaf* make_leaf(long value) {
  midden::Root<Leaf> leaf = midden::make<Leaf>();
  leaf->value = value;
  return leaf.get();
}

[[gnu::noinline]] long sum_of_local(midden::Runtime& runtime) {
  Leaf* const leaf = make_leaf(1);
  runtime.collect();
  return leaf->value;
}

// Two functions that are put into a third.
[[gnu::always_inline]] inline long inner_level(midden::Runtime& runtime, Leaf* leaf) {
  runtime.collect();
  return leaf->value;
}
[[gnu::always_inline]] inline long outer_level(midden::Runtime& runtime, Leaf* leaf) {
  return 1 + inner_level(runtime, leaf);
}
[[gnu::noinline]] long sum_of_inlined(midden::Runtime& runtime) { return outer_level(runtime, make_leaf(1)); }

[[gnu::noinline]] long sum_of_argument(midden::Runtime& runtime, Leaf* leaf) {
  runtime.collect();
  return leaf->value;
}

[[gnu::noinline]] long Leaf::sum_as_member(midden::Runtime& runtime) {
  runtime.collect();
  return value;
}

template <class F>
[[gnu::noinline]] long call(F&& f) {
  return f();
}

[[gnu::noinline]] long sum_of_capture(midden::Runtime& runtime) {
  return call([&runtime, leaf = make_leaf(1)] {
    runtime.collect();
    return leaf->value;
  });
}

[[gnu::noinline]] std::array<Leaf*, 4> make_leaves() {
  std::array<Leaf*, 4> leaves;
  for (Leaf*& leaf : leaves) leaf = make_leaf(1);
  return leaves;
}

[[gnu::noinline]] long sum_of_array(midden::Runtime& runtime) {
  const std::array<Leaf*, 4> leaves = make_leaves();
  runtime.collect();
  long sum = 0;
  for (const Leaf* leaf : leaves) sum += leaf->value;
  return sum;
}

[[gnu::noinline]] std::vector<Leaf*> make_many_leaves() {
  const std::array<Leaf*, 4> leaves = make_leaves();
  return {leaves.begin(), leaves.end()};
}

[[gnu::noinline]] long sum_of_vector(midden::Runtime& runtime) {
  const std::vector<Leaf*> leaves = make_many_leaves();
  runtime.collect();
  long sum = 0;
  for (const Leaf* leaf : leaves) sum += leaf->value;
  return sum;
}

[[gnu::noinline]] long sum_of_undeclared(midden::Runtime& runtime) {
  midden::Root<Holder> holder = midden::make<Holder>();
  holder->hidden = make_leaf(1);
  runtime.collect();
  return holder->hidden->value;
}

// Every object is kept by a root: nothing is to be said.
[[gnu::noinline]] long sum_of_rooted(midden::Runtime& runtime) {
  midden::Root<Leaf> leaf = midden::make<Leaf>();
  Leaf* const same = leaf.get();
  runtime.collect();
  return same->value;
}

long run(midden::Runtime& runtime, std::string_view name) {
  if (name == "local") return sum_of_local(runtime);
  if (name == "inlined") return sum_of_inlined(runtime);
  if (name == "argument") return sum_of_argument(runtime, make_leaf(1));
  if (name == "this") return make_leaf(1)->sum_as_member(runtime);
  if (name == "capture") return sum_of_capture(runtime);
  if (name == "array") return sum_of_array(runtime);
  if (name == "vector") return sum_of_vector(runtime);
  if (name == "undeclared") return sum_of_undeclared(runtime);
  if (name == "rooted") return sum_of_rooted(runtime);
  std::fprintf(stderr, "planted: no such root: %s\n", name.data());
  return -1;
}

}  // namespace

int main(int argc, char** argv) {
  midden::Config config;
  config.environment = midden::Environment::ignore;
  config.audit_roots = true;
  config.message = [](std::string_view text) { std::printf("%.*s\n", static_cast<int>(text.size()), text.data()); };
  midden::Runtime runtime(std::move(config));
  const midden::Attach here(runtime, "main");
  if (argc != 2) return 2;
  return run(runtime, argv[1]) < 0 ? 2 : 0;
}
