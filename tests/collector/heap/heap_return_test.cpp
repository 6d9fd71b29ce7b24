// Memory that goes back to the system: free pages in partly used spans, and free blocks.

#include <algorithm>
#include <cstring>
#include <limits>
#include <vector>

#include "tests/collector/heap_only.hpp"
#include "tests/support/seed.hpp"

namespace midden::collector_tests {
namespace {

constexpr std::uint64_t at_leisure = std::numeric_limits<std::uint64_t>::max();

bool all(const void* object, std::size_t size, int byte) {
  const auto* bytes = static_cast<const std::uint8_t*>(object);
  return std::all_of(bytes, bytes + size, [&](std::uint8_t each) { return each == byte; });
}

// Two looks: at the first everything was in use a moment ago.
void look_twice(Heap& heap) {
  CHECK(heap.sweep_until(at_leisure));
  heap.look();
  CHECK(heap.return_until(at_leisure));
  heap.look();
  CHECK(heap.return_until(at_leisure));
}

TEST_CASE("Wholly free pages of partly used spans go back, and what is alive is as it was") {
  for (const std::size_t size : {16U, 24U, 104U, 1024U, 5000U, 40'000U}) {
    CAPTURE(size);
    HeapOnly only;
    Type& type = only.add(leaf_of(size));
    std::vector<std::byte*> objects;
    while (only.heap.report().used_bytes < 40 * block_bytes) {
      objects.push_back(only.make(type));
      std::memset(objects.back(), 0x5a, size);
    }
    only.allocator.give_back();
    std::vector<void*> live;
    const std::size_t kept_every = std::max<std::size_t>(1, 20'000 / size);
    for (std::size_t i = 0; i < objects.size(); i += kept_every + (size > 20'000)) live.push_back(objects[i]);
    only.survive(live);
    look_twice(only.heap);
    const std::uint64_t returned = only.heap.report().returned_bytes;
    CHECK(returned >= (size > 4096 ? 1 : 10) * block_bytes);
    CHECK(returned <= only.heap.report().used_bytes);
    CHECK_FALSE(only.heap.has_unreturned());
    for (const void* object : live) REQUIRE(all(object, size, 0x5a));
    // Nothing is returned twice, and what is used again counts as memory.
    const std::size_t discarded = only.pages.discarded_bytes();
    look_twice(only.heap);
    CHECK(only.pages.discarded_bytes() == discarded);
    // The type's first objects stand in a shared block, where it makes no more.
    while (only.heap.report().returned_bytes > promotion_bytes + 8 * block_bytes) {
      std::byte* object = only.make(type);
      if (!all(object, size, 0)) FAIL("memory that is not zero");
      std::memset(object, 0x77, size);
    }
  }
}

TEST_CASE("New objects of a span that was given back early are never taken for free memory") {
  HeapOnly only;
  Type& type = only.add(leaf_of(512));
  std::vector<std::byte*> objects;
  for (int i = 0; i < 300; ++i) objects.push_back(only.make(type));
  only.survive({});
  CHECK(only.heap.sweep_until(at_leisure));
  std::vector<std::byte*> fresh;
  for (int i = 0; i < 5; ++i) {
    fresh.push_back(only.make(type));
    std::memset(fresh.back(), 0x33, 512);
  }
  only.allocator.give_back();
  look_twice(only.heap);
  for (const std::byte* object : fresh) CHECK(all(object, 512, 0x33));
}

TEST_CASE("Of a space that is allocated from, those spans keep their pages that are needed from look to look") {
  HeapOnly only;
  Type& type = only.add(leaf_of(1024, 64));  // in a space of its own from the first
  std::vector<void*> live;
  for (int i = 0; i < 64 * 30; ++i) {
    std::byte* object = only.make(type);
    std::memset(object, 1, 1024);
    if (i % 32 == 0) live.push_back(object);
  }
  only.survive(live);
  CHECK(only.heap.sweep_until(at_leisure));
  only.heap.look();
  CHECK(only.heap.return_until(at_leisure));
  CHECK(only.heap.report().returned_bytes == 0);
  CHECK(only.heap.has_unreturned());
  // Two objects live in each block, whose two pages stay.
  constexpr std::size_t free_in_a_block = block_bytes - 2 * page_bytes;
  for (int i = 0; i < 62 * 10; ++i) only.make(type);
  only.heap.look();
  CHECK(only.heap.return_until(at_leisure));
  CHECK(only.heap.report().returned_bytes == 20 * free_in_a_block);
  for (int i = 0; i < 62 * 4; ++i) only.make(type);
  CHECK(only.heap.report().returned_bytes == 16 * free_in_a_block);
}

TEST_CASE("Returned pages are not counted any more when their span becomes free or is used again") {
  HeapOnly only;
  auto random = test_generator(71);
  std::vector<Type*> types;
  for (const std::size_t size : {48U, 700U, 3000U, 9000U}) types.push_back(&only.add(leaf_of(size)));
  std::vector<void*> live;
  for (int cycle = 0; cycle < 30; ++cycle) {
    for (int i = 0; i < 3000; ++i) {
      Type& type = *types[random() % types.size()];
      std::byte* object = only.make(type);
      if (!all(object, type.info().size, 0)) FAIL("memory that is not zero");
      std::memset(object, static_cast<int>(1 + random() % 255), type.info().size);
      live.push_back(object);
    }
    std::vector<void*> next;
    for (void* object : live) {
      if (random() % 8 == 0) next.push_back(object);
    }
    live = next;
    only.survive(live);
    if (random() % 2 == 0) look_twice(only.heap);
    const HeapReport report = only.heap.report();
    CHECK(report.returned_bytes <= report.used_bytes);
  }
  only.survive({});
  CHECK(only.heap.sweep_until(at_leisure));
  CHECK(only.heap.report().returned_bytes == 0);
  look_twice(only.heap);
  CHECK(only.heap.committed_bytes() == 0);
  CHECK_FALSE(only.heap.has_unreturned());
}

TEST_CASE("Returning stops at its deadline and goes on later") {
  HeapOnly only;
  Type& type = only.add(leaf_of(300'000));
  for (int i = 0; i < 20; ++i) std::memset(only.make(type), 1, 300'000);
  only.survive({});
  CHECK(only.heap.sweep_until(at_leisure));
  only.heap.look();
  only.heap.look();
  int slices = 0;
  while (!only.heap.return_until(0)) ++slices;
  CHECK(slices > 1);
  CHECK(only.heap.report().free_bytes == 0);
}

TEST_CASE("In a checked heap free pages keep their poison") {
  HeapOnly only(true);
  Type& type = only.add(leaf_of(1024));
  std::vector<void*> live;
  for (int i = 0; i < 64 * 10; ++i) {
    std::byte* object = only.make(type);
    if (i % 32 == 0) live.push_back(object);
  }
  only.survive(live);
  look_twice(only.heap);
  CHECK(only.heap.report().returned_bytes == 0);
}

}  // namespace
}  // namespace midden::collector_tests
