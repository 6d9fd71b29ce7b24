// What blocks hold, by type.

#include <algorithm>
#include <limits>
#include <string>
#include <vector>

#include "tests/collector/heap_only.hpp"

namespace midden::collector_tests {
namespace {

const SpaceReport* find(const std::vector<SpaceReport>& rows, const std::string& type, std::size_t slot_bytes) {
  const auto row = std::find_if(rows.begin(), rows.end(), [&](const SpaceReport& each) {
    return each.type == type && each.slot_bytes == slot_bytes;
  });
  return row == rows.end() ? nullptr : &*row;
}

TEST_CASE("The census counts each type's live objects and the free slots between them") {
  HeapOnly only;
  Type& node = only.add({.name = "node", .size = 64, .alignment = 64});  // blocks of its own from the first
  Type& few = only.add({.name = "few", .size = 40});
  Type& other = only.add({.name = "other", .size = 40});
  Type& large = only.add({.name = "large", .size = 300'000});
  std::vector<void*> live;
  for (int i = 0; i < 10 * 1024; ++i) {
    void* object = only.make(node);
    if (i % 4 == 0) live.push_back(object);
  }
  for (int i = 0; i < 30; ++i) {
    live.push_back(only.make(few));
    void* object = only.make(other);
    if (i < 10) live.push_back(object);
  }
  live.push_back(only.make(large));
  only.make(large);
  CHECK(only.heap.census().empty());  // nothing is known before the first cycle
  only.survive(live);
  for (const bool swept : {false, true}) {
    CAPTURE(swept);
    if (swept) CHECK(only.heap.sweep_until(std::numeric_limits<std::uint64_t>::max()));
    const std::vector<SpaceReport> rows = only.heap.census();
    CHECK(rows.size() == 5);
    const SpaceReport* nodes = find(rows, "node", 64);
    REQUIRE(nodes != nullptr);
    CHECK(nodes->objects == 2560);
    CHECK(nodes->object_bytes == 2560 * 64);
    CHECK(nodes->block_bytes == 10 * block_bytes);
    CHECK(nodes->free_bytes == 7680 * 64);
    const SpaceReport* shared = find(rows, "", 40);
    REQUIRE(shared != nullptr);
    CHECK(shared->objects == 0);
    CHECK(shared->block_bytes == block_bytes);
    CHECK(shared->free_bytes == (block_bytes / 40 - 40) * 40);
    REQUIRE(find(rows, "few", 40) != nullptr);
    CHECK(find(rows, "few", 40)->objects == 30);
    CHECK(find(rows, "few", 40)->block_bytes == 0);
    REQUIRE(find(rows, "other", 40) != nullptr);
    CHECK(find(rows, "other", 40)->object_bytes == 400);
    REQUIRE(find(rows, "large", 0) != nullptr);
    CHECK(find(rows, "large", 0)->objects == 1);
    CHECK(find(rows, "large", 0)->free_bytes == 0);
    CHECK(std::is_sorted(rows.begin(), rows.end(),
                         [](const SpaceReport& a, const SpaceReport& b) { return a.free_bytes > b.free_bytes; }));
  }
}

TEST_CASE("The census tells which pages of a type's blocks were returned, and forgets blocks without objects") {
  HeapOnly only;
  Type& node = only.add({.name = "node", .size = 64, .alignment = 64});
  std::vector<void*> live;
  for (int i = 0; i < 4 * 1024; ++i) {
    void* object = only.make(node);
    if (i % 1024 == 0) live.push_back(object);
  }
  only.survive(live);
  CHECK(only.heap.sweep_until(std::numeric_limits<std::uint64_t>::max()));
  only.heap.look();
  only.heap.look();
  CHECK(only.heap.return_until(std::numeric_limits<std::uint64_t>::max()));
  const std::vector<SpaceReport> rows = only.heap.census();
  REQUIRE(rows.size() == 1);
  CHECK(rows[0].returned_bytes == only.heap.report().returned_bytes);
  CHECK(rows[0].returned_bytes == 4 * 15 * page_bytes);
  only.survive({});
  CHECK(only.heap.census().empty());
}

}  // namespace
}  // namespace midden::collector_tests
