#pragma once
// HotBuckets: which buckets look-ups come to, of a sample of them.
//
//   look-ups ──1 in 64──▶ | bucket, count, over | ... 32 rows |
//
// The space-saving sketch (Metwally, Agrawal, El Abbadi, "Efficient computation of frequent and
// top-k elements in data streams", 2005). A bucket that has no row takes over the one with the
// least count, and counts on from there: `over` is how much of the count may be that of others. So
// a bucket with more than a 32nd of all samples has a row.
//
// The distance between samples is drawn, because look-ups may come in periods of 64 as well.
//
// Invariants
//   1. count - over <= samples that came to the bucket <= count.
//   2. All rows are about one table: a sample of another one starts over.
//
// Threads: any number. A sample that comes while another is being counted is dropped, so no reader
// ever waits for one; `read` does.

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include <midden/build.hpp>
#include <midden/describe.hpp>
#include <midden/map_stats.hpp>

#include "containers/hash/bucket.hpp"

namespace midden::inline MIDDEN_ABI::containers::hash {

class HotBuckets {
 public:
  static constexpr std::uint32_t one_in = 64;
  static constexpr Leaf midden_leaf{};

  HotBuckets() = default;
  HotBuckets(const HotBuckets&) = delete;
  HotBuckets& operator=(const HotBuckets&) = delete;

  // A look-up of one bucket. `table` tells this table of the map from others it had.
  void look_up(std::uint64_t table, BucketNumber bucket) noexcept {
    if (due()) count(table, bucket);
  }
  // One sample.
  void count(std::uint64_t table, BucketNumber bucket) noexcept;

  // The rows by their least count, as look-ups; nothing where they are about another table.
  void read(std::uint64_t table, MapStats& into) noexcept;

 private:
  struct Row {
    std::uint64_t count = 0;
    std::uint64_t over = 0;
    BucketNumber bucket = 0;

    std::uint64_t least() const noexcept { return count - over; }
  };

  // Whether this thread's next sample is due.
  static bool due() noexcept;
  Row& row_for(BucketNumber bucket) noexcept;
  // Whether what follows `busy_` is now this thread's: acquires from the one who left it.
  bool try_enter() noexcept { return !busy_.test_and_set(std::memory_order_acquire); }
  // Releases to the next one who enters.
  void leave() noexcept { busy_.clear(std::memory_order_release); }

  std::atomic_flag busy_;  // whoever has set it may use what follows
  std::uint64_t table_ = 0;
  std::uint64_t samples_ = 0;
  std::array<Row, 32> rows_{};
};

}  // namespace midden::inline MIDDEN_ABI::containers::hash
