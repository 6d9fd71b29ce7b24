#pragma once
// Levels: the nodes of a list over one arena, and how a key finds its way down through them.
//
//   level    0: the leaves; each level above has a word for every node of the level below
//   fences   what bounds the keys of a node (node.hpp): those of its words, and of any yet to come
//   top      the one node of the highest level
//
//    level 2   [ -          k          ]
//                |          +------------------+
//    level 1   [ -     d        ]            [ k          q        ]
//                |     +---+                   |          +----+
//    level 0   [ a b c ]   [ d e f g h ]     [ k l m ]         [ q r ]
//
// A search goes down from the top with a count of how many leading bytes the key shares with both
// fences, which the pieces tell. As a rule a node's prefix is what its fences share, so that the
// key is known to have it; only where the prefix is longer (at the edges, or where one stranger
// sits among like keys) is it compared with the key in the node's middle.
//
// Nodes of a level have no links to each other: a node is reached from above only, so that one
// store there replaces it. Who walks goes on by the words of the node above a leaf, and from its last
// one by a search for the `high` of the leaf.
//
// Invariants
//   1. Keys strictly ascend along level 0, and lie between the fences of their leaf.
//   2. The fences of the nodes below the words of a node follow each other: the `high` of one is the
//      `low` of the next, the first `low` and the last `high` are the node's own. 0: unbounded.
//   3. Pieces are right: where the key in the middle of a node (`sample`) has prefix P, each
//      word's piece is that of its key behind P, or piece_below, piece_above where the key lies
//      below or above all that begin with P. Hence pieces ascend.
//
// Threads: reading is any thread's, also while SharedTowers writes: all of a node but its lock and
// its targets stays as it is from the moment it can be reached. Towers writes in place, alone.

#include <cstddef>
#include <cstdint>

#include "containers/skiplist/arena.hpp"
#include "containers/skiplist/draws.hpp"
#include "containers/skiplist/entry.hpp"
#include "containers/skiplist/node.hpp"
#include "containers/skiplist/view.hpp"

namespace midden::inline MIDDEN_ABI::containers::skiplist {

class Levels {
 public:
  // 11 words to a node at least, but at the edges: 2^32 entries of 8 bytes make 10 levels.
  static constexpr unsigned max_levels = 16;

  // Node 0 is the top of an empty list.
  struct Top {
    Offset node = 0;
    unsigned level = 0;
  };

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

  Levels(const Layout& layout, unsigned segment_limit) noexcept : arena_(segment_limit), layout_(layout) {}

  const Layout& layout() const noexcept { return layout_; }
  Arena& arena() noexcept { return arena_; }
  const Arena& arena() const noexcept { return arena_; }
  std::byte* entry(Offset at) const noexcept { return arena_.at(at); }
  const Node& node(Offset at) const noexcept { return *reinterpret_cast<const Node*>(arena_.at(at)); }
  Bytes key(Offset entry) const noexcept { return layout_.key(arena_.at(entry)); }

  // What takes a View reads the versions that it shows; `top` is one of them.

  // The entry of that key, or 0.
  template <class Key, class View = AsItIs>
  Offset find(Top top, const Key& key, View view = {}) const noexcept;

  // The same for up to max_group keys at once, in any order; null where a key is absent.
  static constexpr unsigned max_group = 16;
  template <class Key, class View = AsItIs>
  void find_many(Top top, const Key* keys, unsigned count, const std::byte** entries, View view = {}) const noexcept;

  // The list is not empty.
  template <class Key, class View = AsItIs>
  void locate(Top top, const Key& key, Place& place, View view = {}) const noexcept;

  // The same, of the leaf alone, for a key that belongs into the leaf of that word; false where that is not sure.
  template <class Key>
  bool locate_beside(const Key& key, Step beside, Place& place) const noexcept;

  // The way to the first word of the list, or past its last one.
  template <class View = AsItIs>
  void to_begin(Top top, Place& place, View view = {}) const noexcept;
  template <class View = AsItIs>
  void to_end(Top top, Place& place, View view = {}) const noexcept;

  // What the word behind word `index` of an index node leads to, or 0 where that is the last word, or there is
  // no such node (0).
  Offset next_below(Offset above, unsigned index) const noexcept {
    return above != 0 && index + 1u < node(above).count ? node(above).target(index + 1) : 0;
  }

  // Lets a place be the last word of the leaf before, passing by empty ones; false where there is none.
  template <class View = AsItIs>
  bool to_previous_leaf(Top top, Place& place, View view = {}) const noexcept;

  // Keys that cut the list into pieces of about even size, ascending: the entries that hold them,
  // `count` at most. Returns how many.
  template <class View = AsItIs>
  std::size_t separators(Top top, Offset* entries, std::size_t count, View view = {}) const;

  [[gnu::always_inline]] void prefetch_node(Offset at) const noexcept {
    for (unsigned line = 0; line < fetched_lines; ++line) arena_.prefetch(at + line * line_units);
  }

 protected:
  friend class Check;

  // Of a node's six: few searches read further.
  static constexpr unsigned fetched_lines = 4;
  static constexpr unsigned line_units = 64 / Arena::unit_bytes;
  // A node with fewer words takes some from its neighbour, or joins it.
  static constexpr unsigned few_words = Node::max_words / 4;
  // Two neighbours become one that can still take some words.
  static constexpr unsigned joined_words = Node::max_words * 3 / 4;
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
  template <class Key, class View>
  Offset leaf_for(Top top, const Key& key, Known& known, Place* place, View view) const noexcept;
  template <class Key, class View>
  void leaves_for(Top top, const Key* keys, unsigned count, Known* known, Offset* nodes, View view) const noexcept;

  // The first word with a key: index nodes have none for word 0.
  static unsigned first_word(unsigned level) noexcept { return level == 0 ? 0 : 1; }
  // The word whose key has the prefix.
  static unsigned sample(const Node& n, unsigned level) noexcept {
    return first_word(level) + (n.count - first_word(level)) / 2u;
  }

  Node& at(Offset offset) noexcept { return *reinterpret_cast<Node*>(arena_.at(offset)); }
  // The entry with the key that a word stands for; not of an index node's first one.
  Offset entry_of(const Node& n, unsigned level, unsigned i) const noexcept {
    const Offset target = n.target(i);
    return level == 0 ? target : node(target).low;
  }

  // prefix.cpp: the pieces of a node that nobody else writes or, where SharedTowers does, reads
  std::uint32_t piece_in(const Node& n, unsigned level, Offset entry) const noexcept;
  std::size_t shared_by_fences(const Node& n) const noexcept;
  void choose_prefix(Node& n, unsigned level) noexcept;
  bool sample_has_prefix(const Node& n, unsigned level) const noexcept;
  void fill(Node& n, unsigned level, const Word* words, unsigned count, std::size_t prefix) noexcept;
  void inserted(Node& n, unsigned level, unsigned i) noexcept;
  void rekey(Node& n, unsigned level, unsigned i, Offset entry) noexcept;

  // A full node's words and one more, `i`.
  struct Overfull {
    static constexpr unsigned total = Node::max_words + 1;
    Word words[total];
    unsigned cut;  // those before it stay on the left
  };
  Overfull overfill(const Node& n, unsigned level, unsigned i, Word added, Draws& draws) const noexcept;
  // The words of two neighbours that are to become one, or to share them anew.
  struct Pair {
    Word words[2 * Node::max_words];
    unsigned total;
    std::size_t prefix;  // behind which all pieces are, or no_prefix
    Offset orphan;       // an entry that would be no fence any more, and has left the map; or 0
  };
  Pair pair(const Node& left, const Node& right, unsigned level) const noexcept;
  // Gives two nodes the words, cut there, and the fences from `low` to `high`.
  void fill_two(Node& left, Node& right, unsigned level, const Word* words, unsigned count, unsigned cut, Offset low,
                Offset high, std::size_t prefix) noexcept;

  Arena arena_;
  Layout layout_;
};

}  // namespace midden::inline MIDDEN_ABI::containers::skiplist
