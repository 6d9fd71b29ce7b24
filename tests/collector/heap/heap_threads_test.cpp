// Several mutators and a thread that sweeps and returns memory in one heap. What can go wrong here a thread sanitizer
// sees.

#include <atomic>
#include <cstring>
#include <limits>
#include <random>
#include <set>
#include <thread>
#include <vector>

#include "tests/collector/heap_only.hpp"
#include "tests/support/seed.hpp"

namespace midden::collector_tests {
namespace {

constexpr int thread_count = 4;

struct Made {
  std::byte* object;
  Type* type;
  std::byte content;
};

// One mutator: makes objects, fills them, and pins some that lived through the last cycle.
struct Mutator {
  Mutator(Heap& its_heap, std::uint64_t stream) : heap(its_heap), allocator(its_heap), random(test_generator(stream)) {}

  void run(const std::vector<Type*>& types) {
    for (int i = 0; i < 1500; ++i) {
      Type& type = *types[random() % types.size()];
      const std::size_t size = type.info().size;
      if (size > 100'000 && random() % 64 != 0) continue;
      std::byte* object = ask([&] { return allocator.allocate(type, size, Effort::beyond_trigger); }).memory;
      bool zero = object != nullptr;
      for (std::size_t byte = 0; zero && byte < size; ++byte) zero = object[byte] == std::byte{0};
      dirty += !zero;
      if (object == nullptr) return;
      made.push_back({object, &type, static_cast<std::byte>(random())});
      std::memset(object, static_cast<int>(made.back().content), size);
      if (!old.empty()) heap.address_space().metadata(old[random() % old.size()]).set(pinned_flag);
    }
    if (random() % 2 == 0) allocator.give_back();
  }

  Heap& heap;
  LocalAllocator allocator;
  std::mt19937_64 random;
  std::vector<Made> made;
  std::vector<std::byte*> old;
  int dirty = 0;
};

TEST_CASE("Threads that allocate, pin, sweep and return memory at once get disjoint zeroed objects of their types") {
  HeapOnly only;
  std::vector<Type*> types;
  for (const std::size_t size : {16U, 24U, 64U, 64U, 200U, 5000U, 40'000U, 300'000U}) {
    types.push_back(&only.add(leaf_of(size)));
  }
  types.push_back(&only.add(leaf_of(100, 256)));
  std::vector<std::unique_ptr<Mutator>> mutators;
  for (int i = 0; i < thread_count; ++i) {
    mutators.push_back(std::make_unique<Mutator>(only.heap, 40 + static_cast<std::uint64_t>(i)));
  }
  for (int round = 0; round < 6; ++round) {
    CAPTURE(round);
    std::atomic<bool> done{false};
    std::thread sweeper([&] {
      constexpr std::uint64_t at_leisure = std::numeric_limits<std::uint64_t>::max();
      while (!done.load()) {
        static_cast<void>(only.heap.sweep_until(at_leisure));
        only.heap.look();
        static_cast<void>(only.heap.return_until(at_leisure));
      }
    });
    std::vector<std::thread> threads;
    for (auto& mutator : mutators) threads.emplace_back([&] { mutator->run(types); });
    for (std::thread& thread : threads) thread.join();
    done.store(true);
    sweeper.join();

    // The world is stopped now: all threads' objects together.
    std::vector<void*> live;
    std::set<std::pair<const std::byte*, const std::byte*>> slots;
    std::size_t broken = 0, untyped = 0;
    for (auto& mutator : mutators) {
      REQUIRE(mutator->dirty == 0);
      for (const auto& [object, type, content] : mutator->made) {
        untyped += &only.heap.type_of(object) != type;
        const std::size_t size = type->info().size;
        broken += object[0] != content || object[size - 1] != content || object[size / 2] != content;
        slots.emplace(object, object + only.heap.slot_bytes_of(object));
      }
      std::erase_if(mutator->made, [&](const Made&) { return mutator->random() % 2 == 0; });
      mutator->old.clear();
      for (const Made& made : mutator->made) {
        live.push_back(made.object);
        mutator->old.push_back(made.object);
      }
    }
    CHECK(untyped == 0);
    CHECK(broken == 0);
    std::size_t overlaps = 0;
    const std::byte* last_end = nullptr;
    for (const auto& [begin, end] : slots) {
      overlaps += begin < last_end;
      last_end = end;
    }
    CHECK(overlaps == 0);
    only.survive(live);
  }
  mutators.clear();
  only.survive({});
  static_cast<void>(only.heap.sweep_until(std::numeric_limits<std::uint64_t>::max()));
  CHECK(only.heap.report().used_bytes == 0);
}

}  // namespace
}  // namespace midden::collector_tests
