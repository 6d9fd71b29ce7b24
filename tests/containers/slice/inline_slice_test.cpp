#include <midden/inline_slice.hpp>

#include <cstdint>
#include <numeric>
#include <random>
#include <stdexcept>
#include <vector>

#include "tests/containers/slice/elements.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/seed.hpp"

namespace {

using midden::InlineSlice;

template <class T, std::size_t N>
std::vector<std::int64_t> numbers_of(const InlineSlice<T, N>& slice) {
  std::vector<std::int64_t> numbers;
  for (const T& element : slice) numbers.push_back(Maker<T>::number(element));
  return numbers;
}

using Numbers = std::vector<std::int64_t>;

}  // namespace

TEST_CASE("Up to N elements need no heap, nor a Runtime") {
  InlineSlice<std::int64_t, 4> slice;
  CHECK(slice.empty());
  for (const std::int64_t number : {1, 2, 3, 4}) slice.append(number);
  CHECK_FALSE(slice.on_heap());
  CHECK(slice.capacity() == 4);
  CHECK(numbers_of(slice) == Numbers{1, 2, 3, 4});
  CHECK_THROWS_AS(slice.append(5), midden::NotAttached);
  CHECK_THROWS_AS(slice.at(4), std::out_of_range);
  slice.pop_back();
  slice.truncate(9);
  slice.append(slice.front());
  CHECK(numbers_of(slice) == Numbers{1, 2, 3, 1});
  slice.clear();
  CHECK(slice.empty());
}

TEST_CASE("The element after the N-th moves all of them to the heap") {
  midden::Runtime runtime(stressed());
  const midden::Attach here(runtime);
  InlineSlice<std::int64_t, 4> slice;
  slice.append(std::vector<std::int64_t>{1, 2, 3, 4});
  CHECK(live_objects(runtime) == 0);
  slice.append(slice.back());
  CHECK(slice.on_heap());
  CHECK(live_objects(runtime) == 2);
  slice.append(slice.span());
  CHECK(numbers_of(slice) == Numbers{1, 2, 3, 4, 4, 1, 2, 3, 4, 4});
  slice.truncate(2);
  CHECK(slice.at(1) == 2);
  CHECK(slice.on_heap());
}

TEST_CASE("The slice of an inline slice is the same elements, for others to hold") {
  midden::Runtime runtime(quiet());
  const midden::Attach here(runtime);
  midden::Root<midden::Slice<std::int64_t>> kept;
  {
    InlineSlice<std::int64_t, 4> slice;
    slice.append(7);
    kept = slice.slice();
    slice.append(8);
    CHECK(kept->size() == 2);
  }
  runtime.collect();
  CHECK(kept->back() == 8);
}

TEST_CASE("An inline slice that cannot move stays as it was") {
  midden::Config config = quiet();
  config.heap_max = std::size_t{2} << 20;
  midden::Runtime runtime(config);
  const midden::Attach here(runtime);
  InlineSlice<std::int64_t, 4> slice;
  slice.append(1);
  CHECK_THROWS_AS(slice.append(std::vector<std::int64_t>(1'000'000)), midden::OutOfMemory);
  CHECK_FALSE(slice.on_heap());
  CHECK(numbers_of(slice) == Numbers{1});
}

TEMPLATE_TEST_CASE("Inline slices are vectors", "", std::int64_t, Odd, Wide) {
  std::mt19937_64 random = test_generator(600 + sizeof(TestType));
  midden::Runtime runtime(quiet());
  const midden::Attach here(runtime);
  for (int round = 0; round < 200; ++round) {
    InlineSlice<TestType, 7> slice;
    Numbers model;
    for (std::int64_t step = 0; step < 40; ++step) {
      const auto choice = random() % 8;
      if (choice < 5) {
        slice.append(Maker<TestType>::make(step));
        model.push_back(step);
      } else if (choice == 5 && !model.empty()) {
        slice.pop_back();
        model.pop_back();
      } else if (choice == 6) {
        slice.append(slice.span());
        model.resize(2 * model.size());
        std::copy_n(model.begin(), model.size() / 2, model.begin() + static_cast<std::ptrdiff_t>(model.size() / 2));
      } else {
        const std::size_t length = random() % 10;
        slice.truncate(length);
        if (length < model.size()) model.resize(length);
      }
      REQUIRE(numbers_of(slice) == model);
    }
  }
}
