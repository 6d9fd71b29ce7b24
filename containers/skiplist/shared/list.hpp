#pragma once
// An ordered map in an arena for many writers: the operations of List, from any thread at any time.
//
//   towers    where the order is kept, by nodes that are copied and replaced (towers.hpp)
//   arena     where memory comes from, and goes after a grace period (arena.hpp)
//   column    where values stand that have references; entries have their indices (column.hpp)
//
//   moment    of a snapshot: ListAt reads the list as it was then
//
// Entries are never overwritten, but for what marks one that has left (entry_index.hpp): another value is another
// entry. So what a reader has found holds until its thread is quiescent (midden/grace.hpp), and a cursor holds a
// ReadSection.
//
// An operation that writes: look; hold a stripe; make it ready; look again, lock the leaf, write; release. The
// calls that can be safepoints come when nothing is held. What decides (is the key there, is its value the
// expected one) is looked at under the leaf's lock.
//
// Invariants
//   1. size() adds up what came and went; it is exact while nobody writes.
//   2. An operation that throws has left the map as it was.
//
// Threads: any.

#include <cstddef>
#include <cstdint>
#include <string>

#include "containers/skiplist/column.hpp"
#include "containers/skiplist/key.hpp"
#include "containers/skiplist/list.hpp"
#include "containers/skiplist/shared/arena.hpp"
#include "containers/skiplist/shared/towers.hpp"
#include "containers/skiplist/walk.hpp"

namespace midden::inline MIDDEN_ABI::containers::skiplist {

// An open snapshot: where it is registered, and its s.
struct Moment {
  Versions::Slot* slot = nullptr;
  std::uint32_t s = 0;
};

template <class Key>
class SharedList {
 public:
  // `column`: where the layout says that values have references; its owner keeps it.
  SharedList(const Layout& layout, std::uint64_t seed, Column* column = nullptr,
             unsigned segment_limit = Arena::max_segments, std::uint32_t clock_limit = Versions::most_clock) noexcept
      : column_(column),
        towers_(layout, segment_limit, clock_limit),
        arena_(towers_, towers_.versions(), seed, column) {}

  std::size_t size() const noexcept { return arena_.size(); }
  const Layout& layout() const noexcept { return towers_.layout(); }
  const Levels& levels() const noexcept { return towers_; }
  Levels::Top top() const noexcept { return towers_.top(); }
  SharedArena::Counts counts() noexcept { return arena_.counts(); }

  // The entry of a key, or null; layout() reads it. Holds until the thread is quiescent.
  const std::byte* find(const Key& key) const noexcept;
  // The same for up to Levels::max_group keys, which wait for memory together.
  void find_many(const Key* keys, unsigned count, const std::byte** entries) const noexcept;

  // Values are those of entries, or where there is a column, of that.
  //
  // Whether it has inserted. Throws TooLarge for a key or value that is too large or an arena that is full, and
  // what SharedMemory throws.
  bool upsert(SharedMemory& memory, const Key& key, Bytes value, Write write);
  // Where the key has the value `expected`. Throw the same; an erase copies a leaf.
  bool replace(SharedMemory& memory, const Key& key, Bytes expected, Bytes desired);
  bool erase(SharedMemory& memory, const Key& key, const Bytes* expected = nullptr);

  // Cursors: as List's, between two quiescent moments of their thread.
  bool first(Cursor& cursor) const noexcept { return Walking(*this, cursor).first(); }
  bool last(Cursor& cursor) const noexcept { return Walking(*this, cursor).last(); }
  bool seek(Cursor& cursor, const Key& key) const noexcept { return Walking(*this, cursor).seek(key); }
  // The first key above, and the last one below.
  bool seek_after(Cursor& cursor, const Key& key) const noexcept { return Walking(*this, cursor).seek_after(key); }
  bool seek_before(Cursor& cursor, const Key& key) const noexcept { return Walking(*this, cursor).seek_before(key); }
  bool next(Cursor& cursor) const noexcept { return cursor.entry != nullptr && Walking(*this, cursor).next(); }
  bool previous(Cursor& cursor) const noexcept { return cursor.entry != nullptr && Walking(*this, cursor).previous(); }

  // Entries whose keys cut the list into pieces of about even size, ascending. Returns how many, at most `count`.
  std::size_t separators(Offset* entries, std::size_t count) const;

  // Snapshots. What one shows holds until it is closed, whatever is written, and whether its reader is quiescent or
  // not. Opening throws what SharedMemory throws, and TooLarge past the limit of the clock.
  Moment open_snapshot(SharedMemory& memory);
  void close_snapshot(Moment moment) noexcept { towers_.versions().close(*moment.slot); }
  Versions::Open snapshots() const noexcept { return towers_.versions().open_now(towers_); }

  // Frees what would wait for the next writers; no lock is held. Whether something is left.
  bool tidy(Reclaim& reclaim) noexcept { return arena_.tidy(reclaim); }

  // What is wrong with the list, one line each; empty when nothing is. Nobody writes meanwhile.
  std::string check() const;

 private:
  using Walking = Walk<Key, SharedList>;
  friend Walking;
  template <class>
  friend class ListAt;
  class Writing;

  Live view() const noexcept { return towers_.view(); }
  bool leaf_right(const Cursor& cursor) const noexcept { return !towers_.node(cursor.leaf).is_dead(); }
  bool above_right(const Cursor& cursor) const noexcept {
    return cursor.above != 0 && !towers_.node(cursor.above).is_dead();
  }
  void note(Cursor&) const noexcept {}

  bool has_value(Offset entry, Bytes value) const noexcept;
  std::size_t entry_bytes(const Key& key, Bytes value) const noexcept {
    return layout().bytes(key.size(), column_ != nullptr ? EntryIndex::bytes : value.size);
  }

  Column* const column_;
  SharedTowers towers_;
  SharedArena arena_;
};

// The list at one moment, while the snapshot is open. Reading only; any thread.
template <class Key>
class ListAt {
 public:
  ListAt(const SharedList<Key>& list, std::uint32_t s) noexcept : list_(list), s_(s) {}

  const Layout& layout() const noexcept { return list_.layout(); }
  const Levels& levels() const noexcept { return list_.levels(); }
  Levels::Top top() const noexcept { return list_.towers_.top(view()); }

  const std::byte* find(const Key& key) const noexcept;
  void find_many(const Key* keys, unsigned count, const std::byte** entries) const noexcept;
  // Goes over all leaves.
  std::size_t count() const noexcept;
  std::size_t separators(Offset* entries, std::size_t count) const;

  // As those of the list; they need no ReadSection.
  bool first(Cursor& cursor) const noexcept { return Walking(*this, cursor).first(); }
  bool last(Cursor& cursor) const noexcept { return Walking(*this, cursor).last(); }
  bool seek(Cursor& cursor, const Key& key) const noexcept { return Walking(*this, cursor).seek(key); }
  bool next(Cursor& cursor) const noexcept { return cursor.entry != nullptr && Walking(*this, cursor).next(); }
  bool previous(Cursor& cursor) const noexcept { return cursor.entry != nullptr && Walking(*this, cursor).previous(); }

 private:
  using Walking = Walk<Key, ListAt>;
  friend Walking;

  Past view() const noexcept { return Past(list_.towers_.versions(), s_); }
  // A version that is read at s stays as it is.
  bool leaf_right(const Cursor&) const noexcept { return true; }
  bool above_right(const Cursor& cursor) const noexcept { return cursor.above != 0; }
  void note(Cursor&) const noexcept {}

  const SharedList<Key>& list_;
  const std::uint32_t s_;
};

extern template class SharedList<WordKey>;
extern template class SharedList<FixedKey>;
extern template class SharedList<VariableKey>;
extern template class ListAt<WordKey>;
extern template class ListAt<FixedKey>;
extern template class ListAt<VariableKey>;

}  // namespace midden::inline MIDDEN_ABI::containers::skiplist
