#pragma once
// What a writer puts in place of its leaf: a copy, or a changed tree.
//
//   as_is       cut                    cut at the top         join                   lower
//   P ──▶ L     top ──▶ P ──▶ L        top ──▶ L              top ──▶ P ──▶ L, N     top ──▶ P ──▶ L, N
//   P ──▶ L'    top ──▶ P'──▶ A, B     top ──▶ P'──▶ A, B     top ──▶ P'──▶ A        top ──▶ A
//
// With two keys a leaf can be cut once. Cut again, it is replaced together with its parent: the other half, which
// has no keys, is left out, and the parent's other word is carried over. In cut_above the parent is cut, too, in the
// same way, and it is the node above it that is copied.

#include "tests/containers/skiplist/protocol_find.hpp"

namespace protocol {

constexpr unsigned height(Shape shape) {
  return shape == Shape::as_is || shape == Shape::empty ? 0 : shape == Shape::cut_above ? 2 : 1;
}
constexpr unsigned most_nodes(Op op) {
  if (op.act == Act::overwrite) return 0;
  return op.shape == Shape::cut ? 3 : 1 + height(op.shape);
}

// Whether a new node is born locked.
inline bool holds_new(const Rules& rules, Small level, bool below) {
  if (level > 0) return rules.holds_copy_above;
  return below ? rules.holds_new_leaves : rules.holds_copy;
}

class Shaping {
 public:
  // `fresh`: of nodes that are free.
  Shaping(Memory& m, unsigned w, Op op, Small fresh) : m_(m), self_(m.thread(w)), w_(w), op_(op), fresh_(fresh) {}

  // The nodes that are to be copied, and that with the edge above, are not locked by others.
  void publish() {
    if (self_.path[0] == 0) return plant();
    Leaf leaf = m_.leaf(self_.path[0]);
    leaf.word[op_.key] = self_.entry;
    self_.copy = fresh_;
    if (op_.shape == Shape::empty && (self_.plain != 0 || !m_.rules().keeps_empty_leaf)) return empty();
    const bool alone = self_.path[1] == 0 || m_.leaf(self_.path[1]).word[0] == m_.leaf(self_.path[1]).word[1];
    if (op_.shape == Shape::cut || op_.shape == Shape::cut_above) {
      cut(leaf, alone);
    } else if (op_.shape != Shape::as_is && !alone && take_neighbour()) {
      join(leaf);
    } else {
      make_copy(leaf, self_.path[0]);
      store(self_.path[0], self_.path[1]);
    }
  }

 private:
  Small other() const { return small(1U - op_.key); }

  // The node that gets a stamp, in place of `old`.
  void make_copy(Leaf node, Small old) {
    begin(node, false);
    node.stamp = self_.plain == 0 && m_.rules().stamps_after_linking ? pending : self_.clock;
    node.prev = self_.plain == 0 ? old : Small{0};
    m_.make_leaf(self_.copy, node);
  }
  // One that is found below that node only.
  Small make_below(Leaf node) {
    const Small id = small(fresh_ + ++self_.made);
    begin(node, true);
    node.stamp = self_.plain != 0 || m_.rules().dates_new_nodes ? self_.clock : pending;
    node.prev = 0;
    m_.make_leaf(id, node);
    return id;
  }
  void begin(Leaf& node, bool below) {
    node.dead = 0;
    node.locked = self_.plain == 0 && holds_new(m_.rules(), node.level, below) ? small(w_ + 1) : Small{0};
    if (node.level == 0)
      node.carried = self_.plain == 0 && m_.rules().marks_carried_entries ? taken_over(node) : Small{0};
  }
  // All entries that are not the operation's own.
  Small taken_over(const Leaf& leaf) const { return leaf.word[other()] != 0 ? small(1U << other()) : Small{0}; }
  // The first leaf of an empty list.
  void plant() {
    Leaf leaf = {};
    leaf.word[op_.key] = self_.entry;
    self_.copy = fresh_;
    make_copy(leaf, nowhere);
    m_.edge(0) = self_.copy;
  }

  // The copy, in the edge that leads to `old`: in `above`, or the top.
  void store(Small old, Small above) {
    if (above == 0) {
      m_.edge(op_.key) = self_.copy;
      return;
    }
    Leaf& node = m_.leaf(above);
    for (unsigned k = 0; k < max_keys; ++k) {
      if (node.word[k] != old) continue;
      node.word[k] = self_.copy;
      self_.carried |= node.carried >> k & 1;
      node.carried = small(node.carried & ~(1U << k));
    }
  }

  void cut(Leaf leaf, bool alone) {
    self_.height = op_.shape == Shape::cut ? 1 : 2;
    Leaf half = leaf;
    if (alone) half.word[op_.key] = leaf.word[other()] = 0;
    Small below = make_below(leaf);
    const Small beside = alone ? make_below(half) : Small{0};
    for (Small level = 1;; ++level) {
      const Small old = self_.path[level];
      Leaf above = {};
      if (old != 0) above = m_.leaf(old);
      above.level = level;
      above.carried = 0;
      if (level == 1 && alone) {
        above.word[other()] = beside;
      } else if (above.word[0] == above.word[1]) {
        above.word[other()] = below;
      } else if (self_.plain == 0) {
        above.carried = small(1U << other());
      }
      above.word[op_.key] = below;
      if (level == self_.height) {
        make_copy(above, old != 0 ? old : self_.path[level - 1]);
        return store(old, self_.path[level + 1]);
      }
      below = make_below(above);
    }
  }

  void empty() {
    self_.copy = 0;
    m_.edge(0) = 0;
  }

  // Where another one has it, the leaf stays alone.
  bool take_neighbour() {
    const Small id = m_.leaf(self_.path[1]).word[other()];
    Leaf& neighbour = m_.leaf(id);
    if (m_.rules().locks_neighbour) {
      if (neighbour.locked != 0) return false;
      neighbour.locked = small(w_ + 1);
    }
    self_.neighbour = id;
    return true;
  }
  void join(Leaf leaf) {
    leaf.word[other()] = m_.leaf(self_.neighbour).word[other()];
    self_.height = 1;
    const Small old = self_.path[1];
    if (op_.shape == Shape::lower) {
      make_copy(leaf, old);
    } else {
      Leaf above = m_.leaf(old);
      above.carried = 0;
      above.word[0] = above.word[1] = make_below(leaf);
      make_copy(above, old);
    }
    store(old, self_.path[2]);
  }

  Memory& m_;
  Thread& self_;
  const unsigned w_;
  const Op op_;
  const Small fresh_;
};

// What has been replaced, at `death`: retired at once or held, each as older versions may lead to it.
class Retiring {
 public:
  Retiring(Memory& m, unsigned w, Small key) : m_(m), self_(m.thread(w)), w_(w), key_(key), death_(self_.clock) {}

  // Plain: nobody but readers that are inside.
  void at_once() {
    m_.retire_entry(self_.old_entry);
    for (unsigned level = 0; level <= self_.height; ++level) {
      if (self_.path[level] != 0) m_.retire_leaf(self_.path[level]);
    }
    if (self_.neighbour != 0) m_.retire_leaf(self_.neighbour);
  }

  // `pruned`: the copy does not lead to it any more.
  void versioned(bool pruned) {
    const Rules& rules = m_.rules();
    if (self_.looked != 0 || !rules.holds_for_snapshots) return at_once();
    unsigned level = self_.path[self_.height] != 0 ? self_.height : self_.height - 1U;
    retire(self_.path[level], pruned && (self_.carried == 0 || !rules.holds_carried));
    bool gone = pruned;
    for (; level > 0; --level) {
      const Leaf& above = m_.leaf(self_.path[level]);
      if (gone || !rules.marks_carried) inherit(level, all_words, above.carried);
      if (level == 1 && self_.neighbour != 0)
        neighbour(gone && !carries(above, other()), gone && !carries(above, key_));
      const bool below_gone = gone && !carries(above, key_);
      below(self_.path[level - 1], below_gone);
      if (rules.holds_below_carried) gone = below_gone;
    }
    const Leaf& leaf = m_.leaf(self_.path[0]);
    if (gone) inherit(0, self_.neighbour == 0 ? all_words : bit(key_), leaf.carried);
    entry(gone && ((leaf.carried & bit(key_)) == 0 || !rules.holds_carried_erased));
  }

  // `pruned`: the new entry does not lead to the old one any more.
  void overwritten(bool pruned) {
    const Rules& rules = m_.rules();
    const bool gone = pruned && (self_.carried == 0 || !rules.holds_carried_entries);
    entry(gone || self_.looked != 0 || !rules.holds_for_snapshots);
  }

 private:
  static constexpr Small all_words = small((1U << max_keys) - 1);
  static Small bit(unsigned key) { return small(1U << key); }
  unsigned other() const { return 1U - key_; }

  bool carries(const Leaf& above, unsigned key) const {
    return (above.carried & bit(key)) != 0 && m_.rules().holds_carried_below;
  }
  // The new nodes of a level, in place of one that nobody can get to any more.
  void inherit(unsigned level, Small words, Small carried) {
    if (self_.copy == 0) return;
    for (unsigned i = 0; i <= self_.made; ++i) {
      Leaf& node = m_.leaf(small(self_.copy + i));
      if (node.level != level || (node.carried & words) == 0) continue;
      if (level == 0 && node.locked != 0 && node.locked != w_ + 1 && !m_.rules().atomic_bits) {
        m_.fail("two writers change a leaf at once");
      }
      node.carried = small(node.carried & (carried | ~unsigned{words}));
    }
  }
  void neighbour(bool gone, bool leaf_gone) {
    below(self_.neighbour, gone);
    if (m_.rules().inherits_from_neighbour) {
      if (gone) inherit(0, bit(other()), m_.leaf(self_.neighbour).carried);
    } else if (leaf_gone) {
      inherit(0, bit(other()), m_.leaf(self_.path[0]).carried);
    }
  }
  void below(Small id, bool gone) { retire(id, m_.rules().holds_below ? gone : m_.leaf(id).stamp == death_); }
  void retire(Small id, bool at_once) {
    if (at_once) {
      m_.retire_leaf(id);
    } else {
      m_.hold_leaf(id, death_);
    }
  }
  // One that is not chained goes by its own time as well.
  void entry(bool gone) {
    if (self_.old_entry == 0) return;
    const Entry& old = m_.entry(self_.old_entry);
    const bool leads_to_older = old.chained != 0 && m_.rules().holds_whole_chains_of_entries;
    if (gone || (!leads_to_older && old.stamp == death_)) {
      m_.retire_entry(self_.old_entry);
    } else {
      m_.hold_entry(self_.old_entry, death_);
    }
  }

  Memory& m_;
  Thread& self_;
  const unsigned w_;
  const Small key_;
  const Small death_;
};

}  // namespace protocol
