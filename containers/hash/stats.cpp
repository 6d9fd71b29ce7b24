#include "containers/hash/stats.hpp"

#include <algorithm>
#include <array>
#include <new>

#include <midden/error.hpp>
#include <midden/make.hpp>

#include "containers/hash/bucket.hpp"

namespace midden::inline MIDDEN_ABI::containers::hash {

namespace {

constexpr std::size_t most_sampled = 1024;  // buckets
constexpr unsigned most_of_chain = 64;      // buckets of one chain

void count_up(std::array<std::size_t, MapStats::lengths>& histogram, std::size_t length) {
  ++histogram[std::min(length, histogram.size()) - 1];
}

// Main buckets of the two tables under one numbering: those that hashes lead to.
class Buckets {
 public:
  explicit Buckets(const HashState& state) : state_(state) {
    if (state.now.none()) return;
    now_ = state.now.main_of(state.bound);
    // Of a smaller new table the bucket that is being filled counts as well.
    if (state.now.begin_of(now_) != state.bound) ++now_;
    if (!state.resizing()) return;
    old_begin_ = state.old.main_of(state.bound);
    old_ = state.old.main_buckets() - old_begin_;
  }

  std::size_t count() const { return now_ + old_; }

  // Calls f(table, first bucket of the chain).
  template <class F>
  void with(std::size_t index, F&& f) const {
    const bool in_now = index < now_;
    const Table& table = in_now ? state_.now : state_.old;
    const std::size_t main = in_now ? index : old_begin_ + index - now_;
    f(table, table.at(static_cast<BucketNumber>(main), state_.layout));
  }

 private:
  const HashState& state_;
  std::size_t now_ = 0;
  std::size_t old_ = 0;
  std::size_t old_begin_ = 0;
};

// A look-up compares its key with those before it in the chain that have the same slot byte.
void count_chain(const Table& table, std::byte* bucket, const Layout& layout, MapStats& stats) {
  std::array<std::uint16_t, 256> alike{};
  std::size_t length = 0;
  for (; bucket != nullptr && length < most_of_chain; bucket = table.after(bucket, layout), ++length) {
    const unsigned count = head(bucket).count();
    for (unsigned slot = 0; slot < count; ++slot) count_up(stats.probes, ++alike[head(bucket).get(slot)]);
  }
  count_up(stats.chains, length);
}

std::size_t chain_of(const HashState& state, std::size_t now_bucket) {
  const HashBound hash = state.now.begin_of(now_bucket);
  const Table& table = state.table_of(hash);
  std::size_t length = 0;
  for (std::byte* bucket = table.at(table.main_of(hash), state.layout); bucket != nullptr && length < most_of_chain;
       bucket = table.after(bucket, state.layout)) {
    ++length;
  }
  return length;
}

}  // namespace

MapStats stats_of(const HashState& state) {
  const std::size_t refs_of_entry = (state.layout.key_refs() ? 1U : 0U) + (state.layout.value_refs() ? 1U : 0U);
  const std::size_t directories = (state.now.none() ? 0U : 1U) + (state.old.none() ? 0U : 1U);
  HotBuckets* const hot = state.hot.get();
  MapStats stats{
      .entries = state.entries,
      .bytes = sizeof state + state.now.bytes() + state.old.bytes() + state.object_bytes +
               (hot == nullptr ? 0 : sizeof *hot),
      .references = directories + state.now.chunks() + state.old.chunks() + state.entries * refs_of_entry +
                    (hot == nullptr ? 0 : 1),
  };
  stats.resizing = state.resizing();
  stats.evacuated = static_cast<double>(state.bound) / static_cast<double>(hash_end);
  stats.rebuilds = state.reseeds;
  stats.hash = state.hasher.name(state.layout.word_keys());
  if (state.now.none()) return stats;

  const Buckets buckets(state);
  stats.buckets = buckets.count();
  stats.overflow = state.now.overflow_in_use() + state.old.overflow_in_use();
  stats.load = static_cast<double>(state.entries) / static_cast<double>(stats.buckets * slots_per_bucket);
  const std::size_t sampled = std::min(buckets.count(), most_sampled);
  for (std::size_t i = 0; i < sampled; ++i) {
    buckets.with(i * buckets.count() / sampled,
                 [&](const Table& table, std::byte* bucket) { count_chain(table, bucket, state.layout, stats); });
  }
  if (hot == nullptr) return stats;
  hot->read(state.table_number(), stats);
  for (HotBucket& bucket : stats.hottest) {
    if (bucket.look_ups != 0) bucket.chain = chain_of(state, bucket.bucket);
  }
  return stats;
}

void begin_to_sample(Attach& here, HashState& state) noexcept {
  if (state.hot.get() != nullptr) return;
  try {
    const Root<HotBuckets> made = make<HotBuckets>(here);
    HotBuckets* none = nullptr;
    state.hot.compare_exchange(none, made.get());  // several readers may ask at once
  } catch (const std::bad_alloc&) {
  } catch (const SafepointDeferred&) {
  }
}

}  // namespace midden::inline MIDDEN_ABI::containers::hash
