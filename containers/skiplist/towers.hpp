#pragma once
// The list with one writer: how nodes are filled, cut, joined and given back, in place.
//
//   tower    of a leaf: the levels on which its `low` begins a node
//   cut      where a full node is divided in two
//   orphan   an entry that has left the map and is still a fence
//
// This is a skip list with many keys to a node (Abraham, Aspnes, Yuan, "Skip B-trees", 2005; the
// B-skip-list of arXiv 2507.21492). There a key draws its height when it comes, and nodes are as
// long as chance makes them; here a node is cut when it is full, and the draw decides where. So
// heights cannot be foretold either, but no node is long, and none is short but at the two ends:
// look-ups need no luck, and it measured better (README.md).
//
// Invariants, besides those of Levels
//   1. No leaf is empty; an index node has two words at least. Nodes have full capacity, but for
//      a leaf that is the whole list.
//   2. An entry is given back when it is no word and no fence: one that leaves the map is an orphan until
//      the fence goes, which is when the leaves on its two sides join or share their words anew.
//   3. A call that can throw has changed nothing when it does: Spare takes all nodes beforehand.
//
// Threads: one writer or many readers.
//
// It does not move words between leaves to fill them, so keys that come in ascending runs at
// several places leave the nodes there half full.

#include <cstddef>
#include <cstdint>
#include <string>

#include "containers/skiplist/draws.hpp"
#include "containers/skiplist/levels.hpp"
#include "containers/skiplist/node_pool.hpp"

namespace midden::inline MIDDEN_ABI::containers::skiplist {

class Towers : public Levels {
 public:
  // What one insertion takes from the arena for nodes, at most: a slab of each pool, and one more
  // where small slabs give out on the way up.
  static constexpr std::size_t max_cut_bytes = (2 * NodePool::largest_slab + max_levels) * NodePool::node_bytes;

  class Spare;

  // Entries that are no longer part of the list.
  struct Released {
    Offset left = 0;      // has left the map, and is no fence
    Offset orphan = 0;    // had left it before, and is a fence no more
    bool joined = false;  // leaves were joined, or have shared their words anew
  };

  Towers(const Layout& layout, std::uint64_t seed, unsigned segment_limit) noexcept
      : Levels(layout, segment_limit), draws_(seed) {}

  bool empty() const noexcept { return top_.node == 0; }
  Top top() const noexcept { return top_; }

  template <class Key>
  Offset find(const Key& key) const noexcept {
    return Levels::find(top_, key);
  }
  template <class Key>
  void locate(const Key& key, Place& place) const noexcept {
    Levels::locate(top_, key, place);
  }
  void to_begin(Place& place) const noexcept { Levels::to_begin(top_, place); }
  void to_end(Place& place) const noexcept { Levels::to_end(top_, place); }
  bool to_previous_leaf(Place& place) const noexcept { return Levels::to_previous_leaf(top_, place); }
  std::size_t separators(Offset* entries, std::size_t count) const { return Levels::separators(top_, entries, count); }

  // Whether one more word in the leaf takes no other node.
  bool has_room(Offset leaf) const noexcept { return node(leaf).count < node(leaf).capacity; }
  // Whether an entry that leaves this leaf would be an orphan.
  bool is_fence(Offset leaf, Offset entry) const noexcept { return node(leaf).low == entry; }

  // The writes. A place is one that locate filled since the last write; it is spent after.
  void insert(const Place& place, Spare& spare, Offset entry) noexcept;
  void replace(const Place& place, Offset entry) noexcept;
  Released erase(const Place& place) noexcept;
  void reset() noexcept;

  // Some of a trim (trim.hpp), where one is due, or has begun.
  void trim(Pages& pages) noexcept;
  bool is_trimming() const noexcept { return arena_.is_trimming(); }

  // Walks everything. Says what breaks an invariant, a line each; nothing when all hold. The list
  // has so many entries; others wait outside of it, linked by their version words from `waiting`.
  std::string check(std::size_t entries, Offset waiting) const;

 private:
  NodePool& pool(unsigned level) noexcept { return level == 0 ? leaves_ : index_nodes_; }
  Offset make_node(Memory& memory, unsigned level, unsigned capacity);
  void free_node(Offset node, unsigned level) noexcept;
  void grow_only_leaf(const Place& place, Offset grown, Offset entry) noexcept;
  Word divide(const Step& step, unsigned level, Word added, Offset right) noexcept;
  Offset combine(const Place& place, unsigned level) noexcept;

  Top top_;
  NodePool leaves_;
  NodePool index_nodes_;
  Draws draws_;
};

// The nodes that one insertion will need, from the leaf's level up, taken while it can still fail.
class Towers::Spare {
 public:
  Spare(Towers& towers, Memory& memory, const Place& place);
  ~Spare();
  Spare(const Spare&) = delete;
  Spare& operator=(const Spare&) = delete;

  bool any() const noexcept { return taken_ < count_; }
  // That of the lowest level not taken yet.
  Offset take() noexcept { return nodes_[taken_++]; }

 private:
  explicit Spare(Towers& towers) noexcept : towers_(towers) {}

  Towers& towers_;
  Offset nodes_[max_levels];
  unsigned count_ = 0;
  unsigned taken_ = 0;
};

}  // namespace midden::inline MIDDEN_ABI::containers::skiplist
