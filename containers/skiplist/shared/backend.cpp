// A cursor holds a ReadSection, so what it shows keeps its bytes. It lets others have them now and then all
// the same: where somebody waits for the thread, a move keeps the key, ends the section, and finds the place
// again in a new one. Else a walk that erases what it sees would keep all of it.

#include "containers/skiplist/shared/backend.hpp"

#include <new>
#include <string>

#include <midden/grace.hpp>

#include "containers/skiplist/shared/snapshot.hpp"
#include "containers/skiplist/shared/state.hpp"
#include "containers/skiplist/shown.hpp"
#include "containers/skiplist/stats.hpp"

namespace midden::inline MIDDEN_ABI::containers::skiplist {

namespace {

template <class Key>
SharedState<Key>& state_of(MapState& state) noexcept {
  return static_cast<SharedState<Key>&>(state);
}
// The present part, or null.
template <class Key>
SharedPart<Key>* part_of(const MapState& state) noexcept {
  return static_cast<const SharedState<Key>&>(state).part.get();
}

// The bytes of a value, of a reference those that it has in a row.
class ValueBytes {
 public:
  template <class Key>
  ValueBytes(const SharedState<Key>& state, MapValue value) noexcept
      : reference_(state.kind == &single_reference() ? const_cast<void*>(value.data) : nullptr),
        bytes_(state.kind == &single_reference() ? as_bytes(&reference_, sizeof reference_)
                                                 : as_bytes(value.data, value.size)) {}
  ValueBytes(const ValueBytes&) = delete;
  ValueBytes& operator=(const ValueBytes&) = delete;
  operator const Bytes&() const noexcept { return bytes_; }

 private:
  static Bytes as_bytes(const void* data, std::size_t size) noexcept {
    return {static_cast<const std::byte*>(data), size};
  }

  const Ref<void> reference_;
  const Bytes bytes_;
};

template <class Key>
Root<MapState> create(Attach& here, const MapShape& shape, std::uint64_t seed) {
  const MapComposite* kind = nullptr;
  if (shape.value == ValueKind::reference) kind = &single_reference();
  if (shape.value == ValueKind::composite) kind = &shape.composite();
  return make<SharedState<Key>>(here, layout_of(shape), kind, seed);
}

template <class Key>
std::size_t size(const MapState& state) {
  const SharedPart<Key>* const part = part_of<Key>(state);
  return part == nullptr ? 0 : part->list.size();
}

template <class Key>
bool visit(Attach&, MapState& state, MapKey key, void (*take)(void*, MapFound), void* context) {
  const SharedPart<Key>* const part = part_of<Key>(state);
  const std::byte* const entry = part == nullptr ? nullptr : part->list.find(key_from<Key>(key));
  if (entry != nullptr) take(context, part->shown(entry));
  return entry != nullptr;
}

template <class Key>
void visit_many(Attach&, MapState& state, const MapKey* keys, std::size_t count,
                void (*take)(void*, std::size_t, MapFound), void* context) {
  const SharedPart<Key>* const part = part_of<Key>(state);
  if (part == nullptr) return;
  find_each<Key>(part->list, keys, count, [&](std::size_t i, const std::byte* entry) {
    if (entry != nullptr) take(context, i, part->shown(entry));
  });
}

// write(list, memory), where there is something to write to.
template <class Key, class Write>
bool write_to(Attach& here, SharedPart<Key>* part, Write&& write) {
  if (part == nullptr) return false;
  HeapSharedMemory<Key> memory(here, *part);
  if (!write(part->list, memory)) return false;
  part->note_write(here);
  return true;
}

template <class Key>
MapUpsert upsert(Attach& here, MapState& state, MapKey key, MapValue value, MapWrite mode) {
  SharedPart<Key>& part = state_of<Key>(state).part_to_write(here);
  HeapSharedMemory<Key> memory(here, part);
  const ValueBytes bytes(state_of<Key>(state), value);
  const Write write = mode == MapWrite::assign ? Write::assign : Write::if_absent;
  const bool inserted = part.list.upsert(memory, key_from<Key>(key), bytes, write);
  if (inserted || write == Write::assign) part.note_write(here);
  return {MapFound{}, inserted};
}

template <class Key>
bool replace(Attach& here, MapState& state, MapKey key, MapValue expected, MapValue desired) {
  const ValueBytes seen(state_of<Key>(state), expected);
  const ValueBytes bytes(state_of<Key>(state), desired);
  return write_to(here, part_of<Key>(state), [&](auto& list, SharedMemory& memory) {
    return list.replace(memory, key_from<Key>(key), seen, bytes);
  });
}

template <class Key>
bool erase(Attach& here, MapState& state, MapKey key) {
  return write_to(here, part_of<Key>(state),
                  [&](auto& list, SharedMemory& memory) { return list.erase(memory, key_from<Key>(key)); });
}

template <class Key>
bool erase_if(Attach& here, MapState& state, MapKey key, MapValue expected) {
  const ValueBytes seen(state_of<Key>(state), expected);
  return write_to(here, part_of<Key>(state), [&](auto& list, SharedMemory& memory) {
    return list.erase(memory, key_from<Key>(key), &static_cast<const Bytes&>(seen));
  });
}

template <class Key>
void clear(Attach&, MapState& state) {
  state_of<Key>(state).part.store(nullptr);
}

template <class Key>
std::size_t separators(const MapState& state, MapKey* keys, std::size_t count) {
  const SharedPart<Key>* const part = part_of<Key>(state);
  return part == nullptr ? 0 : shown_separators<Key>(part->list, keys, count);
}

// The list's cursor and its read section, in the map cursor.
struct Place {
  static Place& of(MapCursor& shown) noexcept { return position_as<Place>(shown); }

  void begin_section(Attach& here) noexcept {
    if (cursor.open) return;
    new (section) ReadSection(here);
    cursor.open = true;
  }
  void end_section() noexcept {
    if (cursor.open) std::launder(reinterpret_cast<ReadSection*>(section))->~ReadSection();
    cursor.open = false;
  }

  Cursor cursor;
  alignas(ReadSection) std::byte section[sizeof(ReadSection)];
};

template <class Key>
bool show(const SharedPart<Key>& part, const Place& place, MapCursor& shown, bool stands) noexcept {
  if (!stands) return false;
  shown.key = shown_key<Key>(part.list.layout(), place.cursor.entry);
  shown.value = part.shown(place.cursor.entry);
  return true;
}

// To a place of its own.
template <class Key, class Move>
bool stand(Attach& here, MapState& state, MapCursor& shown, Move&& move) {
  SharedPart<Key>* const part = part_of<Key>(state);
  if (part == nullptr) return false;
  shown.held[0] = part;
  Place& place = Place::of(shown);
  place.begin_section(here);
  return show(*part, place, shown, move(part->list, place.cursor));
}

// From the entry that it shows, unless the map was cleared.
template <class Key, class Move>
bool step(Attach& here, MapState& state, MapCursor& shown, Move&& move) {
  SharedPart<Key>* const part = part_of<Key>(state);
  if (part == nullptr || part != shown.held[0].get()) return false;
  Place& place = Place::of(shown);
  if (place.cursor.entry == nullptr) return false;
  const detail::Mutator& mutator = here.mutator();
  if (!mutator.grace_waits || mutator.reading != 1) {
    return show(*part, place, shown, move(part->list, place.cursor, nullptr));
  }
  const Bytes key = part->list.layout().key(place.cursor.entry);
  const std::string kept(reinterpret_cast<const char*>(key.data), key.size);
  place.cursor.entry = nullptr;
  place.end_section();
  safepoint(here);
  place.begin_section(here);
  MapKey again{kept.size(), reinterpret_cast<const std::byte*>(kept.data())};
  if constexpr (std::is_same_v<Key, WordKey>) again = {load_big_64(again.data), nullptr};
  return show(*part, place, shown, move(part->list, place.cursor, &again));
}

template <class Key>
bool first(Attach& here, MapState& state, MapCursor& shown) {
  return stand<Key>(here, state, shown, [](const auto& list, Cursor& cursor) { return list.first(cursor); });
}
template <class Key>
bool last(Attach& here, MapState& state, MapCursor& shown) {
  return stand<Key>(here, state, shown, [](const auto& list, Cursor& cursor) { return list.last(cursor); });
}
template <class Key>
bool seek(Attach& here, MapState& state, MapCursor& shown, MapKey key) {
  return stand<Key>(here, state, shown,
                    [&](const auto& list, Cursor& cursor) { return list.seek(cursor, key_from<Key>(key)); });
}
// With `key`: from there, where the cursor has lost its place.
template <class Key>
bool next(Attach& here, MapState& state, MapCursor& shown) {
  return step<Key>(here, state, shown, [](const auto& list, Cursor& cursor, const MapKey* key) {
    return key == nullptr ? list.next(cursor) : list.seek_after(cursor, key_from<Key>(*key));
  });
}
template <class Key>
bool previous(Attach& here, MapState& state, MapCursor& shown) {
  return step<Key>(here, state, shown, [](const auto& list, Cursor& cursor, const MapKey* key) {
    return key == nullptr ? list.previous(cursor) : list.seek_before(cursor, key_from<Key>(*key));
  });
}

void close(MapState&, MapCursor& shown) {
  Place& place = Place::of(shown);
  place.end_section();
  place.cursor = Cursor{};
  for (Root<void>& held : shown.held) held = nullptr;
}

template <class Key>
MapView snapshot_of(Attach& here, MapState& state) {
  return snapshot(here, state_of<Key>(state));
}

template <class Key>
MapStats stats(Attach&, MapState& state) {
  MapStats stats{.bytes = sizeof(SharedState<Key>)};
  SharedPart<Key>* const part = part_of<Key>(state);
  if (part == nullptr) return stats;
  const SharedArena::Counts counts = part->list.counts();
  stats.entries = part->list.size();
  stats.bytes += sizeof *part + counts.present + part->segments->size() * sizeof(Ref<Segment>);
  stats.references = 2;
  if (part->column) {
    stats.bytes += part->column->bytes();
    stats.references += 1 + part->column->references(counts.spare_indices);
  }
  for (const Ref<Segment>& segment : *part->segments) stats.references += segment.get() != nullptr;
  add_levels(part->list.levels(), part->list.top(), stats);
  stats.free_bytes = counts.present - counts.in_use;
  stats.retired_bytes = counts.retired;
  stats.held_bytes = counts.held;
  const Versions::Open open = part->list.snapshots();
  stats.snapshots = open.count;
  if (open.count > 0) stats.oldest_snapshot = Versions::now() - open.oldest;
  return stats;
}

// Nothing is locked where a writer has a safepoint, so the list is whole.
template <class Key>
void inspect(const MapState& state, void (*take)(void*, MapKey, MapFound), void* context) {
  const SharedPart<Key>* const part = part_of<Key>(state);
  Cursor cursor;
  if (part != nullptr) inspect_list<Key>(part->list, part->column.get(), cursor, take, context);
}

template <class Key>
constexpr MapOps shared_ops_for{.ordered = true,
                                .composites = true,
                                .create = create<Key>,
                                .size = size<Key>,
                                .upsert = upsert<Key>,
                                .erase = erase<Key>,
                                .clear = clear<Key>,
                                .first = first<Key>,
                                .next = next<Key>,
                                .seek = seek<Key>,
                                .last = last<Key>,
                                .previous = previous<Key>,
                                .close = close,
                                .stats = stats<Key>,
                                .separators = separators<Key>,
                                .inspect = inspect<Key>,
                                .visit = visit<Key>,
                                .visit_many = visit_many<Key>,
                                .replace = replace<Key>,
                                .erase_if = erase_if<Key>,
                                .snapshot = snapshot_of<Key>};

}  // namespace

template <class Key>
const MapOps* shared_ops() noexcept {
  return &shared_ops_for<Key>;
}

template const MapOps* shared_ops<WordKey>() noexcept;
template const MapOps* shared_ops<FixedKey>() noexcept;
template const MapOps* shared_ops<VariableKey>() noexcept;

}  // namespace midden::inline MIDDEN_ABI::containers::skiplist
