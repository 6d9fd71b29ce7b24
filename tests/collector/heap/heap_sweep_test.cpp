// Colours that come round again: what is overdue is swept before they do.

#include <limits>
#include <vector>

#include "tests/collector/heap_only.hpp"
#include "tests/support/seed.hpp"

namespace midden::collector_tests {
namespace {

std::vector<std::uint64_t> swept_cycles(HeapOnly& only) {
  std::vector<std::uint64_t> result;
  for (const Space& space : only.heap.spaces(only.world.stop())) {
    for (const BlockIndex head : space.spans) result.push_back(only.heap.address_space().block(head).swept_cycle);
  }
  return result;
}

TEST_CASE("What nobody sweeps is swept just before its oldest colour would come again") {
  HeapOnly only;
  Type& type = only.add(leaf_of(1024, 64));
  std::vector<void*> live;
  for (int i = 0; i < 640; ++i) live.push_back(only.make(type));
  for (std::uint64_t cycle = 1; cycle <= 12; ++cycle) {
    CAPTURE(cycle);
    only.survive(live);
    for (const std::uint64_t swept : swept_cycles(only)) {
      CHECK(swept < cycle);
      CHECK(swept + mark_colours > cycle);  // or marks of this very colour could be left
    }
  }
}

TEST_CASE("The dead of any cycle never look alive in a later one, however late they are swept") {
  auto random = test_generator(13);
  for (int round = 0; round < 10; ++round) {
    HeapOnly only;
    Type& small = only.add(leaf_of(24));
    Type& middle = only.add(leaf_of(6000, 64));
    Type& large = only.add(leaf_of(300'000));
    std::vector<void*> live;
    for (int cycle = 0; cycle < 14; ++cycle) {
      CAPTURE(round, cycle);
      for (int i = 0; i < 40; ++i) {
        Type& type = i == 0 ? large : i % 4 == 0 ? middle : small;
        live.push_back(only.make(type));
      }
      std::vector<void*> next, dead;
      for (void* object : live) (random() % 3 == 0 ? dead : next).push_back(object);
      only.survive(next);
      live = next;
      for (const void* object : dead) REQUIRE_FALSE(only.marked(object));
      for (const void* object : live) REQUIRE(only.marked(object));
      if (random() % 3 == 0) static_cast<void>(only.heap.sweep_until(std::numeric_limits<std::uint64_t>::max()));
    }
  }
}

TEST_CASE("Flags of the dead die with them, flags of the living stay") {
  HeapOnly only(true);
  Type& type = only.add(leaf_of(64, 64));
  std::byte* live = only.make(type);
  std::byte* dead = only.make(type);
  only.heap.address_space().metadata(live).set(pinned_flag);
  only.heap.address_space().metadata(dead).set(pinned_flag);
  for (int cycle = 0; cycle < 5; ++cycle) {
    only.survive({live});
    static_cast<void>(only.heap.sweep_until(std::numeric_limits<std::uint64_t>::max()));
    CHECK(only.byte_of(live) == (only.heap.live_colour() | pinned_flag | born_flag));
    CHECK(only.byte_of(dead) == 0);
  }
}

TEST_CASE("A new object has no colour until it is marked, and is found dead if it never is") {
  HeapOnly only;
  Type& type = only.add(leaf_of(64, 64));
  std::byte* object = only.make(type);
  CHECK(only.byte_of(object) == 0);
  only.survive({});
  CHECK(only.byte_of(object) == 0);
  CHECK(only.make(type) == object);
}

}  // namespace
}  // namespace midden::collector_tests
