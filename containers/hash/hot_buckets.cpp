#include "containers/hash/hot_buckets.hpp"

#include <algorithm>
#include <thread>

namespace midden::inline MIDDEN_ABI::containers::hash {

namespace {

// Of a thread: where its next sample is, whichever map it looks into.
struct Distance {
  std::uint64_t random = 0;
  std::uint32_t left = 1;
};
constinit thread_local Distance distance;

}  // namespace

bool HotBuckets::due() noexcept {
  Distance& mine = distance;
  if (--mine.left != 0) return false;
  mine.random = mine.random * 6364136223846793005 + 1442695040888963407;  // Knuth's, "MMIX"
  mine.left = 1 + static_cast<std::uint32_t>(mine.random >> 33) % (2 * one_in - 1);
  return true;
}

HotBuckets::Row& HotBuckets::row_for(BucketNumber bucket) noexcept {
  Row* least = rows_.data();
  for (Row& row : rows_) {
    if (row.bucket == bucket && row.count != 0) return row;
    if (row.count < least->count) least = &row;
  }
  least->bucket = bucket;
  least->over = least->count;
  return *least;
}

void HotBuckets::count(std::uint64_t table, BucketNumber bucket) noexcept {
  if (!try_enter()) return;
  if (table_ != table) {
    rows_.fill({});
    samples_ = 0;
    table_ = table;
  }
  ++row_for(bucket).count;
  ++samples_;
  leave();
}

void HotBuckets::read(std::uint64_t table, MapStats& into) noexcept {
  while (!try_enter()) std::this_thread::yield();
  const bool current = table_ == table;
  const std::uint64_t samples = samples_;
  std::array<Row, 32> rows = rows_;
  leave();
  if (!current) return;

  std::sort(rows.begin(), rows.end(), [](const Row& a, const Row& b) { return a.least() > b.least(); });
  into.sampled = samples * one_in;
  for (std::size_t i = 0; i < into.hottest.size() && rows[i].least() != 0; ++i) {
    into.hottest[i] = {.bucket = rows[i].bucket, .look_ups = rows[i].least() * one_in, .chain = 0};
  }
}

}  // namespace midden::inline MIDDEN_ABI::containers::hash
