#include <midden/ring.hpp>

#include <csignal>
#include <cstdint>
#include <deque>
#include <random>
#include <stdexcept>
#include <vector>

#include "tests/containers/slice/elements.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/death.hpp"
#include "tests/support/seed.hpp"

namespace {

using midden::make_ring;
using midden::Ref;
using midden::Ring;
using midden::RingMode;
using midden::Root;

template <class T>
std::vector<std::int64_t> numbers_of(const Ring<T>& ring) {
  std::vector<std::int64_t> numbers;
  const auto [older, newer] = ring.views();
  for (const T& element : older) numbers.push_back(Maker<T>::number(element));
  for (const T& element : newer) numbers.push_back(Maker<T>::number(element));
  return numbers;
}

using Numbers = std::vector<std::int64_t>;

// Random pushes and pops beside a deque, and between them what `between` does.
template <class T, class F>
void play(std::mt19937_64& random, Ring<T>& ring, int steps, F&& between) {
  std::deque<std::int64_t> model;
  for (int step = 0; step < steps; ++step) {
    CAPTURE(step);
    const auto choice = random() % 16;
    if (choice < 11) {
      const bool fits = model.size() < ring.capacity();
      const std::int64_t number = 2 * step;
      REQUIRE(ring.push(Maker<T>::make(number)) == (fits || ring.mode() == RingMode::overwrite));
      if (!fits && ring.mode() == RingMode::overwrite) model.pop_front();
      if (fits || ring.mode() == RingMode::overwrite) model.push_back(number);
    } else if (choice < 15) {
      const std::size_t count = random() % (model.size() + 1);
      ring.pop(count);
      model.erase(model.begin(), model.begin() + static_cast<std::ptrdiff_t>(count));
    } else if (random() % 8 == 0) {
      ring.clear();
      model.clear();
    }
    REQUIRE(numbers_of(ring) == Numbers(model.begin(), model.end()));
    REQUIRE(ring.size() == model.size());
    std::size_t same = 0;
    while (same < model.size() && Maker<T>::number(ring[same]) == model[same]) ++same;
    REQUIRE(same == model.size());
    between(model.size());
  }
}

}  // namespace

TEST_CASE("A bounded ring refuses what does not fit") {
  midden::Runtime runtime(quiet());
  midden::Attach here(runtime);
  const auto ring = make_ring<std::int64_t>(here, 3);
  CHECK(ring->mode() == RingMode::bounded);
  for (const std::int64_t number : {1, 2, 3}) CHECK(ring->push(number));
  CHECK(ring->full());
  CHECK_FALSE(ring->push(4));
  CHECK(numbers_of(*ring) == Numbers{1, 2, 3});
  ring->pop();
  CHECK(ring->push(4));
  CHECK(numbers_of(*ring) == Numbers{2, 3, 4});
  CHECK(ring->overwritten() == 0);
}

TEST_CASE("An overwriting ring replaces the oldest element") {
  midden::Runtime runtime(quiet());
  const midden::Attach here(runtime);
  const auto ring = make_ring<std::int64_t>(3, RingMode::overwrite);
  for (std::int64_t number = 0; number < 8; ++number) CHECK(ring->push(number));
  CHECK(numbers_of(*ring) == Numbers{5, 6, 7});
  CHECK(ring->overwritten() == 5);
  CHECK(ring->front() == 5);
  CHECK(ring->back() == 7);
  CHECK(ring->push(ring->front()));  // its own oldest element
  CHECK(numbers_of(*ring) == Numbers{6, 7, 5});
}

TEST_CASE("The views of a ring are its slots, without a copy") {
  midden::Runtime runtime(quiet());
  const midden::Attach here(runtime);
  const auto ring = make_ring<std::int64_t>(4, RingMode::overwrite);
  for (std::int64_t number = 0; number < 6; ++number) ring->push(number);
  const auto [older, newer] = ring->views();
  CHECK(older.size() == 2);
  CHECK(newer.size() == 2);
  CHECK(newer.data() + 2 == older.data());
  newer[1] = 9;
  CHECK(ring->back() == 9);
  ring->clear();
  CHECK(ring->views().first.empty());
  CHECK(ring->views().second.empty());
}

TEMPLATE_TEST_CASE("A ring is a bounded deque", "", std::int64_t, Odd, Wide, Counted, Ref<Boxed>, Pair, Tagged) {
  std::mt19937_64 random = test_generator(400 + sizeof(TestType));
  midden::Runtime runtime(quiet());
  const midden::Attach here(runtime);
  for (const std::size_t capacity : {1U, 2U, 7U, 64U}) {
    for (const RingMode mode : {RingMode::bounded, RingMode::overwrite}) {
      const auto ring = make_ring<TestType>(capacity, mode);
      play(random, *ring, 500,
           [&](std::size_t size) { REQUIRE(live_objects(runtime) == 1 + size * Maker<TestType>::objects); });
    }
  }
}

TEMPLATE_TEST_CASE("Rings survive a verified collection at every allocation", "", Ref<Boxed>, Pair, Tagged, Page) {
  std::mt19937_64 random = test_generator(500 + sizeof(TestType));
  midden::Runtime runtime(stressed());
  const midden::Attach here(runtime);
  for (const RingMode mode : {RingMode::bounded, RingMode::overwrite}) {
    const auto ring = make_ring<TestType>(5, mode);
    play(random, *ring, 200, [&](std::size_t) { runtime.collect(); });
  }
}

TEST_CASE("A ring allocates once") {
  midden::Runtime runtime(quiet());
  const midden::Attach here(runtime);
  const auto ring = make_ring<std::int64_t>(100'000, RingMode::overwrite);
  const std::uint64_t allocated = runtime.heap().allocated_bytes;
  for (std::int64_t number = 0; number < 1'000'000; ++number) ring->push(number);
  CHECK(runtime.heap().allocated_bytes == allocated);
  CHECK(ring->front() == 900'000);
  CHECK(live_objects(runtime) == 1);
}

TEMPLATE_TEST_CASE("The store barrier sees what leaves a ring", "", Ref<Boxed>, Pair, Tagged) {
  midden::Runtime runtime(quiet());
  const midden::Attach here(runtime);
  const auto ring = make_ring<TestType>(4, RingMode::overwrite);
  for (std::int64_t i = 0; i < 4; ++i) ring->push(Maker<TestType>::make(i));
  std::vector<void*> left;
  midden::detail::for_each_target(&ring->front(), 2, [&](void* target) { left.push_back(target); });
  const TestType next = Maker<TestType>::make(5);
  midden::detail::BarrierLog& log = *midden::detail::barrier_log;
  log.active = midden::store_barrier_built;
  ring->push(next);
  ring->pop();
  log.active = false;
  CHECK((log.overwritten == left) == midden::store_barrier_built);
  log.overwritten.clear();
}

TEST_CASE("What lies outside of a ring is refused") {
  midden::Runtime runtime(quiet());
  const midden::Attach here(runtime);
  CHECK_THROWS_AS(make_ring<int>(0), std::invalid_argument);
  CHECK_THROWS_AS(make_ring<int>(SIZE_MAX / 2), midden::OutOfMemory);
  const auto ring = make_ring<std::int64_t>(4);
  ring->push(1);
  CHECK(ring->at(0) == 1);
  CHECK_THROWS_AS(ring->at(1), std::out_of_range);
  CHECK_THROWS_AS(ring->pop(2), std::out_of_range);
  CHECK(ring->size() == 1);
  midden::Runtime second(quiet());
  const midden::Attach there(second);
  CHECK_THROWS_AS(ring->push(2), midden::NotAttached);
  CHECK_THROWS_AS(ring->pop(), midden::NotAttached);
  CHECK(numbers_of(*ring) == Numbers{1});
}

TEST_CASE("The checked build stops at an index outside of the ring") {
  const Death death = death_of([] {
    midden::Runtime runtime(quiet());
    const midden::Attach here(runtime);
    const auto ring = make_ring<std::int64_t>(4);
    static_cast<void>(*const_cast<volatile std::int64_t*>(&(*ring)[0]));
  });
  CHECK(death.signal == (midden::checked ? SIGABRT : 0));
  CHECK(death.says("a Ring of 0 elements was asked for element 0") == midden::checked);
}
