#include <midden/histogram.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "tests/support/catch.hpp"
#include "tests/support/seed.hpp"

namespace midden {
namespace {

// Numbers of every magnitude, evenly over their logarithms.
std::uint64_t draw(std::mt19937_64& random, unsigned bits) { return random() >> (64 - bits + random() % bits); }

// The value that `fraction` of all do not exceed, from the sorted list itself.
std::uint64_t exact_quantile(const std::vector<std::uint64_t>& sorted, double fraction) {
  const auto wanted = static_cast<std::size_t>(std::ceil(fraction * static_cast<double>(sorted.size())));
  return sorted[std::max<std::size_t>(wanted, 1) - 1];
}

TEST_CASE("An empty histogram answers zero to everything") {
  const Histogram empty;
  CHECK(empty.count() == 0);
  CHECK(empty.max() == 0);
  CHECK(empty.mean() == 0.0);
  CHECK(empty.quantile(0.0) == 0);
  CHECK(empty.quantile(1.0) == 0);
}

TEST_CASE("Cells follow each other without gap, and are at most 1/128 of their values wide") {
  for (std::size_t cell = 0; cell + 1 < Histogram::cells; ++cell) {
    const std::uint64_t last = Histogram::upper_end(cell);
    REQUIRE(Histogram::cell_of(last) == cell);
    REQUIRE(Histogram::cell_of(last + 1) == cell + 1);
    const std::uint64_t first = cell == 0 ? 0 : Histogram::upper_end(cell - 1) + 1;
    REQUIRE((last - first) * 128 <= first);
  }
  CHECK(Histogram::upper_end(Histogram::cells - 1) == (std::uint64_t{1} << Histogram::value_bits) - 1);
}

TEST_CASE("Values below 256 are counted exactly") {
  Histogram histogram;
  for (std::uint64_t value = 0; value < 256; ++value) histogram.record(value);
  for (std::uint64_t value = 0; value < 256; ++value) {
    REQUIRE(histogram.quantile(static_cast<double>(value + 1) / 256.0) == value);
  }
  CHECK(histogram.sum() == 255 * 256 / 2);
  CHECK(histogram.mean() == 127.5);
}

TEST_CASE("A value beyond the range counts in the last cell, and the maximum stays exact") {
  Histogram histogram;
  const std::uint64_t beyond = (std::uint64_t{1} << Histogram::value_bits) + 12345;
  histogram.record(10);
  histogram.record(beyond);
  CHECK(histogram.count() == 2);
  CHECK(histogram.max() == beyond);
  CHECK(histogram.quantile(0.5) == 10);
  CHECK(histogram.quantile(1.0) == beyond);
}

TEST_CASE("A quantile is at most 0.8 % above that of the sorted list, and never below") {
  auto random = test_generator(4);
  for (unsigned round = 0; round < 50; ++round) {
    Histogram histogram;
    std::vector<std::uint64_t> values(1 + random() % 3000);
    for (std::uint64_t& value : values) histogram.record(value = draw(random, 1 + round % 41));
    std::sort(values.begin(), values.end());
    CAPTURE(round, values.size());
    CHECK(histogram.max() == values.back());
    CHECK(histogram.quantile(1.0) == values.back());
    for (const double fraction : {0.0, 0.001, 0.1, 0.25, 0.5, 0.9, 0.99, 0.999, 1.0}) {
      CAPTURE(fraction);
      const std::uint64_t exact = exact_quantile(values, fraction);
      REQUIRE(histogram.quantile(fraction) >= exact);
      REQUIRE(histogram.quantile(fraction) <= exact + exact / 128);
    }
  }
}

TEST_CASE("Two histograms merged are one of all their values") {
  auto random = test_generator(5);
  Histogram left, right, all;
  for (int i = 0; i < 5000; ++i) {
    const std::uint64_t value = draw(random, 44);
    (i % 3 == 0 ? left : right).record(value);
    all.record(value);
  }
  left.merge(right);
  CHECK(left.count() == all.count());
  CHECK(left.sum() == all.sum());
  CHECK(left.max() == all.max());
  for (double fraction = 0.0; fraction <= 1.0; fraction += 0.01) {
    REQUIRE(left.quantile(fraction) == all.quantile(fraction));
  }
}

}  // namespace
}  // namespace midden
