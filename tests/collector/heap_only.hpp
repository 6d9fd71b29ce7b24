#pragma once
// The heap without a collector: a Heap, one mutator's allocator, and a World without threads.
// Tests say by hand what is alive.

#include <cstddef>
#include <cstdint>
#include <vector>

#include "collector/heap/heap.hpp"
#include "collector/heap/local_allocator.hpp"
#include "tests/collector/fake_pages.hpp"
#include "tests/collector/fake_world.hpp"

namespace midden::collector_tests {

using namespace collector;

inline constexpr std::size_t small_reserve = std::size_t{256} << 20;

// Asks again where a poll is due first, as the runtime does.
template <class Attempt>
Grant ask(Attempt&& attempt) {
  Grant grant = attempt();
  while (grant.verdict == Verdict::poll_needed) grant = attempt();
  return grant;
}

class HeapOnly {
 public:
  explicit HeapOnly(bool checked = false, const HeapLimits& limits = {.reserve = small_reserve})
      : heap(pages, limits, checked), allocator(heap) {}

  Type& add(const TypeInfo& info) { return heap.types().add(info); }

  // Memory for an object with so many elements; the test ends where there is none.
  std::byte* make(Type& type, std::size_t elements = 0) { return make_in(allocator, type, elements); }
  std::byte* make_in(LocalAllocator& mutator, Type& type, std::size_t elements = 0) {
    const TypeInfo& info = type.info();
    const std::size_t bytes = info.size + elements * info.element_size;
    const Grant grant = ask([&] { return mutator.allocate(type, bytes, Effort::beyond_trigger); });
    if (grant.verdict != Verdict::memory || grant.memory == nullptr) FAIL("no memory for " << info.name);
    return grant.memory;
  }
  std::uint8_t byte_of(const void* object) const { return heap.address_space().metadata(object).load(); }
  bool marked(const void* object) const { return heap.address_space().metadata(object).has(heap.live_colour()); }
  Block& head_of(const void* object) { return heap.address_space().head_of(object); }
  BlockIndex block_of(const void* object) const { return heap.address_space().index_of(object); }

  // A collection in which just these are found alive. Nothing is swept yet.
  void survive(const std::vector<void*>& live) {
    heap.sweep_overdue();
    const StoppedWorld stopped = world.stop();
    heap.begin_cycle(stopped);
    for (void* object : live) heap.address_space().metadata(object).mark(heap.live_colour());
    heap.drop_retired(stopped);
    heap.reclaim(stopped);
  }

  FakePages pages;
  FakeWorld world;
  Heap heap;
  LocalAllocator allocator;
};

// Types by their bytes alone.
inline TypeInfo leaf_of(std::size_t size, std::size_t alignment = 8) {
  return {.name = "leaf", .size = size, .alignment = alignment};
}
inline TypeInfo bytes_type() { return {.name = "bytes", .size = 8, .element_size = 1}; }
inline TypeInfo segment_type() { return {.name = "segment", .size = 8, .element_size = 1, .segment = true}; }

}  // namespace midden::collector_tests
