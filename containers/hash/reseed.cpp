#include "containers/hash/reseed.hpp"

#include <algorithm>
#include <array>
#include <new>

#include <midden/error.hpp>
#include <midden/make.hpp>
#include <midden/runtime.hpp>

#include "containers/hash/find.hpp"
#include "containers/hash/key.hpp"
#include "containers/hash/resize.hpp"

namespace midden::inline MIDDEN_ABI::containers::hash {

namespace {

// Calls f(bucket, slot) for each entry whose hash lies in [from, to). Keys are fetched some buckets ahead.
template <class F>
void for_each_entry(const Table& table, const Layout& layout, HashBound from, HashBound to, F&& f) {
  constexpr BucketNumber ahead = 8;
  for (HashBound begin = from; begin < to;) {
    const BucketNumber main = table.main_of(begin);
    if (table.begin_of(std::size_t{main} + ahead) < to) prefetch_keys(layout, table, main + ahead);
    for (std::byte* bucket = table.at(main, layout); bucket != nullptr; bucket = table.after(bucket, layout)) {
      const unsigned count = head(bucket).count();
      for (unsigned slot = 0; slot < count; ++slot) f(bucket, slot);
    }
    begin = table.begin_of(std::size_t{main} + 1);
  }
}

std::uint32_t hash_under(const Hasher& hasher, const Layout& layout, std::byte* bucket, unsigned slot) {
  const std::byte* const key = layout.key(bucket, slot);
  return with_key(layout, key, [&](const auto& form) { return form.hash_under(hasher); });
}

// Entries on their way to a table: each waits until some more have come, and its new bucket from memory meanwhile.
class Moving {
 public:
  Moving(Attach& here, HashState& to) : here_(here), to_(to) {}

  void add(std::byte* bucket, unsigned slot) {
    const Entry entry{hash_under(to_.hasher, to_.layout, bucket, slot), slot, bucket};
    std::byte* const place = to_.now.at(to_.now.main_of(entry.hash), to_.layout);
    __builtin_prefetch(place);
    prefetch_slots(place);
    Entry& oldest = entries_[count_ % entries_.size()];
    if (count_ >= entries_.size()) arrive(oldest);
    oldest = entry;
    ++count_;
  }
  void finish() {
    for (std::size_t i = count_ - std::min(count_, entries_.size()); i < count_; ++i)
      arrive(entries_[i % entries_.size()]);
  }

 private:
  struct Entry {
    std::uint32_t hash;
    unsigned slot;
    std::byte* bucket;
  };

  void arrive(const Entry& entry) {
    to_.now.need_overflow(here_, to_.layout, 1);
    const Place place = append(to_.now, to_.layout, entry.hash);
    to_.layout.copy(place.bucket, place.slot, entry.bucket, entry.slot);
  }

  Attach& here_;
  HashState& to_;
  std::array<Entry, 16> entries_{};
  std::size_t count_ = 0;
};

void copy_all(Attach& here, const HashState& from, HashState& to) {
  const Layout& layout = from.layout;
  to.now.open(here, layout, from.now.log2());
  to.now.need_main(here, layout, 0, static_cast<BucketNumber>(to.now.main_buckets() - 1));
  Moving moving(here, to);
  const auto add = [&](std::byte* bucket, unsigned slot) { moving.add(bucket, slot); };
  for_each_entry(from.now, layout, 0, from.bound, add);
  for_each_entry(from.old, layout, from.bound, hash_end, add);
  moving.finish();
}

}  // namespace

bool reseed(Attach& here, HashState& state) {
  if (state.reseeds == most_reseeds) return false;
  const bool last = ++state.reseeds == most_reseeds;
  const std::uint64_t seed = state.next_seed();
  const Hasher hasher = last ? Hasher(draw_sip_key(here.runtime().config(), seed)) : Hasher(*state.secret, seed);
  Root<HashState> fresh;
  try {
    fresh = make<HashState>(here, state, hasher, seed);
    copy_all(here, state, *fresh);
  } catch (const std::bad_alloc&) {
    return false;
  } catch (const SafepointDeferred&) {
    --state.reseeds;  // whoever deferred it calls again
    throw;
  }
  if (state.layout.keys() == Held::as_bytes) {
    for_each_entry(fresh->now, state.layout, 0, hash_end, [&](std::byte* bucket, unsigned slot) {
      Bytes& key = *static_cast<Bytes*>(Layout::ref(state.layout.key(bucket, slot)).get());
      key.set_hash(hash_under(fresh->hasher, state.layout, bucket, slot));
    });
  }
  state.now.swap(fresh->now);
  state.old.reset();
  state.bound = hash_end;
  state.seed = fresh->seed;
  state.hasher = fresh->hasher;
  ++state.writes;
  return true;
}

}  // namespace midden::inline MIDDEN_ABI::containers::hash
