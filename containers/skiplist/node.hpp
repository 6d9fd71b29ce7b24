#pragma once
// A node: a short sorted run of keys on one level of the list.
//
//   leaf     a node of level 0; its words lead to entries
//   index    a node of a level above; its words lead to nodes of the level below
//   word     a piece of a key and an offset
//   prefix   how many leading bytes the pieces leave out
//   piece    the four bytes of the key that follow the prefix, big-endian, zeros past its end
//
//   fences   the keys between which all keys of a node lie: from `low` on, below `high`
//
//    | low | high | lock | stamp | prev | prefix, count, capacity | carried, level | piece, target | ...
//       4      4      4      4       4        2      1       1          6       1        4    4
//
// Where there are many writers, nodes are replaced by others (shared/towers.hpp), and are versions then:
//
//   dead     replaced by another node
//   stamp    since when it has been there, in snapshots; `pending` while nobody has said so
//   prev     the node that it replaced, where a snapshot may need that
//   carried  a bit for each word: a dead node leads there, too
//
// The prefix is that of most of a node's keys: of the key in its middle, to be precise. A key
// below all that share it has the piece 0 and one above them 0xFFFFFFFF, so that one stranger
// cannot take the prefix from the others. Pieces therefore ascend, and only where two are equal
// must the keys themselves be looked at.
//
// An index word stands for the `low` of the node below it. The first word of an index node is found
// by no search within it (whoever gets there is known to be above): its piece is unused. A fence is
// an entry, which stays where it is also when it has left the map; 0 at either end of a level.
//
// A word of eight bytes was faster than pieces and offsets apart: the offset comes with the same
// cache line. Plain search from the front, one word after the other, beat binary search and
// vector instructions: the processor runs ahead along the guessed exit. README.md has figures.
//

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "containers/skiplist/arena.hpp"

namespace midden::inline MIDDEN_ABI::containers::skiplist {

struct Word {
  std::uint32_t piece;
  Offset target;
};

// The pieces of keys that lie outside a node's prefix.
inline constexpr std::uint32_t piece_below = 0;
inline constexpr std::uint32_t piece_above = 0xFFFFFFFF;

struct Node {
  static constexpr unsigned max_words = 44;  // six cache lines
  static constexpr std::size_t max_prefix = 0xFFFF;

  static constexpr std::size_t bytes(unsigned capacity) noexcept { return sizeof(Node) + sizeof(Word) * capacity; }

  Word* words() noexcept { return reinterpret_cast<Word*>(this + 1); }
  const Word* words() const noexcept { return reinterpret_cast<const Word*>(this + 1); }
  Word& word(unsigned i) noexcept { return words()[i]; }
  const Word& word(unsigned i) const noexcept { return words()[i]; }

  // --- with many writers: who changes a node, or the targets of its words, holds its lock ------

  // `lock`: these, or that the node is dead, which it stays: it cannot be reached any more, and will be used again
  // after a grace period.
  static constexpr std::uint32_t free = 0;
  static constexpr std::uint32_t held = 1;
  static constexpr std::uint32_t dead = 2;  // or an offset: of the next dead node in its list

  // Whether it was free. Acquires from unlock(): what the holder before did comes first.
  bool try_lock() noexcept {
    std::uint32_t expected = free;
    return __atomic_compare_exchange_n(&lock, &expected, held, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
  }
  // Releases to try_lock().
  void unlock() noexcept { __atomic_store_n(&lock, free, __ATOMIC_RELEASE); }
  // The holder, after the node was replaced above. Releases to is_dead().
  void die(std::uint32_t next_dead) noexcept { __atomic_store_n(&lock, next_dead, __ATOMIC_RELEASE); }
  // Acquires from die(): who sees it sees what replaced the node, too.
  bool is_dead() const noexcept { return __atomic_load_n(&lock, __ATOMIC_ACQUIRE) >= dead; }

  // `stamp` before it is known.
  static constexpr std::uint32_t pending = 0xFFFFFFFF;
  // `prev` of the first leaf of an empty list.
  static constexpr Offset nowhere = 0xFFFFFFFF;

  // Acquires from settle(): the clock is at least that.
  std::uint32_t stamp_seen() const noexcept { return __atomic_load_n(&stamp, __ATOMIC_ACQUIRE); }
  // What the stamp is from now on: `clock`, or what another has said before. Releases to stamp_seen().
  std::uint32_t settle(std::uint32_t clock) noexcept {
    std::uint32_t seen = pending;
    const bool first = __atomic_compare_exchange_n(&stamp, &seen, clock, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
    return first ? clock : seen;
  }
  // The holder may set it anew, while others follow it. Releases to the load: what is there can be read.
  Offset prev_seen() const noexcept { return __atomic_load_n(&prev, __ATOMIC_ACQUIRE); }
  void set_prev(Offset older) noexcept { __atomic_store_n(&prev, older, __ATOMIC_RELEASE); }

  // What a word leads to; others may replace it meanwhile (replace). Acquires from there: whoever has the
  // target has what was written before it could be reached.
  Offset target(unsigned i) const noexcept { return __atomic_load_n(&word(i).target, __ATOMIC_ACQUIRE); }
  // Releases to target().
  void replace(unsigned i, Offset target) noexcept { __atomic_store_n(&word(i).target, target, __ATOMIC_RELEASE); }

  // Under the lock, or before anybody sees the node. A bit for each word, 0 the first.
  std::uint64_t carried() const noexcept { return carried_low | std::uint64_t{carried_high} << 32; }
  void set_carried(std::uint64_t bits) noexcept {
    carried_low = static_cast<std::uint32_t>(bits);
    carried_high = static_cast<std::uint16_t>(bits >> 32);
  }
  bool carries(unsigned i) const noexcept { return (carried() >> i & 1) != 0; }
  // Whether it was set.
  bool end_carried(unsigned i) noexcept {
    const bool was = carries(i);
    if (was) set_carried(carried() & ~(std::uint64_t{1} << i));
    return was;
  }

  // The first word from `from` on whose piece is not below `piece`, or `count`.
  unsigned rank(unsigned from, std::uint32_t piece) const noexcept {
    unsigned i = from;
    while (i < count && word(i).piece < piece) ++i;
    return i;
  }

  // The end of the words from `i` on that have this piece.
  unsigned end_of(unsigned i, std::uint32_t piece) const noexcept {
    while (i < count && word(i).piece == piece) ++i;
    return i;
  }

  void insert(unsigned i, Word added) noexcept {
    std::memmove(words() + i + 1, words() + i, (count - i) * sizeof(Word));
    word(i) = added;
    ++count;
  }

  void erase(unsigned i) noexcept {
    --count;
    std::memmove(words() + i, words() + i + 1, (count - i) * sizeof(Word));
  }

  Offset low;
  Offset high;
  std::uint32_t lock;
  std::uint32_t stamp;
  Offset prev;
  std::uint16_t prefix;
  std::uint8_t count;     // words in use
  std::uint8_t capacity;  // below max_words only while one leaf is the whole list
  std::uint32_t carried_low;
  std::uint16_t carried_high;
  std::uint8_t level;  // with many writers
};
static_assert(sizeof(Node) == 32 && Node::bytes(Node::max_words) == 6 * 64 && Node::max_words <= 48);

}  // namespace midden::inline MIDDEN_ABI::containers::skiplist
