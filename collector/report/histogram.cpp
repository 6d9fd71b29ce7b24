// Recording and reading of the log-linear histogram; its layout is told in <midden/histogram.hpp>.

#include <midden/histogram.hpp>

#include <algorithm>
#include <cmath>

namespace midden::inline MIDDEN_ABI {

static_assert(Histogram::cell_of(0) == 0 && Histogram::cell_of(255) == 255);
static_assert(Histogram::cell_of(256) == 256 && Histogram::cell_of(257) == 256 && Histogram::cell_of(511) == 383);
static_assert(Histogram::upper_end(256) == 257 && Histogram::upper_end(383) == 511 && Histogram::upper_end(384) == 515);
static_assert(Histogram::cell_of((std::uint64_t{1} << Histogram::value_bits) - 1) == Histogram::cells - 1);

void Histogram::record(std::uint64_t nanoseconds) noexcept {
  ++cells_[cell_of(nanoseconds)];
  ++count_;
  sum_ += nanoseconds;
  max_ = std::max(max_, nanoseconds);
}

void Histogram::merge(const Histogram& other) noexcept {
  for (std::size_t i = 0; i < cells; ++i) cells_[i] += other.cells_[i];
  count_ += other.count_;
  sum_ += other.sum_;
  max_ = std::max(max_, other.max_);
}

std::uint64_t Histogram::quantile(double fraction) const noexcept {
  if (count_ == 0) return 0;
  const auto wanted = std::max<std::uint64_t>(
      1, static_cast<std::uint64_t>(std::ceil(std::clamp(fraction, 0.0, 1.0) * static_cast<double>(count_))));
  std::uint64_t seen = 0;
  for (std::size_t cell = 0; cell < cells; ++cell) {
    seen += cells_[cell];
    if (seen >= wanted) return cell == cells - 1 ? max_ : std::min(upper_end(cell), max_);
  }
  return max_;
}

}  // namespace midden::inline MIDDEN_ABI
