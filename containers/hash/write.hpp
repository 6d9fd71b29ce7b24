#pragma once
// Inserting, overwriting and erasing one entry.
//
// Whatever must be allocated is allocated first: the bucket to grow into, the key's and the
// value's object. Nothing after that can fail, so an operation that throws has changed no entry.
//
// A value in the slot is overwritten there; a Bytes object or a row never is, because a
// cursor may show it: the slot is made to name another one.
//
// Threads: the map's one writer; every function is a safepoint, the caller keeps the state and a
// value that is a reference alive.

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <utility>

#include <midden/attach.hpp>
#include <midden/build.hpp>
#include <midden/map_backend.hpp>
#include <midden/map_composite.hpp>
#include <midden/root.hpp>

#include "containers/hash/find.hpp"
#include "containers/hash/reseed.hpp"
#include "containers/hash/resize.hpp"
#include "containers/hash/state.hpp"

namespace midden::inline MIDDEN_ABI::containers::hash {

// A value ready to be stored: nothing that can fail is left to do. It roots no object that it
// has made, so no safepoint may come before `store`.
class NewValue {
 public:
  NewValue(Attach& here, const Layout& layout, MapValue value) : held_(layout.values()), value_(value) {
    if (held_ == Held::as_bytes) value_.data = Bytes::make(here, value.data, value.size, 0).get();
    if (held_ == Held::as_row) value_.data = make_row(here, layout.composite(), value.data);
  }

  void store(std::byte* slot) const noexcept {
    switch (held_) {
      case Held::in_slot:
        std::memcpy(slot, value_.data, value_.size);
        return;
      case Held::as_bytes:
      case Held::as_reference:
      case Held::as_row:
        Layout::ref(slot) = const_cast<void*>(value_.data);
        return;
    }
  }

 private:
  static void* make_row(Attach& here, const MapComposite& composite, const void* value) {
    const Root<void> row = composite.make_row(here, 1);
    composite.copy(composite.value(row.get(), 0), value);
    return row.get();
  }

  Held held_;
  MapValue value_;  // of a reference, Bytes or a row: the object
};

inline std::size_t value_heap_bytes(const Layout& layout, const std::byte* slot) noexcept {
  switch (layout.values()) {
    case Held::in_slot:
    case Held::as_reference:
      return 0;
    case Held::as_bytes:
      return Bytes::heap_bytes(bytes_in(slot)->length());
    case Held::as_row:
      return layout.composite().first + layout.composite().bytes;
  }
  return 0;
}

inline MapFound overwrite(Attach& here, HashState& state, Place place, MapValue given) {
  const NewValue value(here, state.layout, given);
  std::byte* const slot = state.layout.value(place.bucket, place.slot);
  state.object_bytes -= value_heap_bytes(state.layout, slot);
  value.store(slot);
  state.object_bytes += value_heap_bytes(state.layout, slot);
  ++state.writes;
  return value_at(state.layout, place);
}

// Requires: the key is absent.
template <class Key>
MapFound insert(Attach& here, HashState& state, const Key& key, std::uint32_t hash, MapValue given) {
  const Layout& layout = state.layout;
  Table& table = state.table_of(hash);
  std::byte* bucket = table.at(table.main_of(hash), layout);
  unsigned chain = 1;
  for (; std::byte* const next = table.after(bucket, layout); ++chain) bucket = next;
  if (head(bucket).full()) {
    if (chain >= longest_chain && reseed(here, state)) {
      return insert(here, state, key, key.hash(state.hasher), given);
    }
    table.need_overflow(here, layout, 1);
  }
  const auto stored = key.allocate(here, hash);
  const NewValue value(here, layout, given);

  if (head(bucket).full()) {
    const BucketNumber number = table.take_overflow(layout);
    head(bucket).next = number;
    bucket = table.at(number, layout);
  }

  const Place place{bucket, head(bucket).count()};
  std::byte* const key_slot = layout.key(bucket, place.slot);
  std::byte* const value_slot = layout.value(bucket, place.slot);
  key.store(key_slot, stored);
  value.store(value_slot);
  head(bucket).set(place.slot, Head::slot_byte(hash));
  state.object_bytes += Key::heap_bytes(key_slot) + value_heap_bytes(layout, value_slot);
  ++state.entries;
  ++state.writes;
  return value_at(layout, place);
}

template <class Key>
MapUpsert upsert(Attach& here, HashState& state, const Key& key, MapValue value, MapWrite mode) {
  if (state.resizing()) advance_resize(here, state);
  const std::uint32_t hash = key.hash(state.hasher);
  if (const Place place = find_entry(state, key, hash); place.bucket != nullptr) {
    if (mode == MapWrite::if_absent) return {value_at(state.layout, place), false};
    return {overwrite(here, state, place, value), false};
  }
  if (state.entries == 0) open_first(here, state);
  grow_if_due(here, state);
  return {insert(here, state, key, hash, value), true};
}

template <class Key>
bool erase(Attach& here, HashState& state, const Key& key) {
  const Layout& layout = state.layout;
  const std::uint32_t hash = key.hash(state.hasher);
  const Place place = find_entry(state, key, hash);
  if (place.bucket == nullptr) return false;
  std::byte* const key_slot = layout.key(place.bucket, place.slot);
  state.object_bytes -= Key::heap_bytes(key_slot) + value_heap_bytes(layout, layout.value(place.bucket, place.slot));

  // The last entry of the chain comes into the hole, so that chains have none.
  Table& table = state.table_of(hash);
  std::byte* before = nullptr;
  std::byte* last = table.at(table.main_of(hash), layout);
  while (std::byte* const next = table.after(last, layout)) {
    before = last;
    last = next;
  }
  const unsigned last_slot = head(last).count() - 1;
  if (last != place.bucket || last_slot != place.slot) {
    layout.copy(place.bucket, place.slot, last, last_slot);
    head(place.bucket).set(place.slot, head(last).get(last_slot));
  }
  layout.clear(last, last_slot);
  head(last).set(last_slot, 0);
  if (last_slot == 0 && before != nullptr) {
    table.free_overflow(std::exchange(head(before).next, no_bucket), layout);
  }
  ++state.writes;
  if (--state.entries == 0) state.begin_anew();
  shrink_if_due(here, state);
  return true;
}

}  // namespace midden::inline MIDDEN_ABI::containers::hash
