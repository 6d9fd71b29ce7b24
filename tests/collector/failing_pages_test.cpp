// A system that refuses memory again and again: each request that it refuses is answered with
// out_of_memory, leaves the heap whole and its objects alone, and goes through when asked again.

#include <cstring>
#include <limits>
#include <optional>
#include <vector>

#include "collector/check/heap_walk.hpp"
#include "tests/collector/filled.hpp"
#include "tests/collector/full_cycle.hpp"
#include "tests/collector/host_memory.hpp"
#include "tests/support/seed.hpp"

namespace midden::collector_tests {
namespace {

// Objects of every kind, and what is in them.
class Shelf {
 public:
  Shelf(std::size_t refuse_every, bool checked, std::uint64_t stream)
      : full_(checked), every_(refuse_every), random_(test_generator(stream)) {
    // Two sizes that share blocks at first, a span of one block, one of several, large ones.
    for (const std::size_t bytes : {16U, 4000U, 30'000U, 200'000U}) types_.push_back(&full_.add(leaf_of(bytes)));
    types_.push_back(&full_.add(leaf_of(700'000)));
    types_.push_back(&full_.add(leaf_of(9'000'000)));
    segment_ = &full_.add(segment_type());
    full_.pages.refuse_every(every_);
  }

  void step() {
    const std::uint64_t dice = random_() % 100;
    if (dice < 4) {
      make(*segment_, 8 + random_() % 3'000'000);
    } else {
      const std::size_t kind = dice < 6 ? 5 : dice < 12 ? 4 : dice % 4;
      make(*types_[kind], types_[kind]->info().size);
    }
    if (full_.roots.objects.size() > 400) drop();
  }

  // Everything dies: nothing was lost or is taken twice.
  void finish() {
    full_.pages.refuse_nothing();
    drop();
    CHECK(full_.collect().objects_marked == things_.size());
    full_.roots.objects.clear();
    CHECK(full_.collect().objects_marked == 0);
    REQUIRE(full_.heap.sweep_until(std::numeric_limits<std::uint64_t>::max()));
    CHECK(full_.heap.report().used_bytes == 0);
    CHECK(full_.heap.report().arena_bytes == 0);
    std::size_t free = 0;
    full_.heap.for_each_free_run([&](BlockIndex, std::size_t blocks) { free += blocks; });
    CHECK(free == full_.heap.address_space().frontier());
  }

  std::size_t refusals() const { return refusals_; }

 private:
  struct Thing {
    std::byte* begin;
    std::size_t bytes;
    std::byte content;
  };

  void make(Type& type, std::size_t bytes) {
    std::byte* memory = nullptr;
    const auto frontier = full_.heap.address_space().frontier();
    for (int tries = 0; memory == nullptr; ++tries) {
      const Grant grant = ask([&] { return full_.allocator.allocate(type, bytes, Effort::beyond_trigger); });
      memory = grant.memory;
      if (memory != nullptr) break;
      REQUIRE(grant.verdict == Verdict::out_of_memory);
      REQUIRE(full_.heap.address_space().frontier() == frontier);
      ++refusals_;
      check();
      // One that takes several requests may be refused each time.
      if (tries == 3) full_.pages.refuse_nothing();
    }
    full_.pages.refuse_every(every_);
    const bool segment = type.info().segment;
    if (segment) REQUIRE(full_.heap.commit_segment(memory, bytes, Effort::beyond_trigger) == Verdict::memory);
    REQUIRE(is_zero(memory, bytes));
    const auto content = static_cast<std::byte>(1 + random_() % 255);
    std::memset(memory, static_cast<int>(content), bytes);
    full_.root(memory);
    things_.push_back({memory, bytes, content});
  }

  // The heap is whole, and every object is as it was.
  void check() {
    REQUIRE_FALSE(walk_heap(full_.heap, full_.world.stop()).has_value());
    for (const Thing& thing : things_) {
      REQUIRE(full_.heap.is_slot(thing.begin));
      REQUIRE(is_filled(thing.begin, thing.bytes, thing.content));
    }
    // Marking needs the host's memory for its stack, and does without.
    std::optional<NoHostMemory> refused;
    if (!full_.heap.checked()) refused.emplace();
    const std::uint64_t marked = full_.collect().objects_marked;
    refused.reset();
    REQUIRE(marked == things_.size());
  }

  // Half of the objects.
  void drop() {
    std::vector<Thing> kept;
    full_.roots.objects.clear();
    for (const Thing& thing : things_) {
      if (random_() % 2 == 0) continue;
      kept.push_back(thing);
      full_.root(thing.begin);
    }
    things_ = std::move(kept);
  }

  FullCycle full_;
  const std::size_t every_;
  std::mt19937_64 random_;
  std::vector<Type*> types_;
  Type* segment_ = nullptr;
  std::vector<Thing> things_;
  std::size_t refusals_ = 0;
};

TEST_CASE("Every n-th request for pages is refused, and nothing is lost") {
  for (std::size_t n = 1; n <= 12; ++n) {
    CAPTURE(n);
    Shelf shelf(n, false, 100 + n);
    for (int i = 0; i < 300; ++i) shelf.step();
    CHECK(shelf.refusals() > 2);
    shelf.finish();
  }
}

TEST_CASE("Every n-th request for pages is refused in a checked heap, and nothing is lost") {
  for (const std::size_t n : {1U, 3U, 7U}) {
    CAPTURE(n);
    Shelf shelf(n, true, 200 + n);
    for (int i = 0; i < 200; ++i) shelf.step();
    CHECK(shelf.refusals() > 2);
    shelf.finish();
  }
}

}  // namespace
}  // namespace midden::collector_tests
