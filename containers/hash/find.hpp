#pragma once
// Looking a key up: its hash chooses the table and the bucket; the chain is searched from there.
//
// Threads: any number, while nobody writes.

#include <cstddef>
#include <cstdint>

#include <midden/build.hpp>
#include <midden/map_backend.hpp>
#include <midden/map_composite.hpp>

#include "containers/hash/bucket.hpp"
#include "containers/hash/bytes.hpp"
#include "containers/hash/key.hpp"
#include "containers/hash/state.hpp"

namespace midden::inline MIDDEN_ABI::containers::hash {

// Where an entry is, or, where `bucket` is null, nowhere.
struct Place {
  std::byte* bucket = nullptr;
  unsigned slot = 0;
};

inline const Bytes* bytes_in(const std::byte* slot) noexcept {
  return static_cast<const Bytes*>(Layout::ref(slot).get());
}

inline MapFound value_at(const Layout& layout, Place place) noexcept {
  const std::byte* const value = layout.value(place.bucket, place.slot);
  switch (layout.values()) {
    case Held::in_slot:
    case Held::as_reference:
      break;
    case Held::as_bytes:
      return {bytes_in(value)->data(), bytes_in(value)->length()};
    case Held::as_row:
      return {layout.composite().value(Layout::ref(value).get(), 0), layout.composite().bytes};
  }
  return {value, layout.value_bytes()};
}

// The entry of that key in one bucket.
template <class Key>
Place find_in(const Layout& layout, std::byte* bucket, const Key& key, std::uint32_t hash) noexcept {
  const Head& head_of = head(bucket);
  for (Slots slots = head_of.matching(Head::slot_byte(hash)); slots.any(); slots.drop_first()) {
    if (key.in(layout.key(bucket, slots.first()), hash)) return {bucket, slots.first()};
  }
  return {};
}

// The bucket's next lines, to come together with the first: its head is awaited to know the slot. Where a bucket has
// more, or fewer, it costs nothing that could be measured; to ask for its size did.
inline void prefetch_slots(const std::byte* bucket) noexcept {
  constexpr std::size_t line = 64;
  __builtin_prefetch(bucket + line);
  __builtin_prefetch(bucket + 2 * line);
}

template <class Key>
Place find_entry(const HashState& state, const Key& key, std::uint32_t hash) noexcept {
  if (state.entries == 0) return {};
  const Table& table = state.table_of(hash);
  std::byte* bucket = table.at(table.main_of(hash), state.layout);
  prefetch_slots(bucket);
  do {
    if (const Place place = find_in(state.layout, bucket, key, hash); place.bucket != nullptr) return place;
    bucket = table.after(bucket, state.layout);
  } while (bucket != nullptr);
  return {};
}

// Fetches the keys that a bucket names, for a walk that comes by soon.
inline void prefetch_keys(const Layout& layout, const Table& table, BucketNumber main) noexcept {
  if (!layout.key_refs()) return;
  std::byte* const bucket = table.at(main, layout);
  for (unsigned slot = 0; slot < slots_per_bucket; ++slot)
    __builtin_prefetch(Layout::ref(layout.key(bucket, slot)).get());
}

}  // namespace midden::inline MIDDEN_ABI::containers::hash
