#pragma once
// A writer: insert, overwrite, erase.

#include <algorithm>

#include "tests/containers/skiplist/protocol_shape.hpp"

namespace protocol {

enum class WriteAt : Small {
  mode_too_early,
  enter,
  edge,
  down,
  above_clock,
  above_stamp,
  lock,
  old_clock,
  old_stamp,
  clock,
  store_word,
  publish,
  unlink,
  look,
  stamp_clock,
  stamp,
  between,
  relink,
  leave,
};
inline constexpr const char* write_steps[] = {"reads the mode too early",
                                              "takes its stripe, reads the mode",
                                              "loads the edge",
                                              "loads the edge below",
                                              "loads the clock to help the node above",
                                              "helps the node above",
                                              "locks the leaf",
                                              "loads the clock to help the leaf",
                                              "helps the leaf",
                                              "loads the clock for the birth",
                                              "stores the word",
                                              "publishes the copy",
                                              "marks the old dead, unlocks",
                                              "looks at the slots",
                                              "loads the clock for the stamp",
                                              "stamps",
                                              "looks for a snapshot between the two",
                                              "relinks",
                                              "unlocks, ends"};

// Every operation has room of its own for the entry and the nodes that it may make.
inline unsigned op_index(const Setup& setup, unsigned w, unsigned number) {
  for (unsigned i = 0; i < w; ++i) number += static_cast<unsigned>(setup.writers[i].size());
  return number;
}
inline Small entry_room(const Setup& setup, unsigned w, unsigned number) {
  return small(max_keys + 1 + op_index(setup, w, number));
}
inline Small node_room(const Setup& setup, unsigned w, unsigned number) {
  unsigned result = first_node(setup.levels, 0);
  for (unsigned i = 0; i <= w; ++i) {
    for (unsigned k = 0; k < setup.writers[i].size() && (i < w || k < number); ++k) {
      result += most_nodes(setup.writers[i][k]);
    }
  }
  return small(result);
}

inline bool write_step(Memory& m, unsigned w) {
  Thread& self = m.thread(w);
  State& shared = m.shared();
  const Rules& rules = m.rules();
  const std::vector<Op>& ops = m.setup().writers[w];
  if (self.number == ops.size()) return false;
  const Op op = ops[self.number];
  const auto go = [&](WriteAt at) {
    self.at = static_cast<Small>(at);
    return true;
  };
  const auto first_step = rules.sees_mode_inside ? WriteAt::enter : WriteAt::mode_too_early;
  // Gives back the stripe, and with it all that is locked.
  const auto returns = [&] {
    m.leave(w);
    m.returns(w, self.result);
    const Small next = small(self.number + 1U);
    self = Thread{};
    self.number = next;
    return go(first_step);
  };
  // An overwrite of a mode that is not plain: its entry leads to the old one.
  const bool chains = op.act == Act::overwrite && self.plain == 0;
  const auto change = [&] {
    if ((op.act == Act::insert) != (self.old_entry == 0)) return go(WriteAt::leave);
    const bool early = !rules.stamps_after_storing || !rules.reads_clock_after_storing;
    return go(chains && !early ? WriteAt::store_word : WriteAt::clock);
  };
  const auto retire = [&](bool pruned) {
    Retiring retiring(m, w, op.key);
    return chains ? retiring.overwritten(pruned) : retiring.versioned(pruned);
  };
  // A node on the way down, found at first, or again by who has locked the leaf.
  const auto arrive = [&](Small node) {
    if (node == 0) return go(op.act == Act::insert ? WriteAt::clock : WriteAt::leave);
    const Small level = m.leaf(node).level;
    if (level > 0) {
      self.leaf = self.path[level] = node;
      return go(WriteAt::down);
    }
    self.leaf = 0;
    if (self.path[0] != 0) return go(self.path[0] == node ? WriteAt::publish : WriteAt::edge);
    self.path[0] = node;
    return go(WriteAt::lock);
  };
  const auto unlock = [&](Small node) {
    if (node == 0) return;
    Leaf& leaf = m.leaf(node);
    leaf.dead = rules.marks_dead;
    leaf.locked = 0;
  };

  switch (WriteAt(self.at)) {
    case WriteAt::mode_too_early:
      m.call(w, op);
      self.plain = shared.mode == Mode::plain;
      return go(WriteAt::enter);
    case WriteAt::enter:
      // Takes its stripe, then reads the mode.
      m.enter(w);
      if (rules.sees_mode_inside) {
        m.call(w, op);
        self.plain = shared.mode == Mode::plain;
      }
      return go(WriteAt::edge);
    case WriteAt::edge:
      std::fill(self.path + 1, std::end(self.path), Small{0});
      return arrive(m.edge(op.key));
    case WriteAt::down:
      // The stamp first. In one step: what is stamped stays so.
      if (m.leaf(self.leaf).stamp == pending && rules.writers_help_above) return go(WriteAt::above_clock);
      return arrive(m.leaf(self.leaf).word[op.key]);
    case WriteAt::above_clock:
      self.helping = shared.clock;
      return go(WriteAt::above_stamp);
    case WriteAt::above_stamp:
      help(m, m.leaf(self.leaf).stamp, self.helping);
      self.helping = 0;
      return go(WriteAt::down);
    case WriteAt::lock: {
      Leaf& leaf = m.leaf(self.path[0]);
      if (leaf.locked != 0) return false;
      if (leaf.dead != 0 && rules.checks_dead) {
        self.path[0] = 0;
        return go(WriteAt::edge);
      }
      leaf.locked = small(w + 1);
      self.old_entry = leaf.word[op.key];
      self.result = self.old_entry == 0 ? Small{0} : m.entry(self.old_entry).value;
      const bool settled = leaf.stamp != pending && (self.old_entry == 0 || m.entry(self.old_entry).stamp != pending);
      return !settled && rules.helps_before_changing ? go(WriteAt::old_clock) : change();
    }
    case WriteAt::old_clock:
      self.clock = shared.clock;
      return go(WriteAt::old_stamp);
    case WriteAt::old_stamp:
      // Of both the leaf and the entry, though at most one of them is not settled.
      help(m, m.leaf(self.path[0]).stamp, self.clock);
      if (self.old_entry != 0) help(m, m.entry(self.old_entry).stamp, self.clock);
      self.clock = 0;
      return change();
    case WriteAt::clock:
      self.clock = shared.clock;
      if (op.act != Act::erase) {
        self.entry = entry_room(m.setup(), w, self.number);
        m.make_entry(self.entry, {op.value, self.clock, 0, 0});
      }
      return go(op.act == Act::overwrite ? WriteAt::store_word : WriteAt::publish);
    case WriteAt::store_word: {
      Leaf& leaf = m.leaf(self.path[0]);
      if (chains) {
        self.entry = entry_room(m.setup(), w, self.number);
        const Small stamp = rules.stamps_after_storing ? pending : self.clock;
        m.make_entry(self.entry,
                     {op.value, stamp, rules.chains_entries, rules.chains_entries ? self.old_entry : Small{0}});
        self.carried = leaf.carried >> op.key & 1;
        leaf.carried = small(leaf.carried & ~(1U << op.key));
        if (!rules.holds_leaf) leaf.locked = 0;
        if (rules.reads_clock_after_storing) self.clock = 0;
      } else {
        m.retire_entry(self.old_entry);
      }
      leaf.word[op.key] = self.entry;
      if (!chains) return go(WriteAt::leave);
      return go(rules.looks_after_stamping ? WriteAt::stamp_clock : WriteAt::look);
    }
    case WriteAt::publish:
      // Under the locks of the nodes above, which are taken from below, and of the one with the edge, or the top.
      for (unsigned level = 1; level <= height(op.shape) + 1; ++level) {
        if (self.path[level] == 0) break;
        if (m.leaf(self.path[level]).locked != 0) return false;
        if (m.leaf(self.path[level]).dead != 0 && rules.checks_dead_above) return go(WriteAt::edge);
      }
      if (self.path[0] == 0 && m.edge(op.key) != 0) {
        m.drop_entry(self.entry);
        self.entry = self.clock = 0;
        return go(WriteAt::edge);
      }
      Shaping(m, w, op, node_room(m.setup(), w, self.number)).publish();
      for (unsigned level = 1; level <= self.height; ++level) {
        if (self.path[level] != 0) m.leaf(self.path[level]).locked = small(w + 1);
      }
      if (self.plain == 0 && rules.reads_clock_after_linking) self.clock = 0;
      return go(WriteAt::unlink);
    case WriteAt::unlink:
      for (unsigned level = 0; level <= self.height; ++level) unlock(self.path[level]);
      unlock(self.neighbour);
      if (self.plain == 0) return go(rules.looks_after_stamping ? WriteAt::stamp_clock : WriteAt::look);
      Retiring(m, w, op.key).at_once();
      return returns();
    case WriteAt::look:
      // All slots at once.
      self.looked = 1;
      for (const Slot& slot : shared.slots) {
        if (slot.at != 0) self.looked = 0;
      }
      return go(WriteAt::stamp_clock);
    case WriteAt::stamp_clock:
      if (chains ? rules.reads_clock_after_storing : rules.reads_clock_after_linking) self.clock = shared.clock;
      return go(WriteAt::stamp);
    case WriteAt::stamp: {
      if (chains) {
        Entry& entry = m.entry(self.entry);
        help(m, entry.stamp, self.clock);
        self.clock = entry.stamp;
        self.stamp = m.entry(self.old_entry).stamp;
        self.prev = m.entry(self.old_entry).prev;
        return go(self.clock == self.stamp ? WriteAt::relink : WriteAt::between);
      }
      if (self.copy == 0) {
        Retiring(m, w, op.key).versioned(false);
        return go(WriteAt::leave);
      }
      Leaf& copy = m.leaf(self.copy);
      help(m, copy.stamp, self.clock);
      self.clock = copy.stamp;
      if (copy.prev == nowhere) return go(WriteAt::leave);
      const Leaf& old = m.leaf(copy.prev);
      self.stamp = old.stamp;
      self.prev = old.prev;
      if (self.height > 0 && !rules.prunes_above) {
        Retiring(m, w, op.key).versioned(false);
        return go(WriteAt::leave);
      }
      return go(self.clock == self.stamp ? WriteAt::relink : WriteAt::between);
    }
    case WriteAt::between: {
      const Slot& slot = shared.slots[self.i];
      const bool is_bound = slot.is_bound != 0 && rules.fears_bounds_between;
      if (!rules.prunes_between || (slot.at != 0 && slot.at < self.clock && (is_bound || slot.at >= self.stamp))) {
        self.i = 0;
        retire(false);
        return go(WriteAt::leave);
      }
      ++self.i;
      if (self.i < m.setup().takers) return go(WriteAt::between);
      self.i = 0;
      return go(WriteAt::relink);
    }
    case WriteAt::relink:
      // No snapshot lies between the two versions.
      if (chains && rules.relinks_entries) m.entry(self.entry).prev = self.prev;
      if (!chains && rules.relinks) m.leaf(self.copy).prev = self.prev;
      retire(true);
      return go(WriteAt::leave);
    case WriteAt::leave:
      // Only now may the copy be replaced.
      if (self.copy == 0) {
        const bool held = self.path[0] != 0 && (!chains || self.entry == 0 || rules.holds_leaf);
        if (held) m.leaf(self.path[0]).locked = 0;
      } else {
        for (unsigned i = 0; i <= self.made; ++i) {
          Leaf& node = m.leaf(small(self.copy + i));
          if (holds_new(rules, node.level, i > 0)) node.locked = 0;
        }
      }
      return returns();
  }
  return false;
}

}  // namespace protocol
