#pragma once
// The list itself: leaves in the order of their keys, and towers of index nodes over them.
//
//   level    0: the leaves; each level above has a word for every node of the level below
//   first key of a node: that of its first entry, or of the first entry below it
//   fences   the first keys of a node and of the next node on its level: what lies between them
//            belongs to the node, and shares every byte that the fences share
//   tower    of a leaf: the levels on which its first key begins a node
//   cut      where a full node is divided in two
//
//    level 2   [ -          k          ]-------------------------------> 0
//                |          +------------------+
//    level 1   [ -     d        ]----------> [ k          q        ]---> 0
//                |     +---+                   |          +----+
//    level 0   [ a b c ]-> [ d e f g h ]-----> [ k l m ]-----> [ q r ]-> 0
//
// This is a skip list with many keys to a node (Abraham, Aspnes, Yuan, "Skip B-trees", 2005; the
// B-skip-list of arXiv 2507.21492). There a key draws its height when it comes, and nodes are as
// long as chance makes them; here a node is cut when it is full, and the draw decides where. So
// heights cannot be foretold either, but no node is long, and none is short but at the two ends:
// look-ups need no luck, and it measured better (README.md).
//
// A search goes down from the top with a count of how many leading bytes the key shares with both
// fences, which the pieces tell. As a rule a node's prefix is what its fences share, so that the
// key is known to have it; only where the prefix is longer (at the edges, or where one stranger
// sits among like keys) is it compared with the key in the node's middle.
//
// Invariants
//   1. Keys strictly ascend along level 0. The nodes under the words of a level, in order, are
//      all nodes of the level below, in the order of their links.
//   2. `low` of an index node is the entry of its first key; 0 on the left-most one of a level.
//   3. Pieces are right: where the key in the middle of a node (`sample`) has prefix P, each
//      word's piece is that of its key behind P, or piece_below, piece_above where the key lies
//      below or above all that begin with P. Hence pieces ascend.
//   4. No leaf is empty; an index node has two words at least. Nodes have full capacity, but for
//      a leaf that is the whole list.
//   5. A call that can throw has changed nothing when it does: Spare takes all nodes beforehand.
//
// Threads: one writer or many readers. The layout allows more, and this is how: a writer holds a
// node's `stamp` odd while it changes words; readers read it before and after, and start over
// where it moved. A divided node is linked to the right before its word appears above, so
// that whoever comes too early finds its key beyond `next`'s first key and goes right. Entries
// never move, so an offset read from a node that was right stays right until the entry's memory
// is used again, which waits for a grace period.
//
// It does not move words between leaves to fill them, so keys that come in ascending runs at
// several places leave the nodes there half full.

#include <cstddef>
#include <cstdint>
#include <string>

#include "containers/skiplist/arena.hpp"
#include "containers/skiplist/entry.hpp"
#include "containers/skiplist/node.hpp"
#include "containers/skiplist/node_pool.hpp"

namespace midden::inline MIDDEN_ABI::containers::skiplist {

class Towers {
 public:
  // 11 words to a node at least, but at the edges: 2^32 entries of 8 bytes make 10 levels.
  static constexpr unsigned max_levels = 16;
  // What one insertion takes from the arena for nodes, at most: a slab of each pool, and one more
  // where small slabs give out on the way up.
  static constexpr std::size_t max_cut_bytes = (2 * NodePool::largest_slab + max_levels) * NodePool::node_bytes;

  struct Step {
    Offset node;
    unsigned index;
  };

  // Where a key is or belongs, and the way there.
  struct Place {
    Step steps[max_levels];  // steps[0]: the leaf, and the first word not below the key
    std::uint32_t piece;     // of the key, in that leaf
    bool found;

    Step leaf() const noexcept { return steps[0]; }
  };

  class Spare;

  Towers(const Layout& layout, std::uint64_t seed, unsigned segment_limit) noexcept
      : arena_(segment_limit), random_(seed), layout_(layout) {}

  bool empty() const noexcept { return root_ == 0; }
  const Layout& layout() const noexcept { return layout_; }
  Arena& arena() noexcept { return arena_; }
  const Arena& arena() const noexcept { return arena_; }
  std::byte* entry(Offset at) const noexcept { return arena_.at(at); }
  const Node& node(Offset at) const noexcept { return *reinterpret_cast<const Node*>(arena_.at(at)); }

  // The entry of that key, or 0.
  template <class Key>
  Offset find(const Key& key) const noexcept;

  // The same for up to max_group keys at once, in any order.
  static constexpr unsigned max_group = 16;
  template <class Key>
  void find_many(const Key* keys, unsigned count, Offset* found) const noexcept;

  // The list is not empty.
  template <class Key>
  void locate(const Key& key, Place& place) const noexcept;

  // The same for a key in the leaf of `place`, which locate has filled since nodes came or went;
  // false where the key is elsewhere.
  template <class Key>
  bool locate_near(const Key& key, Place& place) const noexcept;

  // Keys that cut the list into pieces of about even size, ascending: the entries that hold them,
  // `count` at most. Returns how many.
  std::size_t separators(Offset* entries, std::size_t count) const;

  Offset first_leaf() const noexcept { return first_; }
  Offset root() const noexcept { return root_; }  // the one node of the top level
  unsigned top_level() const noexcept { return height_; }
  Step last_word() const noexcept;

  // Lets a place be the last word of the leaf before; false where there is none.
  bool to_previous_leaf(Place& place) const noexcept;

  // The writes. A place is one that locate filled since the last write; it is spent after.
  void insert(const Place& place, Spare& spare, Offset entry) noexcept;
  void replace(const Place& place, Offset entry) noexcept;
  void erase(const Place& place) noexcept;
  void reset() noexcept;

  // Walks everything. Says what breaks an invariant, a line each; nothing when all hold. The list
  // has so many entries; others wait outside of it, linked by their version words from `waiting`.
  std::string check(std::size_t entries, Offset waiting) const;

 private:
  friend class Check;

  // Of a node's six: few searches read further.
  static constexpr unsigned fetched_lines = 4;
  static constexpr unsigned line_units = 64 / Arena::unit_bytes;
  static constexpr std::size_t no_prefix = ~std::size_t{0};

  // How many leading bytes the key searched for shares with the fences of the present node.
  struct Known {
    std::size_t low = 0;
    std::size_t high = 0;
    std::size_t both() const noexcept { return low < high ? low : high; }
  };

  // A piece of the key searched for; `inside` where the key has the node's prefix.
  struct Probe {
    std::uint32_t piece;
    bool inside;
  };

  template <class Key>
  Probe probe(const Key& key, const Node& node, unsigned level, std::size_t known) const noexcept;
  template <class Key>
  unsigned child_for(const Key& key, const Node& node, unsigned level, Known& known) const noexcept;
  template <class Key>
  Offset match(const Key& key, const Node& leaf, unsigned i, std::uint32_t piece, std::size_t known) const noexcept;
  template <class Key>
  void locate_in(const Key& key, Offset leaf, std::size_t known, Place& place) const noexcept;
  template <class Key>
  Offset leaf_for(const Key& key, Known& known, Place* place) const noexcept;

  // The first word with a key: index nodes have none for word 0.
  static unsigned first_word(unsigned level) noexcept { return level == 0 ? 0 : 1; }
  // The word whose key has the prefix.
  static unsigned sample(const Node& n, unsigned level) noexcept {
    return first_word(level) + (n.count - first_word(level)) / 2u;
  }

  [[gnu::always_inline]] void prefetch_node(Offset at) const noexcept {
    for (unsigned line = 0; line < fetched_lines; ++line) arena_.prefetch(at + line * line_units);
  }
  Node& at(Offset offset) noexcept { return *reinterpret_cast<Node*>(arena_.at(offset)); }
  Bytes key(Offset entry) const noexcept { return layout_.key(arena_.at(entry)); }
  Offset first_entry(Offset node, unsigned level) const noexcept;
  Offset entry_of(const Node& n, unsigned level, unsigned i) const noexcept;
  bool leftmost(Offset node, unsigned level) const noexcept;

  // prefix.cpp: the pieces of a node
  std::uint32_t piece_in(const Node& n, unsigned level, Offset entry) const noexcept;
  std::size_t shared_by_fences(Offset node, unsigned level) const noexcept;
  void choose_prefix(Offset node, unsigned level) noexcept;
  bool sample_has_prefix(const Node& n, unsigned level) const noexcept;
  void fill(Offset node, unsigned level, const Word* words, unsigned count, std::size_t prefix) noexcept;
  void inserted(Offset node, unsigned level, unsigned i) noexcept;
  void rekey(Offset node, unsigned level, unsigned i, Offset entry) noexcept;

  // towers.cpp
  NodePool& pool(unsigned level) noexcept { return level == 0 ? leaves_ : index_nodes_; }
  Offset make_node(Memory& memory, unsigned level, unsigned capacity);
  void free_node(Offset node, unsigned level) noexcept;
  void grow_only_leaf(const Place& place, Offset grown, Offset entry) noexcept;
  Word divide(const Step& step, unsigned level, Word added, Offset right) noexcept;
  void first_key_changed(const Place& place, unsigned level, Offset entry) noexcept;
  void combine(const Place& place, unsigned level) noexcept;
  std::uint32_t draw(std::uint32_t below) noexcept;

  Arena arena_;
  std::uint64_t random_;
  Layout layout_;
  Offset root_ = 0;   // a node of level `height_`; 0 in an empty list
  Offset first_ = 0;  // the first leaf
  NodePool leaves_;
  NodePool index_nodes_;
  unsigned height_ = 0;
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
