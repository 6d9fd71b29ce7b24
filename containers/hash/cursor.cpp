#include "containers/hash/cursor.hpp"

#include <algorithm>
#include <cstring>
#include <new>
#include <type_traits>

#include <midden/fault.hpp>

#include "containers/hash/chunk.hpp"
#include "containers/hash/find.hpp"
#include "containers/hash/key.hpp"
#include "containers/hash/reseed.hpp"

namespace midden::inline MIDDEN_ABI::containers::hash {

namespace {

// The cursor's storage under the names of this backend.
struct Walk {
  HashBound next;          // the least hash that is not copied yet
  HashBound start;         // where the walk began
  std::uint64_t wrapped;   // whether 2^32 has been reached, so that it ends at its start
  std::uint64_t shown;     // of the copied entries
  std::uint64_t count;     // copied entries
  std::uint64_t capacity;  // buckets of the copies
  std::uint64_t writes;    // of the map, when they were copied
  std::uint64_t epoch;     // of the map, when the walk began
};

// What a walk has done under seeds that the map has no more; in the cursor's `copy`. SipHash is never
// among them: whatever ends it ends the walk.
struct Rounds {
  struct Past {
    std::uint64_t seed;
    HashBound start;
    HashBound next;  // not `start`: then nothing was done, or all

    bool done(HashBound hash) const {
      return start < next ? start <= hash && hash < next : start <= hash || hash < next;
    }
  };

  Past past[most_reseeds];
  std::uint64_t count;
  std::uint64_t reseeds;  // of the map, when this round began
  std::uint64_t seed;     // of this round
};
static_assert(sizeof(Rounds) <= sizeof(MapCursor::copy) && std::is_trivially_copyable_v<Rounds>);

Rounds& rounds_of(MapCursor& cursor) { return *std::launder(reinterpret_cast<Rounds*>(cursor.copy)); }

constexpr std::uint64_t closed = ~std::uint64_t{0};

std::byte* copies(const MapCursor& cursor) { return static_cast<std::byte*>(cursor.held[0].get()); }

Place copied(const HashState& state, const MapCursor& cursor, std::uint64_t entry) {
  return {copies(cursor) + entry / slots_per_bucket * state.layout.stride(),
          static_cast<unsigned>(entry % slots_per_bucket)};
}

const std::byte* key_at(const HashState& state, Place place) { return state.layout.key(place.bucket, place.slot); }

void show(const HashState& state, MapCursor& cursor, Place place) {
  cursor.key = with_key(state.layout, key_at(state, place), [](const auto& key) { return key.shown(); });
  cursor.value = value_at(state.layout, place);
}

// The copied entry as the map has it now; false where it has gone.
bool refresh(const HashState& state, Place place) {
  if (broken(Defect::stale_cursor)) return true;
  const Place now = with_key(state.layout, key_at(state, place),
                             [&](const auto& key) { return find_entry(state, key, key.hash(state.hasher)); });
  if (now.bucket == nullptr) return false;
  state.layout.copy_value(state.layout.value(place.bucket, place.slot), state.layout.value(now.bucket, now.slot));
  return true;
}

struct Interval {
  HashBound begin;
  HashBound end;
  bool operator==(const Interval&) const = default;
};

bool lies_in(const HashState& state, const Interval& interval, Place place) {
  const HashBound hash =
      with_key(state.layout, key_at(state, place), [&](const auto& key) { return key.hash(state.hasher); });
  return interval.begin <= hash && hash < interval.end;
}

bool done_before(const HashState& state, const Rounds& rounds, Place place) {
  for (std::uint64_t i = 0; i < rounds.count; ++i) {
    const Hasher hasher(*state.secret, rounds.past[i].seed);
    const HashBound hash =
        with_key(state.layout, key_at(state, place), [&](const auto& key) { return key.hash_under(hasher); });
    if (rounds.past[i].done(hash)) return true;
  }
  return false;
}

// Copies the entries of a bucket behind those already copied; of hashes in `only` if that is given.
void copy_bucket(const HashState& state, MapCursor& cursor, std::byte* bucket, const Interval* only) {
  Walk& walk = position_as<Walk>(cursor);
  const unsigned count = head(bucket).count();
  for (unsigned slot = 0; slot < count; ++slot) {
    if (only != nullptr && !lies_in(state, *only, {bucket, slot})) continue;
    if (done_before(state, rounds_of(cursor), {bucket, slot})) continue;
    const Place to = copied(state, cursor, walk.count++);
    state.layout.copy(to.bucket, to.slot, bucket, slot);
    head(to.bucket).set(to.slot, 1);
  }
}

// Room for the entries of that many buckets, and no entries. What can fail comes first.
void clear_copies(Attach& here, const HashState& state, MapCursor& cursor, std::uint64_t buckets) {
  Walk& walk = position_as<Walk>(cursor);
  if (walk.capacity < buckets) {
    cursor.held[0] = make_chunk(here, state.layout, buckets);
    walk.capacity = buckets;
    walk.count = 0;
  }
  for (; walk.count > 0; --walk.count) {
    const Place old = copied(state, cursor, walk.count - 1);
    state.layout.clear(old.bucket, old.slot);
    head(old.bucket).set(old.slot, 0);
  }
  walk.shown = 0;
}

std::uint32_t random_hash(const HashState& state) {
  static thread_local std::uint64_t walks = 0;
  return state.hasher.word(++walks);
}

void begin_round(const HashState& state, MapCursor& cursor) {
  Walk& walk = position_as<Walk>(cursor);
  walk.next = walk.start = random_hash(state);
  walk.wrapped = 0;
  rounds_of(cursor).reseeds = state.reseeds;
  rounds_of(cursor).seed = state.seed;
}

// The map has another seed: notes what was done and begins in the new order. False when all was.
bool begin_again(const HashState& state, MapCursor& cursor) {
  const Walk& walk = position_as<Walk>(cursor);
  Rounds& rounds = rounds_of(cursor);
  if (walk.next == walk.start && walk.wrapped != 0) return false;
  if (walk.next != walk.start) rounds.past[rounds.count++] = {rounds.seed, walk.start, walk.next};
  begin_round(state, cursor);
  return true;
}

// Copies the interval at `next` and moves past it; false at the end of the walk.
bool copy_next(Attach& here, const HashState& state, MapCursor& cursor) {
  Walk& walk = position_as<Walk>(cursor);
  if (rounds_of(cursor).reseeds != state.reseeds && !begin_again(state, cursor)) return false;
  if (walk.wrapped == 0 && walk.next == hash_end) {
    walk.wrapped = 1;
    walk.next = 0;
  }
  const HashBound limit = walk.wrapped != 0 ? walk.start : hash_end;
  if (walk.next == limit) return false;
  const Table& table = state.table_of(walk.next);
  const BucketNumber main = table.main_of(walk.next);
  const Interval whole{table.begin_of(main), table.begin_of(std::size_t{main} + 1)};
  // A bucket of a smaller new table may hold only the hashes below the bound yet.
  const HashBound moved = walk.next < state.bound ? state.bound : hash_end;
  const Interval part{walk.next, std::min({whole.end, moved, limit})};

  std::byte* const first = table.at(main, state.layout);
  std::uint64_t buckets = 0;
  for (std::byte* bucket = first; bucket != nullptr; bucket = table.after(bucket, state.layout)) ++buckets;
  clear_copies(here, state, cursor, buckets);
  for (std::byte* bucket = first; bucket != nullptr; bucket = table.after(bucket, state.layout)) {
    copy_bucket(state, cursor, bucket, part == whole ? nullptr : &part);
  }
  if (whole.end < moved) prefetch_keys(state.layout, table, main + 1);
  walk.writes = state.writes;
  walk.next = part.end;
  return true;
}

}  // namespace

bool first_entry(Attach& here, HashState& state, MapCursor& cursor) {
  Walk& walk = position_as<Walk>(cursor);
  walk.shown = walk.count = walk.capacity = 0;
  walk.epoch = state.epoch;
  new (static_cast<void*>(cursor.copy)) Rounds{};
  begin_round(state, cursor);
  return next_entry(here, state, cursor);
}

bool next_entry(Attach& here, HashState& state, MapCursor& cursor) {
  Walk& walk = position_as<Walk>(cursor);
  while (walk.epoch == state.epoch) {
    while (walk.shown < walk.count) {
      const Place place = copied(state, cursor, walk.shown++);
      if (walk.writes != state.writes && !refresh(state, place)) continue;
      show(state, cursor, place);
      return true;
    }
    if (state.entries == 0) break;
    if (!copy_next(here, state, cursor)) break;
  }
  walk.epoch = closed;
  return false;
}

bool locate_entry(const HashState& state, MapCursor& cursor, MapKey key) {
  const Place place = with_key(state.layout, key, [&](const auto& form) {
    const std::uint32_t hash = form.hash(state.hasher);
    state.note_look_up(hash);
    return find_entry(state, form, hash);
  });
  if (place.bucket == nullptr) return false;
  const std::byte* const slot = state.layout.value(place.bucket, place.slot);
  cursor.key = key;
  cursor.value = value_at(state.layout, place);
  switch (state.layout.values()) {
    case Held::in_slot:
      cursor.value.data = std::memcpy(cursor.copy, slot, state.layout.value_bytes());
      break;
    case Held::as_bytes:
    case Held::as_row:
      cursor.held[1] = Layout::ref(slot).get();
      break;
    case Held::as_reference:
      cursor.held[1] = Layout::ref(slot).get();
      cursor.value.data = new (static_cast<void*>(cursor.copy)) Ref<void>(Layout::ref(slot).get());
      break;
  }
  return true;
}

void close_cursor(MapCursor& cursor) {
  position_as<Walk>(cursor).epoch = closed;
  position_as<Walk>(cursor).capacity = 0;
  cursor.held[0] = nullptr;
  cursor.held[1] = nullptr;
}

}  // namespace midden::inline MIDDEN_ABI::containers::hash
