#include "containers/skiplist/shared/snapshot.hpp"

#include <algorithm>
#include <atomic>

#include "containers/skiplist/shown.hpp"
#include "containers/skiplist/stats.hpp"

namespace midden::inline MIDDEN_ABI::containers::skiplist {

namespace {

template <class Key>
struct SnapshotState : MapState {
  static constexpr std::size_t not_counted = ~std::size_t{0};

  // The list as it was; there is a part.
  ListAt<Key> list() const noexcept { return {part->list, moment.s}; }
  // Goes over the leaves, the first time. Relaxed: whoever counts comes to the same.
  std::size_t size() const noexcept {
    std::size_t known = counted.load(std::memory_order_relaxed);
    if (known == not_counted) counted.store(known = list().count(), std::memory_order_relaxed);
    return known;
  }

  Ref<SharedPart<Key>> part;  // null: the map had none
  Moment moment;
  mutable std::atomic<std::size_t> counted{not_counted};

  static constexpr auto midden_refs = refs<SnapshotState>(&SnapshotState::part);
};

template <class Key>
const SnapshotState<Key>& state_of(const MapState& state) noexcept {
  return static_cast<const SnapshotState<Key>&>(state);
}

template <class Key>
std::size_t size(const MapState& base) {
  const SnapshotState<Key>& state = state_of<Key>(base);
  return state.part ? state.size() : 0;
}

template <class Key>
MapFound find(const MapState& base, MapKey key) {
  const SnapshotState<Key>& state = state_of<Key>(base);
  const std::byte* const entry = state.part ? state.list().find(key_from<Key>(key)) : nullptr;
  return entry == nullptr ? MapFound{} : state.part->shown(entry);
}

template <class Key>
void find_many(const MapState& base, const MapKey* keys, std::size_t count, MapFound* out) {
  const SnapshotState<Key>& state = state_of<Key>(base);
  if (!state.part) return static_cast<void>(std::fill_n(out, count, MapFound{}));
  find_each<Key>(state.list(), keys, count, [&](std::size_t i, const std::byte* entry) {
    out[i] = entry == nullptr ? MapFound{} : state.part->shown(entry);
  });
}

template <class Key>
std::size_t separators(const MapState& base, MapKey* keys, std::size_t count) {
  const SnapshotState<Key>& state = state_of<Key>(base);
  return state.part ? shown_separators<Key>(state.list(), keys, count) : 0;
}

template <class Key, class Move>
bool move(const MapState& base, MapCursor& shown, Move&& move_it) {
  const SnapshotState<Key>& state = state_of<Key>(base);
  if (!state.part) return false;
  Cursor& cursor = position_as<Cursor>(shown);
  if (!move_it(state.list(), cursor)) return false;
  shown.key = shown_key<Key>(state.part->list.layout(), cursor.entry);
  shown.value = state.part->shown(cursor.entry);
  return true;
}

template <class Key>
bool first(Attach&, MapState& state, MapCursor& shown) {
  return move<Key>(state, shown, [](const auto& list, Cursor& cursor) { return list.first(cursor); });
}
template <class Key>
bool last(Attach&, MapState& state, MapCursor& shown) {
  return move<Key>(state, shown, [](const auto& list, Cursor& cursor) { return list.last(cursor); });
}
template <class Key>
bool next(Attach&, MapState& state, MapCursor& shown) {
  return move<Key>(state, shown, [](const auto& list, Cursor& cursor) { return list.next(cursor); });
}
template <class Key>
bool previous(Attach&, MapState& state, MapCursor& shown) {
  return move<Key>(state, shown, [](const auto& list, Cursor& cursor) { return list.previous(cursor); });
}
template <class Key>
bool seek(Attach&, MapState& state, MapCursor& shown, MapKey key) {
  return move<Key>(state, shown,
                   [&](const auto& list, Cursor& cursor) { return list.seek(cursor, key_from<Key>(key)); });
}

void close(MapState&, MapCursor& shown) { position_as<Cursor>(shown) = Cursor{}; }

// Of the levels as they are, which the snapshot shares.
template <class Key>
MapStats stats(Attach&, MapState& base) {
  const SnapshotState<Key>& state = state_of<Key>(base);
  MapStats stats{.bytes = sizeof state, .references = 1};
  if (!state.part) return stats;
  stats.entries = state.size();
  add_levels(state.part->list.levels(), state.part->list.top(), stats);
  return stats;
}

template <class Key>
void release(MapState& base) {
  const SnapshotState<Key>& state = state_of<Key>(base);
  if (state.part) state.part->list.close_snapshot(state.moment);
}

template <class Key>
void inspect(const MapState& base, void (*take)(void*, MapKey, MapFound), void* context) {
  const SnapshotState<Key>& state = state_of<Key>(base);
  Cursor cursor;
  if (state.part) inspect_list<Key>(state.list(), state.part->column.get(), cursor, take, context);
}

template <class Key>
constexpr MapOps view_ops{.ordered = true,
                          .composites = true,
                          .size = size<Key>,
                          .find = find<Key>,
                          .first = first<Key>,
                          .next = next<Key>,
                          .seek = seek<Key>,
                          .last = last<Key>,
                          .previous = previous<Key>,
                          .close = close,
                          .stats = stats<Key>,
                          .find_many = find_many<Key>,
                          .separators = separators<Key>,
                          .inspect = inspect<Key>,
                          .release = release<Key>};

}  // namespace

template <class Key>
MapView snapshot(Attach& here, SharedState<Key>& state) {
  const Root<SnapshotState<Key>> view = make<SnapshotState<Key>>(here);
  const Root<SharedPart<Key>> part(here.mutator(), state.part.get());
  if (!part) return {&view_ops<Key>, view};
  HeapSharedMemory<Key> memory(here, *part);
  view->moment = part->list.open_snapshot(memory);
  view->part = part;
  return {&view_ops<Key>, view};
}

template MapView snapshot(Attach&, SharedState<WordKey>&);
template MapView snapshot(Attach&, SharedState<FixedKey>&);
template MapView snapshot(Attach&, SharedState<VariableKey>&);

}  // namespace midden::inline MIDDEN_ABI::containers::skiplist
