#pragma once
// The list with many writers: nodes are copied, changed, and replaced by one store above.
//
//   edge     the target of a word in an index node, or `top`: what leads to a node
//   replace  to store another node in the edge; the old one is dead from then on
//
//    a word's entry goes or comes         the parent P keeps its place     a full node is cut
//
//        P ──▶ L         P ─┬ ─ L            P is locked for the              G ──▶ P          G ──▶ P'
//                           └─▶ L'           store, no longer                 P ──▶ L          P'──▶ L1, R
//
// Readers go down from the top, load each edge once (acquire) and find a node whose words, pieces and fences
// never change any more; only its edges do. They take no lock, write nothing, and begin nothing anew.
//
// A writer locks the leaf, which fails where it is dead: then it begins anew from the top. With the leaf locked
// nobody else can replace it, so it stays reachable: its parent is found by the way down, or by another search
// where that has been replaced meanwhile; it is locked in turn, and checked to lead to the leaf. An entry
// that takes the place of another of the same key is an edge of the leaf itself: one store under the leaf's lock.
//
// Why a look-up is atomic: take the nodes it goes through, each loaded from the edge of the one before. The top was
// current when it was loaded. Where a node was current at some moment of the look-up, so was what its edge
// showed: either the node was still alive when the edge was loaded, or the edge shows what it led to
// when the node was replaced, for a dead node's edges do not change, and that moment lies within the look-up,
// too. So the leaf was current at a moment between call and return, and so was its word.
//
// Why a write is: its one store replaces what is current by what differs from it in one key, under the lock of
// the node with the edge, which is alive; all that was current beside it stays.
//
// Versions: while a snapshot may be open (versions.hpp), what a store replaces lives on as the `prev` of what has come:
// an entry that is overwritten (chain.hpp), and else the topmost node that a write replaces, with all that died below
// it:
//
//    edge ──▶ copy, stamp = when          stamp > s: a snapshot at s goes on by prev
//               └─ prev ──▶ old, dead
//
// The new one is stored without a stamp, and locked: a copy itself, an entry by its leaf. Whoever comes to it first
// settles when that was; then its writer looks whether a snapshot lies between the two. None does: the new one takes
// over the old one's prev, the old one is retired. Else it is held until those snapshots are closed (held.hpp), and
// what left the list with it.
//
// tests/containers/skiplist/protocol.hpp has these rules as steps whose interleavings are all tried, and says why they
// are what they are; T1 to T6 there are those of the tree.
//
// Memory orders: the edge's store releases and its load acquires, so a reader has the node's contents, and
// those of the entries in it. A lock acquires from the unlock before, so a writer has the edges that others
// stored. What was replaced is retired: it is used again after a grace period, in which every thread that
// may have loaded the old edge has ended its operation.
//
// Invariants, besides those of Levels
//   1. A node that is alive is reached by exactly one edge of one living node, or is the top.
//   2. A node may be left with few words, a leaf with none: where its neighbour was locked, the stripe short of nodes,
//      or the node above has no other word. It joins when a key leaves it later, or a neighbour joins it.
//
// Threads: any. Lock order: a node, then the one above it, then the top; a neighbour is only tried.

#include <cstdint>
#include <string>

#include "containers/skiplist/levels.hpp"
#include "containers/skiplist/shared/stripe.hpp"
#include "containers/skiplist/shared/versions.hpp"
#include "containers/skiplist/spin.hpp"

namespace midden::inline MIDDEN_ABI::containers::skiplist {

class SharedTowers : public Levels {
 public:
  // `clock_limit`: of Versions.
  SharedTowers(const Layout& layout, unsigned segment_limit, std::uint32_t clock_limit) noexcept
      : Levels(layout, segment_limit), versions_(clock_limit) {}

  Versions& versions() noexcept { return versions_; }
  const Versions& versions() const noexcept { return versions_; }
  Live view() const noexcept { return Live(versions_); }

  // Acquires from store_top: whoever has the top has what it leads to.
  Top top() const noexcept {
    const Offset node = __atomic_load_n(&top_, __ATOMIC_ACQUIRE);
    return node == 0 ? Top{} : Top{view()(*this, node), this->node(node).level};
  }
  // The top as a snapshot sees it.
  Top top(Past past) const noexcept {
    const Offset node = past(*this, __atomic_load_n(&top_, __ATOMIC_ACQUIRE));
    return node == 0 ? Top{} : Top{node, this->node(node).level};
  }

  // Nodes that one write takes from its stripe, at most: where no leaf is cut, and where one is. Joining leaves
  // is put off where they would not suffice.
  static constexpr unsigned nodes_for_copy = 1;
  static constexpr unsigned nodes_for_cut = 2 * max_levels + 1;
  static constexpr unsigned nodes_for_join = 3;
  bool is_full(const Place& place) const noexcept { return node(place.leaf().node).count == Node::max_words; }

  // The place's leaf, to write: false where it is dead.
  bool lock_leaf(const Place& place) noexcept { return lock(at(place.leaf().node)); }
  void unlock_leaf(const Place& place) noexcept { at(place.leaf().node).unlock(); }

  // The writes. The place is one that locate has filled under `top`, its leaf is locked by the caller; each
  // of them ends that. The stripe's `birth` was read after.
  //
  // Lets go of the entry that was there. Where the stripe is not plain, `entry` is a chained one.
  void replace(const Place& place, Stripe& stripe, Offset entry) noexcept;
  template <class Key>
  void insert(Top top, const Key& key, Place& place, Stripe& stripe, Offset entry) noexcept;
  // The same.
  template <class Key>
  void erase(Top top, const Key& key, Place& place, Stripe& stripe) noexcept;

  // The first entry of an empty list; false where it is empty no more.
  bool plant(Stripe& stripe, Offset entry) noexcept;

 private:
  // What a write does on one level.
  struct Layer {
    Offset dead = 0;
    Offset neighbour = 0;  // dead, too: the two have become one, or share their words anew
    unsigned index = 0;    // of the one and the other in the dead node above
    unsigned neighbour_index = 0;
    Offset made[2] = {0, 0};
  };

  // A node that is to be replaced, and all that is needed for it.
  template <class Key>
  struct Change {
    const Key& key;  // between the node's fences
    Top top;         // under which `place` was filled
    Place& place;
    Stripe& stripe;
    Layer layers[max_levels + 1] = {};
    Offset copy = 0;           // what was stored
    unsigned height = 0;       // of what it replaced
    bool was_carried = false;  // that
    Offset added = 0;          // an entry
    Offset erased = 0;         // one that has left the map
    Offset orphan = 0;         // has left it before, and is a fence no more
  };

  // Where an edge is, locked: a word of a node, or the top.
  struct Edge {
    Offset node;  // 0: the top
    unsigned index;
  };

  bool lock(Node& node) noexcept;
  template <class Key>
  Edge lock_edge(Change<Key>& change, unsigned level, Offset child) noexcept;
  template <class Key>
  void replace_one(Change<Key>& change, unsigned level, Offset by) noexcept;
  template <class Key>
  void replace_by_two(Change<Key>& change, unsigned level) noexcept;
  template <class Key>
  void shrink(Change<Key>& change, unsigned level) noexcept;
  template <class Key>
  bool join(Change<Key>& change, unsigned level, const Edge& edge) noexcept;
  template <class Key>
  void store(Change<Key>& change, unsigned level, const Edge& edge, Offset by) noexcept;

  // versioning.cpp
  template <class Key>
  void begin_version(Change<Key>& change) noexcept;
  template <class Key>
  void finish(Change<Key>& change) noexcept;
  template <class Key>
  void finish_version(Change<Key>& change) noexcept;
  void inherit(const Layer& layer, const Node& gone) noexcept;
  void drop_node(Stripe& stripe, Offset node, bool gone, std::uint32_t death) noexcept;
  bool any_between(Stripe& stripe, std::uint32_t birth, std::uint32_t death) const noexcept;
  void finish_overwrite(Node& leaf, unsigned index, Stripe& stripe, Offset old) noexcept;
  void drop_entry(Stripe& stripe, Offset entry, bool is_fence, bool gone, std::uint32_t death) noexcept;

  Offset make_node(Stripe& stripe, unsigned level, Offset low, Offset high) noexcept;
  Offset copy_node(Stripe& stripe, unsigned level, const Node& of) noexcept;
  void store_top(Offset node) noexcept { __atomic_store_n(&top_, node, __ATOMIC_RELEASE); }

  Versions versions_;
  Offset top_ = 0;
  SpinLock top_lock_;
};

}  // namespace midden::inline MIDDEN_ABI::containers::skiplist
