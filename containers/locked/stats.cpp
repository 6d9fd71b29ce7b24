#include "containers/locked/stats.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

namespace midden::inline MIDDEN_ABI::containers::locked {

namespace {

template <std::size_t n>
void add_each(std::array<std::size_t, n>& sum, const std::array<std::size_t, n>& more) {
  for (std::size_t i = 0; i < n; ++i) sum[i] += more[i];
}

double mean(double a, std::size_t weight_a, double b, std::size_t weight_b) {
  if (weight_a + weight_b == 0) return std::max(a, b);
  return (a * static_cast<double>(weight_a) + b * static_cast<double>(weight_b)) /
         static_cast<double>(weight_a + weight_b);
}

void add_hottest(MapStats& sum, const MapStats& more) {
  std::array<HotBucket, 2 * MapStats::most_hottest> both{};
  std::copy(sum.hottest.begin(), sum.hottest.end(), both.begin());
  std::copy(more.hottest.begin(), more.hottest.end(), both.begin() + MapStats::most_hottest);
  for (std::size_t i = MapStats::most_hottest; i < both.size(); ++i) {
    if (both[i].look_ups != 0) both[i].bucket += sum.buckets;
  }
  std::stable_sort(both.begin(), both.end(),
                   [](const HotBucket& a, const HotBucket& b) { return a.look_ups > b.look_ups; });
  std::copy(both.begin(), both.begin() + MapStats::most_hottest, sum.hottest.begin());
}

}  // namespace

void add(MapStats& sum, const MapStats& more) {
  add_hottest(sum, more);  // counts the buckets so far
  sum.load = mean(sum.load, sum.buckets, more.load, more.buckets);
  sum.evacuated = mean(sum.evacuated, sum.buckets, more.evacuated, more.buckets);
  sum.entries += more.entries;
  sum.bytes += more.bytes;
  sum.references += more.references;
  sum.buckets += more.buckets;
  sum.overflow += more.overflow;
  add_each(sum.chains, more.chains);
  add_each(sum.probes, more.probes);
  sum.resizing = sum.resizing || more.resizing;
  sum.rebuilds += more.rebuilds;
  if (sum.hash.empty() || more.hash.starts_with("SipHash")) sum.hash = more.hash;
  sum.sampled += more.sampled;
  sum.levels = std::max(sum.levels, more.levels);
  add_each(sum.nodes, more.nodes);
  sum.free_bytes += more.free_bytes;
  sum.retired_bytes += more.retired_bytes;
}

}  // namespace midden::inline MIDDEN_ABI::containers::locked
