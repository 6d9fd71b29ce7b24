#pragma once
// An ordered map in an arena for many writers: the operations of List, from any thread at any time.
//
//   towers    where the order is kept, by nodes that are copied and replaced (towers.hpp)
//   arena     where memory comes from, and goes after a grace period (arena.hpp)
//
// Entries are never overwritten: another value is another entry. So what a reader has found holds until
// its thread is quiescent (midden/grace.hpp), and a cursor holds a ReadSection.
//
// An operation that writes: look; hold a stripe; make it ready; look again, lock the leaf, write; release. The
// calls that can be safepoints come when nothing is held. What decides (is the key there, is its value the
// expected one) is looked at under the leaf's lock.
//
// Invariants
//   1. size() adds up what came and went; it is exact while nobody writes.
//   2. An operation that throws has left the map as it was.
//
// Threads: any. It does not hold references: their indices would need a grace period of their own.

#include <cstddef>
#include <cstdint>
#include <string>

#include "containers/skiplist/key.hpp"
#include "containers/skiplist/list.hpp"
#include "containers/skiplist/shared/arena.hpp"
#include "containers/skiplist/shared/towers.hpp"
#include "containers/skiplist/walk.hpp"

namespace midden::inline MIDDEN_ABI::containers::skiplist {

template <class Key>
class SharedList {
 public:
  SharedList(const Layout& layout, std::uint64_t seed, unsigned segment_limit = Arena::max_segments) noexcept
      : towers_(layout, segment_limit), arena_(towers_, seed) {}

  std::size_t size() const noexcept { return arena_.size(); }
  const Layout& layout() const noexcept { return towers_.layout(); }
  const Levels& levels() const noexcept { return towers_; }
  Levels::Top top() const noexcept { return towers_.top(); }
  SharedArena::Counts counts() noexcept { return arena_.counts(); }

  // The entry of a key, or null; layout() reads it. Holds until the thread is quiescent.
  const std::byte* find(const Key& key) const noexcept;

  // Whether it has inserted. Throws TooLarge for a key or value that is too large or an arena that is full, and
  // what SharedMemory throws.
  bool upsert(SharedMemory& memory, const Key& key, Bytes value, Write write);
  // Where the key has the value `expected`. Throw the same: a leaf is copied.
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

  // What is wrong with the list, one line each; empty when nothing is. Nobody writes meanwhile.
  std::string check() const;

 private:
  using Walking = Walk<Key, SharedList>;
  friend Walking;
  class Writing;

  bool leaf_right(const Cursor& cursor) const noexcept { return !towers_.node(cursor.leaf).is_dead(); }
  bool above_right(const Cursor& cursor) const noexcept {
    return cursor.above != 0 && !towers_.node(cursor.above).is_dead();
  }
  void note(Cursor&) const noexcept {}

  bool has_value(Offset entry, Bytes value) const noexcept;

  SharedTowers towers_;
  SharedArena arena_;
};

extern template class SharedList<WordKey>;
extern template class SharedList<FixedKey>;
extern template class SharedList<VariableKey>;

}  // namespace midden::inline MIDDEN_ABI::containers::skiplist
