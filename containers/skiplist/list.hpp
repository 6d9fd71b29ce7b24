#pragma once
// An ordered map in an arena: find, upsert, erase, and cursors in both directions.
//
//   towers    where the order is kept (towers.hpp); entries and nodes share one arena
//   change    a write after which a key may stand elsewhere; counted, so that cursors notice
//   finger    the word of the last upsert: a key that belongs into the same leaf is looked for there
//   limbo     entries that were erased or overwritten while a cursor was open
//
// A cursor points at an entry's bytes, so an entry that leaves the map keeps them until no cursor
// is open: it waits in limbo, linked through its version word, and the first write that finds
// all cursors closed takes the memory back. For the same reason a value is overwritten in
// place only while no cursor is open; otherwise a new entry takes the word of the old.
//
//    linked into a leaf -- erase, overwrite -->  limbo  -- write, no cursor open -->  free
//                     \--------- the same, no cursor open ----------------------/
//
// Invariants
//   1. size() entries are reachable from the towers; an entry is there, in limbo, or free.
//   2. An operation that throws has left the map as it was.
//   3. While `changes` is what a cursor saw, its leaf and index are right.
//   4. The finger is right, or of no leaf.
//
// Threads: one writer or many readers. Opening, moving and closing a cursor is reading: the
// count of open cursors is the one word that readers write.
//
// Where many pages have nothing on them any more, they go back while keys are erased (trim.hpp); clear() gives up all
// memory. Then the owner of the segments keeps the old ones until every cursor opened before is closed.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>

#include "containers/skiplist/key.hpp"
#include "containers/skiplist/towers.hpp"
#include "containers/skiplist/walk.hpp"

namespace midden::inline MIDDEN_ABI::containers::skiplist {

enum class Write : std::uint8_t { assign, if_absent };

struct Upsert {
  Bytes value;  // in the map, after the call; writable for the writer
  bool inserted;
};

// Key is WordKey, FixedKey or VariableKey, as the layout says.
template <class Key>
class List {
 public:
  List(const Layout& layout, std::uint64_t seed, unsigned segment_limit = Arena::max_segments) noexcept
      : towers_(layout, seed, segment_limit) {}

  std::size_t size() const noexcept { return size_; }
  const Layout& layout() const noexcept { return towers_.layout(); }
  std::size_t touched_bytes() const noexcept { return towers_.arena().touched(); }
  std::size_t present_bytes() const noexcept { return towers_.arena().present(); }
  std::size_t bytes_in_use() const noexcept { return towers_.arena().in_use(); }
  bool has_open_cursors() const noexcept { return open_cursors() != 0; }
  const Towers& towers() const noexcept { return towers_; }
  const Levels& levels() const noexcept { return towers_; }
  Levels::Top top() const noexcept { return towers_.top(); }
  Offset limbo() const noexcept { return limbo_; }  // the first entry in it, or 0

  // The entry of a key, or null; layout() reads it. Holds until the next write.
  const std::byte* find(const Key& key) const noexcept;

  // The same for up to Towers::max_group keys, which wait for memory together.
  void find_many(const Key* keys, unsigned count, const std::byte** entries) const noexcept;

  // Entries whose keys cut the list into pieces of about even size, ascending. Returns how many, at most `count`.
  std::size_t separators(Offset* entries, std::size_t count) const;

  // Throws TooLarge for a key or value that is too large or an arena that is full, and
  // what Memory throws.
  Upsert upsert(Memory& memory, const Key& key, Bytes value, Write write);
  bool erase(Memory& memory, const Key& key);

  // Forgets all entries and the arena, and ends walks. Calls no Memory::drop_reference.
  void clear() noexcept;

  // Cursors: true where the cursor then shows an entry, false past either end. A cursor that is
  // past an end stays there. What it shows holds until it moves or closes, whatever is written.
  // Each cursor that one of the first three was called on must be closed; close may be repeated.
  bool first(Cursor& cursor) const noexcept;
  bool last(Cursor& cursor) const noexcept;
  bool seek(Cursor& cursor, const Key& key) const noexcept;  // the first key not below `key`
  bool next(Cursor& cursor) const noexcept;
  bool previous(Cursor& cursor) const noexcept;
  void close(Cursor& cursor) const noexcept;

  // What is wrong with the list, one line each; empty when nothing is.
  std::string check() const { return towers_.check(size_, limbo_); }

 private:
  using Walking = Walk<Key, List>;
  friend Walking;

  AsItIs view() const noexcept { return {}; }
  bool leaf_right(const Cursor& cursor) const noexcept { return cursor.changes == changes_; }
  bool above_right(const Cursor& cursor) const noexcept { return leaf_right(cursor); }
  void note(Cursor& cursor) const noexcept {
    cursor.changes = changes_;
    cursor.clears = clears_;
  }

  void locate_to_write(const Key& key, Towers::Place& place) const noexcept;
  Upsert overwrite(Memory& memory, const Towers::Place& place, Bytes value);
  Offset make_entry(Memory& memory, const Key& key, Bytes value);
  void retire(Memory& memory, Offset entry) noexcept;
  void orphan(Memory& memory, Offset entry) noexcept;
  void drain(Memory& memory) noexcept;
  void free_entry(Memory& memory, Offset entry) noexcept;

  void open(Cursor& cursor) const noexcept;
  // Relaxed: between a reader and the writer stands whatever makes the map theirs in turn.
  std::uint32_t open_cursors() const noexcept { return open_cursors_.load(std::memory_order_relaxed); }
  void count_cursor(std::uint32_t by) const noexcept { open_cursors_.fetch_add(by, std::memory_order_relaxed); }

  Towers towers_;
  std::uint64_t changes_ = 0;
  std::uint32_t size_ = 0;  // an arena has no room for more
  std::uint32_t clears_ = 0;
  Offset limbo_ = 0;
  Towers::Step finger_{};
  mutable std::atomic<std::uint32_t> open_cursors_{0};
};

extern template class List<WordKey>;
extern template class List<FixedKey>;
extern template class List<VariableKey>;

}  // namespace midden::inline MIDDEN_ABI::containers::skiplist
