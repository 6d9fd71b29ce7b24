#pragma once
// A log-linear histogram of durations in nanoseconds.
//
// The layout is HdrHistogram's (Gil Tene) with two significant digits: values below 256 are
// counted exactly; above, each doubling is divided into 128 equal cells, so that a reported
// quantile is at most 0.8 % above the recorded value. Values beyond 2^42 ns (73 minutes) count
// in the last cell; `max` is exact always.
//
//   cell  0 ... 255 | 256 ... 383 | 384 ... 511 | ...
//   ns    0 ... 255 | 256 .. 511  | 512 .. 1023 | ...      128 cells a doubling
//
// Threads: one writer; a copy is taken under the owner's lock.

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include <midden/build.hpp>

namespace midden::inline MIDDEN_ABI {

class Histogram {
 public:
  void record(std::uint64_t nanoseconds) noexcept;
  void merge(const Histogram& other) noexcept;

  std::uint64_t count() const noexcept { return count_; }
  std::uint64_t max() const noexcept { return max_; }
  std::uint64_t sum() const noexcept { return sum_; }
  // Zero when nothing was recorded.
  double mean() const noexcept { return count_ == 0 ? 0.0 : static_cast<double>(sum_) / static_cast<double>(count_); }
  // The smallest recorded value (to the cell's upper end, at most max) that `fraction` of all
  // recordings do not exceed. Requires: 0 <= fraction <= 1.
  std::uint64_t quantile(double fraction) const noexcept;

  static constexpr std::uint32_t cell_bits = 7;
  static constexpr std::uint32_t value_bits = 42;
  static constexpr std::size_t cells = std::size_t{value_bits - cell_bits + 1} << cell_bits;

  // The cell that counts `value`, and the largest value that a cell counts.
  static constexpr std::size_t cell_of(std::uint64_t value) noexcept {
    if (value >> value_bits != 0) return cells - 1;
    const auto width = static_cast<std::uint32_t>(std::bit_width(value));
    const std::uint32_t shift = width > cell_bits + 1 ? width - cell_bits - 1 : 0;
    return (std::size_t{shift} << cell_bits) + static_cast<std::size_t>(value >> shift);
  }
  static constexpr std::uint64_t upper_end(std::size_t cell) noexcept {
    const std::size_t doubling = cell >> cell_bits;
    if (doubling < 2) return cell;
    const auto shift = static_cast<std::uint32_t>(doubling - 1);
    const std::uint64_t position = cell - (std::size_t{shift} << cell_bits);
    return ((position + 1) << shift) - 1;
  }

 private:
  std::array<std::uint64_t, cells> cells_{};
  std::uint64_t count_ = 0;
  std::uint64_t sum_ = 0;
  std::uint64_t max_ = 0;
};

}  // namespace midden::inline MIDDEN_ABI
