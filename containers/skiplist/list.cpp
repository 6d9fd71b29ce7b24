#include "containers/skiplist/list.hpp"

#include <cstring>
#include <vector>

#include <midden/error.hpp>

#include "containers/skiplist/search.hpp"

namespace midden::inline MIDDEN_ABI::containers::skiplist {

namespace {

// How far ahead of a cursor.
constexpr unsigned entries_ahead = 20;

std::byte* writable(Bytes bytes) noexcept { return const_cast<std::byte*>(bytes.data); }

}  // namespace

template <class Key>
const std::byte* List<Key>::find(const Key& key) const noexcept {
  const Offset found = towers_.find(key);
  return found == 0 ? nullptr : towers_.entry(found);
}

template <class Key>
void List<Key>::find_many(const Key* keys, unsigned count, const std::byte** entries) const noexcept {
  Offset found[Towers::max_group];
  towers_.find_many(keys, count, found);
  for (unsigned i = 0; i < count; ++i) entries[i] = found[i] == 0 ? nullptr : towers_.entry(found[i]);
}

template <class Key>
std::size_t List<Key>::separators(const std::byte** entries, std::size_t count) const {
  std::vector<Offset> offsets(count);
  const std::size_t found = towers_.separators(offsets.data(), count);
  for (std::size_t i = 0; i < found; ++i) entries[i] = towers_.entry(offsets[i]);
  return found;
}

template <class Key>
Upsert List<Key>::upsert(Memory& memory, const Key& key, Bytes value, Write write, Finger* finger) {
  drain(memory);
  Towers::Place here;
  Towers::Place& place = finger == nullptr ? here : finger->place;
  place.found = false;
  const bool near = finger != nullptr && finger->changes_plus_one == changes_ + 1 && towers_.locate_near(key, place);
  if (!near && !towers_.empty()) towers_.locate(key, place);
  if (finger != nullptr) finger->changes_plus_one = changes_ + 1;
  if (place.found) {
    const auto [leaf, i] = place.leaf();
    if (write == Write::assign) return overwrite(memory, place, value);
    return {layout().value(towers_.entry(towers_.node(leaf).word(i).target)), false};
  }
  Towers::Spare spare(towers_, memory, place);
  const bool nodes_come = spare.any();
  const Offset made = make_entry(memory, key, value);
  towers_.insert(place, spare, made);
  ++size_;
  ++changes_;
  if (finger != nullptr && !nodes_come) finger->changes_plus_one = changes_ + 1;
  return {layout().value(towers_.entry(made)), true};
}

template <class Key>
Upsert List<Key>::overwrite(Memory& memory, const Towers::Place& place, Bytes value) {
  const auto [leaf, i] = place.leaf();
  const Offset old = towers_.node(leaf).word(i).target;
  const Bytes present = layout().value(towers_.entry(old));
  if (!has_open_cursors() && present.size == value.size) {
    if (layout().reference) memory.drop_reference(load_32(present.data));
    std::memmove(writable(present), value.data, value.size);
    return {present, false};
  }
  const Offset made = make_entry(memory, Key::of(towers_.entry(old), layout()), value);
  towers_.replace(place, made);
  retire(memory, old);
  return {layout().value(towers_.entry(made)), false};
}

template <class Key>
Offset List<Key>::make_entry(Memory& memory, const Key& key, Bytes value) {
  if (key.size() > Layout::max_key_bytes) {
    throw TooLarge("midden: a key of an ordered map is limited to " + std::to_string(Layout::max_key_bytes) +
                   " bytes, this one has " + std::to_string(key.size()));
  }
  if (value.size > Layout::max_value_bytes) {
    throw TooLarge("midden: a value of an ordered map is limited to " + std::to_string(Layout::max_value_bytes) +
                   " bytes, this one has " + std::to_string(value.size));
  }
  const Offset made = towers_.arena().allocate(memory, layout().bytes(key.size(), value.size));
  std::byte* const entry = towers_.entry(made);
  store_32(entry, 0);
  key.store(entry);
  std::byte* to = writable(layout().key(entry)) + key.size();
  if (layout().variable_value) {
    store_32(to, static_cast<std::uint32_t>(value.size));
    to += 4;
  }
  std::memcpy(to, value.data, value.size);
  return made;
}

template <class Key>
bool List<Key>::erase(Memory& memory, const Key& key) {
  drain(memory);
  if (towers_.empty()) return false;
  Towers::Place place;
  towers_.locate(key, place);
  if (!place.found) return false;
  const auto [leaf, i] = place.leaf();
  const Offset erased = towers_.node(leaf).word(i).target;
  towers_.erase(place);
  retire(memory, erased);
  --size_;
  ++changes_;
  return true;
}

template <class Key>
void List<Key>::clear() noexcept {
  towers_.reset();
  limbo_ = 0;
  size_ = 0;
  ++changes_;
  ++clears_;
}

// The entry has left the towers.
template <class Key>
void List<Key>::retire(Memory& memory, Offset entry) noexcept {
  if (!has_open_cursors()) return free_entry(memory, entry);
  store_32(towers_.entry(entry), limbo_);
  limbo_ = entry;
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
  if (layout().reference) memory.drop_reference(load_32(layout().value(entry).data));
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
bool List<Key>::show_nothing(Cursor& cursor) const noexcept {
  cursor.entry = nullptr;
  return false;
}

// Shows word `index` of a leaf, or where there is none the first word of the next leaf.
template <class Key>
bool List<Key>::show(Cursor& cursor, Offset leaf, unsigned index) const noexcept {
  if (index == towers_.node(leaf).count) {
    leaf = towers_.node(leaf).next;
    index = 0;
    if (leaf == 0) return show_nothing(cursor);
  }
  cursor.entry = towers_.entry(towers_.node(leaf).word(index).target);
  cursor.leaf = leaf;
  cursor.index = index;
  cursor.changes = changes_;
  cursor.clears = clears_;
  return true;
}

// Entries lie in the arena as they came, not in the order of their keys: a walk asks for those it
// will come to while it shows others. This fetches words [from, to) of a leaf, as far as they go.
template <class Key>
inline void List<Key>::fetch(const Node& leaf, unsigned from, unsigned to) const noexcept {
  for (unsigned i = from; i < to && i < leaf.count; ++i) towers_.arena().prefetch(leaf.word(i).target);
}

template <class Key>
void List<Key>::fetch_forward(Cursor& cursor) const noexcept {
  const Node& leaf = towers_.node(cursor.leaf);
  const unsigned ahead = cursor.index + entries_ahead;
  const bool walking = cursor.walking;
  cursor.walking = true;
  fetch(leaf, walking ? ahead : cursor.index + 1, ahead + 1);
  if (leaf.next == 0) return;
  if (cursor.index == 0) towers_.arena().prefetch(leaf.next);
  if (ahead < leaf.count) return;
  const unsigned there = ahead - leaf.count;
  fetch(towers_.node(leaf.next), walking ? there : 0, there + 1);
}

template <class Key>
void List<Key>::fetch_backward(Cursor& cursor) const noexcept {
  const unsigned from = cursor.index < entries_ahead ? 0 : cursor.index - entries_ahead;
  fetch(towers_.node(cursor.leaf), from, cursor.walking ? from + 1 : cursor.index);
  cursor.walking = true;
}

// Where the key is that a cursor shows, or would be; false in an empty list, and after a clear.
template <class Key>
bool List<Key>::find_again(Cursor& cursor, Towers::Place& place) const noexcept {
  cursor.walking = false;
  if (towers_.empty() || cursor.clears != clears_) return show_nothing(cursor);
  towers_.locate(Key::of(cursor.entry, layout()), place);
  return true;
}

template <class Key>
bool List<Key>::first(Cursor& cursor) const noexcept {
  open(cursor);
  return towers_.empty() ? show_nothing(cursor) : show(cursor, towers_.first_leaf(), 0);
}

template <class Key>
bool List<Key>::last(Cursor& cursor) const noexcept {
  open(cursor);
  if (towers_.empty()) return show_nothing(cursor);
  const auto [leaf, index] = towers_.last_word();
  return show(cursor, leaf, index);
}

template <class Key>
bool List<Key>::seek(Cursor& cursor, const Key& key) const noexcept {
  open(cursor);
  if (towers_.empty()) return show_nothing(cursor);
  Towers::Place place;
  towers_.locate(key, place);
  return show(cursor, place.leaf().node, place.leaf().index);
}

template <class Key>
bool List<Key>::next(Cursor& cursor) const noexcept {
  if (cursor.entry == nullptr) return false;
  if (cursor.changes == changes_) {
    fetch_forward(cursor);
    return show(cursor, cursor.leaf, cursor.index + 1);
  }
  Towers::Place place;
  if (!find_again(cursor, place)) return false;
  return show(cursor, place.leaf().node, place.leaf().index + (place.found ? 1 : 0));
}

template <class Key>
bool List<Key>::previous(Cursor& cursor) const noexcept {
  if (cursor.entry == nullptr) return false;
  if (cursor.changes == changes_ && cursor.index > 0) {
    fetch_backward(cursor);
    return show(cursor, cursor.leaf, cursor.index - 1);
  }
  Towers::Place place;
  if (!find_again(cursor, place)) return false;
  if (place.leaf().index > 0) return show(cursor, place.leaf().node, place.leaf().index - 1);
  if (!towers_.to_previous_leaf(place)) return show_nothing(cursor);
  return show(cursor, place.leaf().node, place.leaf().index);
}

template class List<WordKey>;
template class List<FixedKey>;
template class List<VariableKey>;

}  // namespace midden::inline MIDDEN_ABI::containers::skiplist
