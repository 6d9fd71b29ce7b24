// Arrays so wide that what they name waits in place, and is scanned as it lies in the heap.

#include <algorithm>
#include <vector>

#include "tests/collector/marking.hpp"
#include "tests/collector/test_crew.hpp"
#include "tests/support/seed.hpp"

namespace midden::collector_tests {
namespace {

constexpr std::size_t width = 40'000;  // far above what makes an array wide in a heap of these sizes

// An array that names objects of every kind in random order, each with something behind it that only it names.
struct Wide {
  explicit Wide(Marking& its) : m(its), array(m.make_array<RefArray>(m.add(RefArray::type()), width)) {
    Type& leaf = m.add(leaf_of(48));
    Type& arrays = m.add(RefArray::type());
    std::vector<void*> named;
    const auto name = [&](void* object) {
      named.push_back(object);
      all.push_back(object);
    };
    const auto child = [&] {
      auto* node = m.make<Node>();
      all.push_back(node);
      return node;
    };
    for (int i = 0; i < 6000; ++i) {
      auto* node = m.make<Node>();
      node->right = child();
      name(node);
      auto* odd = m.make<Odd>();
      odd->next = m.make<Odd>();
      all.push_back(odd->next.get());
      name(odd);
      auto* tagged = m.make<Tagged>();
      tagged->row[2] = child();
      name(tagged);
      name(m.make(leaf));
    }
    for (const std::size_t elements : {std::size_t{3}, std::size_t{2000}, std::size_t{30'000}, std::size_t{60'000}}) {
      auto* inner = m.make_array<RefArray>(arrays, elements);
      inner->begin()[elements - 1] = child();
      name(inner);
    }
    std::shuffle(named.begin(), named.end(), random);
    for (void* object : named) array->begin()[place()] = static_cast<Node*>(object);
    for (int i = 0; i < 2000; ++i) array->begin()[place()] = static_cast<Node*>(named[random() % named.size()]);
  }

  // A place that is free still.
  std::size_t place() {
    while (true) {
      const std::size_t i = random() % width;
      if (array->begin()[i] == nullptr) return i;
    }
  }
  std::size_t wrong() const {
    return static_cast<std::size_t>(std::count_if(all.begin(), all.end(), [&](void* object) {
      return !m.marked(object) || (m.byte_of(object) & waiting_flag) != 0;
    }));
  }

  Marking& m;
  std::mt19937_64 random = test_generator(60);
  RefArray* array;
  std::vector<void*> all{array};
};

TEST_CASE("What a wide array names is found whole, and all that it leads to, and waits no more") {
  for (const std::size_t stack_limit : {unlimited, std::size_t{0}, std::size_t{3}}) {
    for (const bool prefetch : {true, false}) {
      CAPTURE(stack_limit, prefetch);
      Marking m({.stack_limit = stack_limit, .prefetch = prefetch});
      const Wide wide(m);
      for (int cycle = 0; cycle < 3; ++cycle) {
        const MarkTotals& totals = m.mark({wide.array});
        CHECK(totals.objects == wide.all.size());
        CHECK((totals.overflows > 0) == (stack_limit != unlimited));
        REQUIRE(wide.wrong() == 0);
      }
    }
  }
}

TEST_CASE("A team goes through what waits in place, cycle after cycle") {
  TestCrew crew(3);
  Marking m({.patience = 1, .slice = 1}, &crew);
  const Wide wide(m);
  {
    const EndOf end(crew);
    for (int cycle = 0; cycle < 30; ++cycle) {
      m.mark({wide.array});
      REQUIRE(m.marker.totals().objects >= wide.all.size());  // two at the same moment count an object twice
      REQUIRE(wide.wrong() == 0);
    }
  }
}

TEST_CASE("What waits in place leaves no more of the grey stack than it needs") {
  Marking m({.stack_limit = 64});
  Type& type = m.add(RefArray::type());
  auto* array = m.make_array<RefArray>(type, width);
  for (std::size_t i = 0; i < width; ++i) array->begin()[i] = m.make<Node>();
  CHECK(m.mark({array}).overflows == 0);
  CHECK(m.marker.totals().objects == width + 1);
}

}  // namespace
}  // namespace midden::collector_tests
