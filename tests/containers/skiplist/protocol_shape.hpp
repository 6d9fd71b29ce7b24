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
constexpr unsigned most_nodes(Shape shape) { return shape == Shape::cut ? 3 : 1 + height(shape); }

// Whether a new node is born locked.
inline bool holds_new(const Rules& rules, Small level, bool below) {
  if (level > 0) return rules.holds_copy_above;
  return below ? rules.holds_new_leaves : rules.holds_copy;
}

class Shaping {
 public:
  // `fresh`: of nodes that are free.
  Shaping(Memory& m, unsigned w, Op op, Small fresh) : m_(m), self_(m.thread(w)), op_(op), fresh_(fresh) {}

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
    node.dead = 0;
    node.locked = self_.plain == 0 && holds_new(m_.rules(), node.level, false);
    node.stamp = self_.plain == 0 && m_.rules().stamps_after_linking ? pending : self_.clock;
    node.prev = self_.plain == 0 ? old : Small{0};
    m_.make_leaf(self_.copy, node);
  }
  // One that is found below that node only.
  Small make_below(Leaf node) {
    const Small id = small(fresh_ + ++self_.made);
    node.dead = 0;
    node.locked = self_.plain == 0 && holds_new(m_.rules(), node.level, true);
    node.stamp = self_.plain != 0 || m_.rules().dates_new_nodes ? self_.clock : pending;
    node.prev = 0;
    m_.make_leaf(id, node);
    return id;
  }
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
      neighbour.locked = 1;
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
  const Op op_;
  const Small fresh_;
};

// What has been replaced, at `death`: retired at once or held, each as older versions may lead to it.
class Retiring {
 public:
  Retiring(Memory& m, unsigned w, Small key) : m_(m), self_(m.thread(w)), key_(key) {}

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
    const Small death = self_.clock;
    if (self_.looked != 0 || !rules.holds_for_snapshots || (death == self_.stamp && !rules.entries_go_alone)) {
      return at_once();
    }
    entry(death);
    unsigned level = self_.path[self_.height] != 0 ? self_.height : self_.height - 1U;
    retire(self_.path[level], pruned && (self_.carried == 0 || !rules.holds_carried), death);
    bool gone = pruned;
    for (; level > 0; --level) {
      const Leaf& above = m_.leaf(self_.path[level]);
      if (gone || !rules.marks_carried) inherit(level, above.carried);
      if (level == 1 && self_.neighbour != 0) below(self_.neighbour, gone && !carries(above, 1U - key_), death);
      const bool below_gone = gone && !carries(above, key_);
      below(self_.path[level - 1], below_gone, death);
      if (rules.holds_below_carried) gone = below_gone;
    }
  }

 private:
  bool carries(const Leaf& above, unsigned key) const {
    return (above.carried >> key & 1) != 0 && m_.rules().holds_carried_below;
  }
  // The copy of a node that nobody can get to any more.
  void inherit(unsigned level, Small carried) {
    Leaf& copy = m_.leaf(level == self_.height ? self_.copy : small(self_.copy + self_.made));
    copy.carried = small(copy.carried & carried);
  }
  void below(Small id, bool gone, Small death) {
    retire(id, m_.rules().holds_below ? gone : m_.leaf(id).stamp == death, death);
  }
  void retire(Small id, bool at_once, Small death) {
    if (at_once) {
      m_.retire_leaf(id);
    } else {
      m_.hold_leaf(id, m_.leaf(id).stamp, death);
    }
  }
  // The entry that left. Older versions may have it, whatever becomes of the newest.
  void entry(Small death) {
    if (self_.old_entry == 0) return;
    const Small birth = m_.entry(self_.old_entry).birth;
    if (birth == death) {
      m_.retire_entry(self_.old_entry);
    } else {
      m_.hold_entry(self_.old_entry, birth, death);
    }
  }

  Memory& m_;
  Thread& self_;
  const Small key_;
};

}  // namespace protocol
