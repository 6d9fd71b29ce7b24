#include "containers/skiplist/list.hpp"

#include <cstring>

#include <midden/error.hpp>
#include <midden/fault.hpp>

#include "containers/skiplist/entry_index.hpp"
#include "containers/skiplist/search.hpp"
#include "containers/skiplist/separators.hpp"

namespace midden::inline MIDDEN_ABI::containers::skiplist {

namespace {

std::byte* writable(Bytes bytes) noexcept { return const_cast<std::byte*>(bytes.data); }

}  // namespace

template <class Key>
const std::byte* List<Key>::find(const Key& key) const noexcept {
  const Offset found = towers_.find(key);
  return found == 0 ? nullptr : towers_.entry(found);
}

template <class Key>
void List<Key>::find_many(const Key* keys, unsigned count, const std::byte** entries) const noexcept {
  towers_.find_many(towers_.top(), keys, count, entries);
}

template <class Key>
std::size_t List<Key>::separators(Offset* entries, std::size_t count) const {
  return towers_.separators(entries, count);
}

// Of a place by the finger only the leaf is known, which is all that is written where that has room.
template <class Key>
void List<Key>::locate_to_write(const Key& key, Towers::Place& place) const noexcept {
  const Offset leaf = finger_.node;
  if (leaf != 0 && towers_.locate_beside(key, finger_, place) && (place.found || towers_.has_room(leaf))) return;
  place.found = false;
  if (!towers_.empty()) towers_.locate(key, place);
}

template <class Key>
Upsert List<Key>::upsert(Memory& memory, const Key& key, Bytes value, Write write) {
  drain(memory);
  if (towers_.is_trimming()) towers_.trim(memory);
  Towers::Place place;
  locate_to_write(key, place);
  if (place.found) {
    const auto [leaf, i] = finger_ = place.leaf();
    if (write == Write::assign) return overwrite(memory, place, value);
    return {layout().value(towers_.entry(towers_.node(leaf).word(i).target)), false};
  }
  Towers::Spare spare(towers_, memory, place);
  const bool nodes_come = spare.any();
  const Offset made = make_entry(memory, key, value);
  towers_.insert(place, spare, made);
  ++size_;
  ++changes_;
  finger_ = nodes_come ? Towers::Step{} : place.leaf();
  return {layout().value(towers_.entry(made)), true};
}

template <class Key>
Upsert List<Key>::overwrite(Memory& memory, const Towers::Place& place, Bytes value) {
  const auto [leaf, i] = place.leaf();
  const Offset old = towers_.node(leaf).word(i).target;
  const Bytes present = layout().value(towers_.entry(old));
  if (!has_open_cursors() && present.size == value.size) {
    if (layout().reference) memory.drop_reference(EntryIndex(present).get());
    std::memmove(writable(present), value.data, value.size);
    return {present, false};
  }
  const Offset made = make_entry(memory, Key::of(towers_.entry(old), layout()), value);
  towers_.replace(place, made);
  towers_.is_fence(leaf, old) ? orphan(memory, old) : retire(memory, old);
  return {layout().value(towers_.entry(made)), false};
}

template <class Key>
Offset List<Key>::make_entry(Memory& memory, const Key& key, Bytes value) {
  require_sizes(key.size(), value.size);
  const Offset made = towers_.arena().allocate(memory, layout().bytes(key.size(), value.size));
  write_entry(layout(), towers_.entry(made), key, value);
  return made;
}

template <class Key>
bool List<Key>::erase(Memory& memory, const Key& key) {
  drain(memory);
  towers_.trim(memory);
  if (towers_.empty()) return false;
  Towers::Place place;
  towers_.locate(key, place);
  if (!place.found) return false;
  const auto [leaf, i] = place.leaf();
  const Offset erased = towers_.node(leaf).word(i).target;
  const Towers::Released released = towers_.erase(place);
  if (released.left == 0 && released.orphan != erased) orphan(memory, erased);
  if (released.left != 0) retire(memory, released.left);
  if (released.orphan != 0) retire(memory, released.orphan);
  --size_;
  ++changes_;
  if (released.joined || leaf == finger_.node) finger_ = {};
  return true;
}

template <class Key>
void List<Key>::clear() noexcept {
  towers_.reset();
  limbo_ = 0;
  finger_ = {};
  size_ = 0;
  ++changes_;
  ++clears_;
}

// The entry has left the towers.
template <class Key>
void List<Key>::retire(Memory& memory, Offset entry) noexcept {
  if (!has_open_cursors() || broken(Defect::shown_freed)) return free_entry(memory, entry);
  store_32(towers_.entry(entry), limbo_);
  limbo_ = entry;
}

// The entry has left the map but not the towers: only its reference is given up.
template <class Key>
void List<Key>::orphan(Memory& memory, Offset entry) noexcept {
  if (!layout().reference) return;
  EntryIndex index(layout().value(towers_.entry(entry)));
  memory.drop_reference(index.get());
  index.leave();
}

template <class Key>
void List<Key>::drain(Memory& memory) noexcept {
  if (has_open_cursors()) return;
  while (limbo_ != 0) {
    const Offset entry = limbo_;
    limbo_ = load_32(towers_.entry(entry));
    free_entry(memory, entry);
  }
}

template <class Key>
void List<Key>::free_entry(Memory& memory, Offset freed) noexcept {
  const std::byte* const entry = towers_.entry(freed);
  if (layout().reference) {
    const EntryIndex index(layout().value(entry));
    if (!index.has_left()) memory.drop_reference(index.get());
  }
  towers_.arena().release(freed, layout().bytes(entry));
}

template <class Key>
void List<Key>::open(Cursor& cursor) const noexcept {
  cursor.walking = false;
  if (cursor.open) return;
  cursor.open = true;
  count_cursor(1);
}

template <class Key>
void List<Key>::close(Cursor& cursor) const noexcept {
  if (cursor.open) count_cursor(~std::uint32_t{0});
  cursor = Cursor{};
}

template <class Key>
bool List<Key>::first(Cursor& cursor) const noexcept {
  open(cursor);
  return Walking(*this, cursor).first();
}

template <class Key>
bool List<Key>::last(Cursor& cursor) const noexcept {
  open(cursor);
  return Walking(*this, cursor).last();
}

template <class Key>
bool List<Key>::seek(Cursor& cursor, const Key& key) const noexcept {
  open(cursor);
  return Walking(*this, cursor).seek(key);
}

template <class Key>
bool List<Key>::next(Cursor& cursor) const noexcept {
  if (cursor.entry == nullptr) return false;
  const Walking walk(*this, cursor);
  return cursor.clears == clears_ ? walk.next() : walk.show_nothing();
}

template <class Key>
bool List<Key>::previous(Cursor& cursor) const noexcept {
  if (cursor.entry == nullptr) return false;
  const Walking walk(*this, cursor);
  return cursor.clears == clears_ ? walk.previous() : walk.show_nothing();
}

template class List<WordKey>;
template class List<FixedKey>;
template class List<VariableKey>;

}  // namespace midden::inline MIDDEN_ABI::containers::skiplist
