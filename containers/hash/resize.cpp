#include "containers/hash/resize.hpp"

#include <algorithm>
#include <new>
#include <utility>

#include <midden/error.hpp>
#include <midden/fault.hpp>

#include "containers/hash/bucket.hpp"
#include "containers/hash/find.hpp"
#include "containers/hash/key.hpp"

namespace midden::inline MIDDEN_ABI::containers::hash {

namespace {

constexpr unsigned buckets_per_write = 2;
constexpr std::uint32_t erasures_without_memory = 4096;
constexpr std::uint32_t erasures_without_cycle = 64;
constexpr unsigned most_log2 = 31;  // beyond it hashes have no more bits to tell buckets apart

void start(Attach& here, HashState& state, unsigned log2) {
  detail::note_resize(here.mutator());
  // Opened in `old`, which is free, so that a failure leaves `now` as it is.
  state.old.open(here, state.layout, log2);
  state.now.swap(state.old);
  state.bound = 0;
}

std::size_t chain_length(const Table& table, std::byte* bucket, const Layout& layout) {
  std::size_t length = 0;
  for (; bucket != nullptr; bucket = table.after(bucket, layout)) ++length;
  return length;
}

void evacuate_next(Attach& here, HashState& state) {
  const Layout& layout = state.layout;
  Table& old = state.old;
  const BucketNumber from = old.main_of(state.bound);
  const HashBound end = old.begin_of(std::size_t{from} + 1);

  // Growing, two empty chains take this one's entries; shrinking, they go to a chain that has some.
  const std::size_t buckets = chain_length(old, old.at(from, layout), layout);
  state.now.need_main(here, layout, state.now.main_of(state.bound), state.now.main_of(end - 1));
  state.now.need_overflow(here, layout, state.now.log2() > old.log2() ? buckets - 1 : buckets);

  for (BucketNumber number = from;;) {
    std::byte* const bucket = old.at(number, layout);
    const unsigned count = head(bucket).count();
    for (unsigned slot = 0; slot < count; ++slot) {
      if (broken(Defect::evacuation) && slot + 1 == slots_per_bucket) continue;
      const std::byte* const key = layout.key(bucket, slot);
      const auto hash_of = [&](const auto& form) { return form.hash(state.hasher); };
      const Place to = append(state.now, layout, with_key(layout, key, hash_of));
      layout.move(to.bucket, to.slot, bucket, slot);
    }
    head(bucket).control = 0;
    const BucketNumber next = std::exchange(head(bucket).next, no_bucket);
    if (number != from) old.free_overflow(number, layout);
    if (next == no_bucket) break;
    number = next;
  }
  old.drop_main(from, layout);
  state.bound = end;
  if (end == hash_end) old.reset();
}

void evacuate(Attach& here, HashState& state) {
  for (unsigned i = 0; i < buckets_per_write && state.resizing(); ++i) evacuate_next(here, state);
  if (!state.resizing()) return;
  // The next write will want these keys' hashes.
  const std::size_t next = state.old.main_of(state.bound);
  const std::size_t end = std::min(next + buckets_per_write, state.old.main_buckets());
  for (std::size_t main = next; main < end; ++main) {
    prefetch_keys(state.layout, state.old, static_cast<BucketNumber>(main));
  }
}

}  // namespace

Place append(Table& to, const Layout& layout, std::uint32_t hash) noexcept {
  std::byte* bucket = to.at(to.main_of(hash), layout);
  while (head(bucket).full()) {
    std::byte* next = to.after(bucket, layout);
    if (next == nullptr) {
      const BucketNumber number = to.take_overflow(layout);
      head(bucket).next = number;
      next = to.at(number, layout);
    }
    bucket = next;
  }
  const unsigned slot = head(bucket).count();
  head(bucket).set(slot, Head::slot_byte(hash));
  return {bucket, slot};
}

void open_first(Attach& here, HashState& state) {
  if (!state.now.none()) return;
  try {
    state.now.open(here, state.layout, 0);
    state.now.need_main(here, state.layout, 0, 0);
  } catch (...) {
    state.now.reset();  // a table has the buckets that hashes lead to, or there is none
    throw;
  }
}

void grow_if_due(Attach& here, HashState& state) {
  if (state.resizing() || state.entries < most_entries(state.now.log2()) || state.now.log2() == most_log2) return;
  start(here, state, state.now.log2() + 1);
  evacuate(here, state);
}

void advance_resize(Attach& here, HashState& state) { evacuate(here, state); }

void shrink_if_due(Attach& here, HashState& state) noexcept {
  if (!state.resizing() && state.entries >= fewest_entries(state.now.log2())) return;
  if (state.resize_rest != 0) {
    --state.resize_rest;
    return;
  }
  try {
    if (!state.resizing()) start(here, state, state.now.log2() - 2);
    evacuate(here, state);
  } catch (const std::bad_alloc&) {
    state.resize_rest = erasures_without_memory;
  } catch (const SafepointDeferred&) {
    state.resize_rest = erasures_without_cycle;  // the entry is erased, so nobody may call again for it
  }
}

}  // namespace midden::inline MIDDEN_ABI::containers::hash
