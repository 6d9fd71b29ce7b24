// The tables of functions of the backend `skiplist`: one for each form of key.
//
// A cursor keeps the segments as they are when it moves, so what it shows outlives a clear; a
// reference that it shows is rooted by the cursor itself, and shown from the cursor's copy. Of a composite
// value it keeps the row, in which no index is used again while a cursor is open.

#include "containers/skiplist/backend.hpp"

#include <array>
#include <new>
#include <utility>

#include <midden/make.hpp>

#include "containers/skiplist/shared/backend.hpp"
#include "containers/skiplist/shown.hpp"
#include "containers/skiplist/state.hpp"
#include "containers/skiplist/stats.hpp"

namespace midden::inline MIDDEN_ABI::containers::skiplist {

namespace {

template <class Key>
ListState<Key>& state_of(MapState& state) noexcept {
  return static_cast<ListState<Key>&>(state);
}
template <class Key>
const ListState<Key>& state_of(const MapState& state) noexcept {
  return static_cast<const ListState<Key>&>(state);
}

// The value of an entry as the map shows it.
template <class Key>
MapFound found(const ListState<Key>& state, Bytes value) noexcept {
  return shown_value(state.list.layout(), state.column.get(), value);
}

template <class Key>
Root<MapState> create(Attach& here, const MapShape& shape, std::uint64_t seed) {
  const Root<ListState<Key>> state = make<ListState<Key>>(here, layout_of(shape), seed);
  if (shape.composite != nullptr) state->column = make<Column>(here, shape.composite());
  return state;
}

template <class Key>
std::size_t size(const MapState& state) {
  return state_of<Key>(state).list.size();
}

template <class Key>
MapFound find(const MapState& base, MapKey key) {
  const ListState<Key>& state = state_of<Key>(base);
  const std::byte* const entry = state.list.find(key_from<Key>(key));
  return entry == nullptr ? MapFound{} : found(state, state.list.layout().value(entry));
}

template <class Key>
void find_many(const MapState& base, const MapKey* keys, std::size_t count, MapFound* out) {
  const ListState<Key>& state = state_of<Key>(base);
  find_each<Key>(state.list, keys, count, [&](std::size_t i, const std::byte* entry) {
    out[i] = entry == nullptr ? MapFound{} : found(state, state.list.layout().value(entry));
  });
}

template <class Key>
std::size_t separators(const MapState& base, MapKey* keys, std::size_t count) {
  return shown_separators<Key>(state_of<Key>(base).list, keys, count);
}

// The index of a value with references, given back unless an entry has come to hold it.
template <class Key>
class TakenIndex {
 public:
  TakenIndex(Attach& here, ListState<Key>& state, MapValue value)
      : column_(column_of(here, state)), index_(column_.take(here)), bytes_(EntryIndex::encode(index_)) {
    if (column_.of_single_references()) {
      const Ref<void> target(const_cast<void*>(value.data));
      column_.put(index_, &target);
    } else {
      column_.put(index_, value.data);
    }
  }
  ~TakenIndex() {
    if (!kept_) column_.drop(index_);
  }
  TakenIndex(const TakenIndex&) = delete;
  TakenIndex& operator=(const TakenIndex&) = delete;

  Bytes bytes() const noexcept { return {bytes_.data(), bytes_.size()}; }
  void keep() noexcept { kept_ = true; }

 private:
  static Column& column_of(Attach& here, ListState<Key>& state) {
    if (!state.column) state.column = make<Column>(here, single_reference());
    return *state.column;
  }

  Column& column_;  // which the state keeps
  const std::uint32_t index_;
  const std::array<std::byte, EntryIndex::bytes> bytes_;
  bool kept_ = false;
};

template <class Key>
MapUpsert upsert(Attach& here, MapState& base, MapKey map_key, MapValue value, MapWrite mode) {
  ListState<Key>& state = state_of<Key>(base);
  const Key key = key_from<Key>(map_key);
  const Write write = mode == MapWrite::assign ? Write::assign : Write::if_absent;
  HeapMemory<Key> memory(here, state, key.size(), value.size);
  memory.prepare();
  if (!state.list.layout().reference) {
    const Upsert done = state.list.upsert(memory, key, {static_cast<const std::byte*>(value.data), value.size}, write);
    return {found(state, done.value), done.inserted};
  }
  TakenIndex<Key> index(here, state, value);
  const Upsert done = state.list.upsert(memory, key, index.bytes(), write);
  if (done.inserted || write == Write::assign) index.keep();
  return {found(state, done.value), done.inserted};
}

template <class Key>
void clear(Attach&, MapState& base) {
  ListState<Key>& state = state_of<Key>(base);
  state.list.clear();
  state.segments = nullptr;
  // One of composite values stays, because it knows what they are.
  if (state.column && !state.column->of_single_references()) {
    state.column->reset();
  } else {
    state.column = nullptr;
  }
  state.segment_count = 0;
  state.committed = 0;
}

// A map that was emptied keeps this much for what comes next, or gives up all of its memory.
constexpr std::size_t kept_when_empty = std::size_t{64} << 10;

template <class Key>
bool erase(Attach& here, MapState& base, MapKey map_key) {
  ListState<Key>& state = state_of<Key>(base);
  const Key key = key_from<Key>(map_key);
  HeapMemory<Key> memory(here, state, key.size(), 0);
  memory.prepare();
  if (!state.list.erase(memory, key)) return false;
  const bool last = state.list.size() == 0 && !state.list.has_open_cursors();
  if (last && state.list.touched_bytes() > kept_when_empty) clear<Key>(here, base);
  return true;
}

// The list's cursor lies in the map cursor. There it is changed: a copy would be written by halves and read as a whole
// at each step, which processors wait for.
template <class Key, class Move>
bool move(MapState& base, MapCursor& shown, Move&& move_it) {
  const ListState<Key>& state = state_of<Key>(base);
  Cursor& cursor = position_as<Cursor>(shown);
  const bool stands = move_it(state.list, cursor);
  if (!stands) return false;

  const Layout& layout = state.list.layout();
  shown.key = shown_key<Key>(layout, cursor.entry);
  shown.held[0] = state.segments;
  shown.value = found(state, layout.value(cursor.entry));
  if (!layout.reference) return true;
  if (state.column->of_single_references()) {
    void* const target = static_cast<const Ref<void>*>(shown.value.data)->get();
    shown.held[1] = target;
    shown.value.data = new (shown.copy) Ref<void>(target);
  } else {
    shown.held[1] = state.column->row_of(EntryIndex(layout.value(cursor.entry)).get());
  }
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

template <class Key>
void close(MapState& state, MapCursor& shown) {
  state_of<Key>(state).list.close(position_as<Cursor>(shown));
  for (Root<void>& held : shown.held) held = nullptr;
}

template <class Key>
MapStats stats(Attach&, MapState& base) {
  const ListState<Key>& state = state_of<Key>(base);
  MapStats stats{.entries = state.list.size(),
                 .bytes = sizeof state + state.list.present_bytes() + (state.column ? state.column->bytes() : 0) +
                          (state.segments ? state.segments->size() * sizeof(Ref<Segment>) : 0),
                 .references = (state.segments ? 1 + state.segment_count : 0U) +
                               (state.column ? 1 + state.column->references() : 0U)};
  add_levels(state.list.towers(), state.list.top(), stats);
  stats.free_bytes = state.list.present_bytes() - state.list.bytes_in_use();
  stats.retired_bytes = bytes_in_limbo(state.list.towers(), state.list.limbo());
  return stats;
}

template <class Key>
void inspect(const MapState& base, void (*take)(void*, MapKey, MapFound), void* context) {
  const ListState<Key>& state = state_of<Key>(base);
  Cursor cursor;
  inspect_list<Key>(state.list, state.column.get(), cursor, take, context);
  state.list.close(cursor);
}

template <class Key>
constexpr MapOps ops_for{.ordered = true,
                         .composites = true,
                         .create = create<Key>,
                         .size = size<Key>,
                         .find = find<Key>,
                         .upsert = upsert<Key>,
                         .erase = erase<Key>,
                         .clear = clear<Key>,
                         .first = first<Key>,
                         .next = next<Key>,
                         .seek = seek<Key>,
                         .last = last<Key>,
                         .previous = previous<Key>,
                         .close = close<Key>,
                         .stats = stats<Key>,
                         .find_many = find_many<Key>,
                         .separators = separators<Key>,
                         .inspect = inspect<Key>};

// The same with the table for all threads.
template <class Key>
const MapOps* with_shared() {
  static const MapOps ops = [] {
    MapOps all = ops_for<Key>;
    all.concurrent = shared_ops<Key>();
    return all;
  }();
  return &ops;
}

const MapOps* ops(const MapShape& shape) {
  switch (shape.key) {
    case KeyKind::word:
      return with_shared<WordKey>();
    case KeyKind::fixed:
      return with_shared<FixedKey>();
    case KeyKind::variable:
      return with_shared<VariableKey>();
  }
  return nullptr;
}

}  // namespace

MapBackend backend() { return {"skiplist", ops}; }

}  // namespace midden::inline MIDDEN_ABI::containers::skiplist
