// Elements that are added as copies of zero: in memory that nobody has used they are there already, elsewhere
// they are written.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>

#include <midden/slice.hpp>

#include "tests/containers/slice/elements.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/resident.hpp"

namespace {

using midden::make_slice;
using midden::Ref;
using midden::Root;
using midden::Slice;

struct Point {
  std::int32_t x = 0;
  std::int32_t y = 0;
  static constexpr midden::Leaf midden_leaf{};
};

struct Minus {
  std::int32_t x = -1;
  static constexpr midden::Leaf midden_leaf{};
};

template <class T, class Holds>
bool all(const Slice<T>& slice, Holds&& holds) {
  return std::all_of(slice.begin(), slice.end(), holds);
}

}  // namespace

TEMPLATE_TEST_CASE("A slice made with a length, or resized, does not touch the memory of elements that are zero", "",
                   std::int64_t, char, double, Ref<Boxed>, Point) {
  // No cycle: marking reads references, and there are kernels whose pages take memory when they are read.
  midden::Config config = quiet();
  config.gc_percent = std::nullopt;
  midden::Runtime runtime(config);
  midden::Attach here(runtime);
  constexpr std::size_t bytes = std::size_t{256} << 20;
  constexpr std::size_t length = bytes / sizeof(TestType);
  const std::uint64_t before = resident_bytes();
  const auto made = make_slice<TestType>(here, length);
  const auto resized = make_slice<TestType>();
  resized->resize(length / 2);
  resized->resize(length);
  CHECK(made->size() == length);
  CHECK(resized->size() == length);
  CHECK(resident_bytes() < before + bytes / 8);
}

TEST_CASE("What is added is zero also where other elements were before") {
  midden::Runtime runtime(verified());
  midden::Attach here(runtime);
  const auto zero = [](std::int64_t number) { return number == 0; };
  for (const std::size_t length : {10U, 1000U, 100'000U}) {
    CAPTURE(length);
    const auto slice = make_slice<std::int64_t>();
    slice->append(length, 7);
    slice->clear();
    slice->resize(length);
    CHECK(all(*slice, zero));
    std::fill(slice->begin(), slice->end(), 7);
    slice->truncate(length / 2);
    slice->resize(4 * slice->capacity());  // into another array, or in place
    CHECK(std::count(slice->begin(), slice->end(), 7) == static_cast<std::int64_t>(length / 2));
    CHECK(std::count(slice->begin(), slice->end(), 0) == static_cast<std::int64_t>(slice->size() - length / 2));
    runtime.collect();
  }
}

TEST_CASE("What is not zero throughout is written, whatever it is equal to") {
  midden::Runtime runtime(quiet());
  midden::Attach here(runtime);
  const auto negative = make_slice<double>();
  negative->append(here, 1000, -0.0);
  CHECK(all(*negative, [](double number) { return std::signbit(number); }));
  const auto minus = make_slice<Minus>(here, 1000);
  CHECK(all(*minus, [](const Minus& each) { return each.x == -1; }));
  const auto boxes = make_slice<Ref<Boxed>>();
  boxes->append(here, 1000, make_boxed(5));
  CHECK(all(*boxes, [](const Ref<Boxed>& box) { return box->number == 5; }));
}

TEST_CASE("References that are added beside others of the same array are null") {
  midden::Runtime runtime(verified());
  midden::Attach here(runtime);
  const auto slice = make_slice<Ref<Boxed>>();
  for (std::int64_t i = 0; i < 100; ++i) slice->append(make_boxed(i));
  const Root<Slice<Ref<Boxed>>> first = slice->slice(0, 50);
  slice->truncate(60);
  slice->resize(50'000);
  first->resize(100'000);
  CHECK(std::count(slice->begin(), slice->end(), nullptr) == 50'000 - 60);
  CHECK(std::count(first->begin(), first->end(), nullptr) == 100'000 - 50);
  runtime.collect();
  CHECK((*first)[49]->number == 49);
}
