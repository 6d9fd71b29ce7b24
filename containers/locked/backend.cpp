// The two tables of functions: for maps in shards, and for maps that keep order under one lock.
//
// A write that makes the first shards, or a shard's map, leaves them behind if it fails: an empty map in more memory.

#include "containers/locked/backend.hpp"

#include <cstring>
#include <string>
#include <vector>

#include <midden/defer.hpp>
#include <midden/make.hpp>
#include <midden/runtime.hpp>

#include "containers/locked/snapshot.hpp"
#include "containers/locked/state.hpp"
#include "containers/locked/stats.hpp"
#include "containers/locked/walk.hpp"

namespace midden::inline MIDDEN_ABI::containers::locked {

namespace {

// Calls f(map) for each shard that has one, under its lock to read.
template <class F>
void for_each_map(const LockedState& state, F&& f) {
  Shards* const shards = state.shards();
  if (shards == nullptr) return;
  for (Shard& shard : *shards) {
    const Reading reading(shard.lock);
    if (shard.map) f(*shard.map);
  }
}

// What change(map) returns of the map where the key would be, under its lock to write; false where there is none.
template <class Change>
bool change_there(Attach& here, Shard& shard, Change&& change) {
  return without_safepoints(here, [&] {
    const Writing writing(shard.lock);
    return shard.map && change(*shard.map);
  });
}
template <class Change>
bool change_at(Attach& here, LockedState& state, MapKey key, Change&& change) {
  Shards* const shards = state.shards();
  return shards != nullptr && change_there(here, (*shards)[state.shard_of(key)], change);
}

bool is_value(const LockedState& state, MapFound found, MapValue expected) {
  if (found.data == nullptr) return false;
  if (state.shape().value == ValueKind::reference) {
    return static_cast<const Ref<void>*>(found.data)->get() == expected.data;
  }
  return found.size == expected.size && std::memcmp(found.data, expected.data, found.size) == 0;
}

std::size_t size(const MapState& base) {
  const LockedState& state = state_of(base);
  std::size_t entries = 0;
  for_each_map(state, [&](MapState& map) { entries += state.inner().size(map); });
  return entries;
}

MapUpsert upsert(Attach& here, MapState& base, MapKey key, MapValue value, MapWrite mode) {
  LockedState& state = state_of(base);
  Shards& shards = state.make_shards(here);
  const std::size_t shard = state.shard_of(key);
  const bool inserted = without_safepoints(here, [&] {
    const Writing writing(shards[shard].lock);
    return state.inner().upsert(here, state.make_map(here, shards, shard), key, value, mode).inserted;
  });
  return {MapFound{}, inserted};
}

bool erase(Attach& here, MapState& base, MapKey key) {
  LockedState& state = state_of(base);
  return change_at(here, state, key, [&](MapState& map) { return state.inner().erase(here, map, key); });
}

bool visit(Attach&, MapState& base, MapKey key, void (*take)(void*, MapFound), void* context) {
  const LockedState& state = state_of(base);
  Shards* const shards = state.shards();
  if (shards == nullptr) return false;
  Shard& shard = (*shards)[state.shard_of(key)];
  const Reading reading(shard.lock);
  if (!shard.map) return false;
  const MapFound found = state.inner().find(*shard.map, key);
  if (found.data == nullptr) return false;
  take(context, found);
  return true;
}

bool replace(Attach& here, MapState& base, MapKey key, MapValue expected, MapValue desired) {
  LockedState& state = state_of(base);
  return change_at(here, state, key, [&](MapState& map) {
    if (!is_value(state, state.inner().find(map, key), expected)) return false;
    state.inner().upsert(here, map, key, desired, MapWrite::assign);
    return true;
  });
}

bool erase_if(Attach& here, MapState& base, MapKey key, MapValue expected) {
  LockedState& state = state_of(base);
  return change_at(here, state, key, [&](MapState& map) {
    return is_value(state, state.inner().find(map, key), expected) && state.inner().erase(here, map, key);
  });
}

void clear(Attach& here, MapState& base) {
  LockedState& state = state_of(base);
  state.count_clear();
  Shards* const shards = state.shards();
  if (shards == nullptr) return;
  for (Shard& shard : *shards) {
    change_there(here, shard, [&](MapState& map) {
      state.inner().clear(here, map);
      return true;
    });
  }
}

MapStats stats(Attach& here, MapState& base) {
  const LockedState& state = state_of(base);
  MapStats sum{.bytes = sizeof state};
  const Shards* const shards = state.shards();
  if (shards == nullptr) return sum;
  sum.bytes += sizeof(Shards) + shards->size() * sizeof(Shard);
  ++sum.references;
  for (std::size_t i = 0; i < shards->size(); ++i) {
    Shard& shard = (*state.shards())[i];
    MapStats more;
    const bool there = without_safepoints(here, [&] {
      const Reading reading(shard.lock);
      if (shard.map) more = state.inner().stats(here, *shard.map);
      return static_cast<bool>(shard.map);
    });
    if (!there) continue;
    add(sum, more);
    ++sum.references;
  }
  return sum;
}

// The keys are copied under the lock, and kept until the thread's next call.
std::size_t separators(const MapState& base, MapKey* keys, std::size_t count) {
  static thread_local std::vector<std::string> kept;
  const LockedState& state = state_of(base);
  if (state.inner().separators == nullptr) return 0;
  kept.clear();
  kept.reserve(count);
  std::size_t cuts = 0;
  for_each_map(state, [&](MapState& map) {
    cuts = state.inner().separators(map, keys, count);
    for (MapKey* key = keys; key != keys + cuts; ++key) {
      if (key->data == nullptr) continue;
      kept.emplace_back(reinterpret_cast<const char*>(key->data), key->word);
      key->data = reinterpret_cast<const std::byte*>(kept.back().data());
    }
  });
  return cuts;
}

// Without locks: while the world is stopped nobody holds one.
void inspect(const MapState& base, void (*take)(void*, MapKey, MapFound), void* context) {
  const LockedState& state = state_of(base);
  if (state.shards() == nullptr || state.inner().inspect == nullptr) return;
  for (const Shard& shard : *state.shards()) {
    if (shard.map) state.inner().inspect(*shard.map, take, context);
  }
}

constexpr MapOps in_shards{.size = size,
                           .upsert = upsert,
                           .erase = erase,
                           .clear = clear,
                           .first = first,
                           .next = next,
                           .close = close,
                           .locate = locate,
                           .stats = stats,
                           .inspect = inspect,
                           .visit = visit,
                           .replace = replace,
                           .erase_if = erase_if,
                           .snapshot = snapshot};

constexpr MapOps in_order = [] {
  MapOps table = in_shards;
  table.ordered = true;
  table.seek = seek;
  table.last = last;
  table.previous = previous;
  table.separators = separators;
  return table;
}();

}  // namespace

Root<MapState> create(Attach& here, const MapOps& inner, const MapShape& shape, std::uint64_t seed) {
  return make<LockedState>(here, inner, shape, hash::secret_for(here.runtime().config()), seed);
}

const MapOps& ops(bool ordered) noexcept { return ordered ? in_order : in_shards; }

}  // namespace midden::inline MIDDEN_ABI::containers::locked
