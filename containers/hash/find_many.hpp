#pragma once
// Several look-ups at once, each step for all keys before the next one: what a key waits for from
// memory is on its way while the others are looked at.
//
//   1. hash; fetch the bucket
//   2. the first slot with the hash's byte; fetch the key's object where the slot names one
//   3. the look-up itself, in memory that is there
//
// Threads: as a look-up.

#include <array>
#include <cstddef>
#include <cstdint>

#include <midden/build.hpp>
#include <midden/map_backend.hpp>

#include "containers/hash/find.hpp"

namespace midden::inline MIDDEN_ABI::containers::hash {

inline constexpr std::size_t largest_group = 16;

inline void fetch_bucket(const std::byte* bucket, const Layout& layout) noexcept {
  constexpr std::uint32_t line = 64;
  constexpr std::uint32_t most = 4 * line;  // of a bucket with large values, where a slot is found is not known
  for (std::uint32_t at = 0; at < layout.stride() && at < most; at += line) __builtin_prefetch(bucket + at);
}

// At most largest_group keys.
template <class Key>
void find_group(const HashState& state, const MapKey* keys, std::size_t count, MapFound* found) noexcept {
  std::array<std::uint32_t, largest_group> hashes;
  std::array<std::byte*, largest_group> buckets;
  const Layout& layout = state.layout;
  for (std::size_t k = 0; k < count; ++k) {
    hashes[k] = Key(keys[k], layout).hash(state.hasher);
    state.note_look_up(hashes[k]);
    const Table& table = state.table_of(hashes[k]);
    buckets[k] = table.at(table.main_of(hashes[k]), layout);
    fetch_bucket(buckets[k], layout);
  }
  if (layout.key_refs()) {
    for (std::size_t k = 0; k < count; ++k) {
      const Slots slots = head(buckets[k]).matching(Head::slot_byte(hashes[k]));
      if (slots.any()) __builtin_prefetch(bytes_in(layout.key(buckets[k], slots.first())));
    }
  }
  for (std::size_t k = 0; k < count; ++k) {
    const Place place = find_entry(state, Key(keys[k], layout), hashes[k]);
    found[k] = place.bucket == nullptr ? MapFound{} : value_at(layout, place);
  }
}

}  // namespace midden::inline MIDDEN_ABI::containers::hash
