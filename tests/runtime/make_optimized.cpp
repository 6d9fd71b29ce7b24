// A constructor that collects between two of its references, and members that nobody initialises.
//
// A program of its own, which the build compiles at -O2 and -O3, alone and with the library
// optimised into it at link time. Memory is zero before a constructor runs, so that a collection
// inside it finds no stray reference in what is not constructed yet. A compiler that knows that a
// constructor begins an object's life may delete that zeroing as dead stores: what the slot held
// before would then be seen, and its target counted as alive. Nor may it think that members without an
// initialiser have no value: they are zero.

#include <cstdint>
#include <cstdio>

#include <midden/midden.hpp>

namespace {

struct Node {
  std::int64_t content = 0;
  midden::Ref<Node> next;

  Node(std::int64_t given, const midden::Ref<Node>& after) : content(given), next(after) {}
  static constexpr auto midden_refs = midden::refs<Node>(&Node::next);
};

midden::Root<Node> make_node(std::int64_t content) { return midden::make<Node>(content, midden::Ref<Node>()); }

std::uint64_t marked = 0;

midden::Root<Node> collect_and_make(std::int64_t content) {
  midden::Runtime& runtime = midden::Runtime::current();
  runtime.collect();
  marked = runtime.last_cycle().objects_marked;
  return make_node(content);
}

struct Pair {
  midden::Ref<Node> first;
  midden::Ref<Node> second;

  Pair(const midden::Root<Node>& a, const midden::Root<Node>& b) : first(a), second(b) {}
  explicit Pair(std::int64_t content) : first(make_node(content)), second(collect_and_make(content + 1)) {}
  static constexpr auto midden_refs = midden::refs<Pair>(&Pair::first, &Pair::second);
};

// Slots that named living objects die, so that the next pairs are made in them.
void leave_dirt(midden::Runtime& runtime, const midden::Root<Node>& alive) {
  for (int i = 0; i < 20'000; ++i) midden::make<Pair>(alive, make_node(i));
  runtime.collect();
}

int run(bool check) {
  midden::Config config;
  config.environment = midden::Environment::ignore;
  config.check = check;
  midden::Runtime runtime(config);
  midden::Attach here(runtime);
  for (int round = 0; round < 20; ++round) {
    leave_dirt(runtime, make_node(round));
    for (int i = 0; i < 50; ++i) {
      const std::int64_t content = std::int64_t{round} << 32 | i << 8;
      const midden::Root<Pair> pair = midden::make<Pair>(content);
      if (marked != 2 || pair->first->content != content || pair->second->content != content + 1) {
        std::fprintf(stderr, "round %d, pair %d: %llu objects marked inside its constructor, of 2\n", round, i,
                     static_cast<unsigned long long>(marked));
        return 1;
      }
    }
  }
  return 0;
}

struct Plain {
  std::int64_t before;
  midden::Ref<Plain> next;
  std::int64_t after[6];
  static constexpr auto midden_refs = midden::refs<Plain>(&Plain::next);
};

struct Number {
  std::int64_t value;
  static constexpr midden::Leaf midden_leaf{};
};

std::int64_t sum(const Plain& plain) {
  std::int64_t result = plain.before | (plain.next ? 1 : 0);
  for (const std::int64_t each : plain.after) result |= each;
  return result;
}

int make_plain() {
  midden::Config config;
  config.environment = midden::Environment::ignore;
  config.gc_floor = 1 << 20;
  midden::Runtime runtime(config);
  midden::Attach here(runtime);
  std::int64_t dirt = 0;
  for (std::int64_t i = 0; i < 300'000; ++i) {
    const midden::Root<Plain> rooted = midden::make<Plain>();
    dirt |= sum(*rooted);
    Plain* raw = midden::unsafe::make<Plain>(here);
    dirt |= sum(*raw);
    for (Plain* plain : {rooted.get(), raw}) {
      plain->before = ~i;
      plain->next = rooted;
      for (std::int64_t& each : plain->after) each = ~i;
    }
    Number* number = midden::unsafe::make<Number>(here);
    dirt |= number->value;
    number->value = ~i;
  }
  if (dirt != 0) std::fprintf(stderr, "members that nobody initialised were not zero\n");
  return dirt != 0;
}

}  // namespace

int main() { return run(false) + run(true) + make_plain(); }
