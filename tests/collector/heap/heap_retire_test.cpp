// Types that are retired: their ids live on for as long as one object does.

#include <limits>
#include <vector>

#include "tests/collector/heap_only.hpp"

namespace midden::collector_tests {
namespace {

bool knows(HeapOnly& only, const Type* type) {
  const std::vector<Type*> all = only.heap.types().all();
  return std::find(all.begin(), all.end(), type) != all.end();
}

void sweep(HeapOnly& only) { REQUIRE(only.heap.sweep_until(std::numeric_limits<std::uint64_t>::max())); }

TEST_CASE("A retired type is forgotten in the first cycle that finds no object of it") {
  for (const std::size_t size : {24U, 5000U, 300'000U}) {
    for (const std::size_t count : {1U, 3000U}) {
      if (size * count > 100'000'000) continue;
      CAPTURE(size, count);
      HeapOnly only;
      Type& type = only.add(leaf_of(size));
      Type& other = only.add(leaf_of(size));
      const TypeId id = type.id();
      std::byte* last = nullptr;
      for (std::size_t i = 0; i < count; ++i) last = only.make(type), only.make(other);
      only.heap.retire(type);
      only.survive({last});
      CHECK(knows(only, &type));
      CHECK(&only.heap.type_of(last) == &type);
      sweep(only);
      only.survive({last});
      CHECK(knows(only, &type));
      only.survive({});
      CHECK_FALSE(knows(only, &type));
      CHECK(knows(only, &other));

      // The id may now be another type's, and what is swept later must not mind.
      Type& next = only.add(segment_type());
      CHECK(next.id() == id);
      sweep(only);
      CHECK(only.heap.report().used_bytes == 0);
      CHECK(only.heap.report().arena_bytes == 0);
      std::byte* object = only.make(next, 400'000);
      CHECK(only.heap.commit_segment(object, 5000, Effort::normal) == Verdict::memory);
      CHECK(only.heap.report().arena_bytes == 2 * page_bytes);
    }
  }
}

TEST_CASE("A retired segment takes back what it counted") {
  HeapOnly only;
  Type& type = only.add(segment_type());
  std::byte* object = only.make(type, 400'000);
  CHECK(only.heap.commit_segment(object, 5000, Effort::normal) == Verdict::memory);
  only.heap.retire(type);
  only.survive({});
  CHECK_FALSE(knows(only, &type));
  sweep(only);
  CHECK(only.heap.report().arena_bytes == 0);
  CHECK(only.heap.report().used_bytes == 0);
}

TEST_CASE("A type that never had an object is forgotten in the next cycle") {
  HeapOnly only;
  Type& type = only.add(leaf_of(24));
  only.heap.retire(type);
  CHECK(knows(only, &type));
  only.survive({});
  CHECK_FALSE(knows(only, &type));
}

TEST_CASE("The space of a retired type serves the type that comes after it") {
  HeapOnly only;
  only.make(only.add(leaf_of(4096, 64)));
  const std::size_t spaces = only.heap.spaces(only.world.stop()).size();
  for (int i = 0; i < 20; ++i) {
    Type& type = only.add(leaf_of(64, 64));
    only.make(type);
    only.heap.retire(type);
    only.survive({});
    CHECK_FALSE(knows(only, &type));
  }
  CHECK(only.heap.spaces(only.world.stop()).size() <= spaces + 1);
}

TEST_CASE("Other types keep their objects while one is dropped") {
  HeapOnly only;
  Type& kept = only.add(leaf_of(64, 64));
  Type& dropped = only.add(leaf_of(64, 64));
  std::vector<void*> live;
  for (int i = 0; i < 3000; ++i) {
    live.push_back(only.make(kept));
    only.make(dropped);
  }
  only.heap.retire(dropped);
  only.survive(live);
  CHECK_FALSE(knows(only, &dropped));
  for (const void* object : live) REQUIRE(&only.heap.type_of(object) == &kept);
  CHECK(only.heap.report().used_bytes == 3 * block_bytes);
}

}  // namespace
}  // namespace midden::collector_tests
