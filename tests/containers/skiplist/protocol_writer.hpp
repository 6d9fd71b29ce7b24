#pragma once
// A writer: insert, overwrite, erase.

#include <algorithm>

#include "tests/containers/skiplist/protocol_find.hpp"

namespace protocol {

enum class WriteAt : Small {
  mode_too_early,
  enter,
  edge,
  lock,
  old_clock,
  old_stamp,
  clock,
  store_word,
  publish,
  publish_half,
  unlink,
  look,
  stamp_clock,
  stamp,
  stamp_half,
  relink,
  relink_half,
  leave,
};
inline constexpr const char* write_steps[] = {"reads the mode too early",
                                              "takes its stripe, reads the mode",
                                              "loads the edge",
                                              "locks the leaf",
                                              "loads the clock to help the leaf",
                                              "helps the leaf",
                                              "loads the clock for the birth",
                                              "stores the word",
                                              "publishes the copy",
                                              "publishes the other half",
                                              "marks the leaf dead, unlocks it",
                                              "looks at the slots",
                                              "loads the clock for the stamp",
                                              "stamps the copy",
                                              "stamps the other half",
                                              "relinks the copy",
                                              "relinks the other half",
                                              "unlocks, ends"};

// Every operation has room of its own for the leaf and the entry that it may make.
inline Small room(const Setup& setup, unsigned w, unsigned number) {
  unsigned result = max_keys + 1 + number;
  for (unsigned i = 0; i < w; ++i) result += static_cast<unsigned>(setup.writers[i].size());
  return small(result);
}

inline bool write_step(Memory& m, unsigned w) {
  Thread& self = m.thread(w);
  State& shared = m.shared();
  const Rules& rules = m.rules();
  const std::vector<Op>& ops = m.setup().writers[w];
  if (self.number == ops.size()) return false;
  const Op op = ops[self.number];
  const Small fresh = room(m.setup(), w, self.number);
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
  const auto changes = [&] { return (op.act == Act::insert) == (self.old_entry == 0); };
  // The leaf with the change goes to the edge, or, when it is divided, the half with the change,
  // and the other to an edge that was not there: until then its keys are found in the old leaf.
  const auto link = [&](Small stamp, Small prev, bool locked) {
    Leaf copy = m.leaf(self.leaf);
    copy.entry[op.key] = self.entry;
    copy.locked = locked;
    copy.dead = 0;
    copy.stamp = stamp;
    copy.prev = prev;
    self.copy = fresh;
    if (m.setup().divides && !m.divided()) {
      const Small other = small(1U - op.key);
      Leaf half = copy;
      half.entry[op.key] = copy.entry[other] = 0;
      self.half = max_leaves - 1;
      m.make_leaf(self.half, half);
      shared.edges[1] = shared.edges[0];
      shared.divided = 1;
    }
    m.make_leaf(self.copy, copy);
    m.edge(op.key) = self.copy;
  };
  // The entry that left at `death`. Older versions may have it, whatever becomes of the newest.
  const auto retire_entry = [&](Small death) {
    if (self.old_entry == 0) return;
    const Small birth = m.entry(self.old_entry).birth;
    if (birth == death) {
      m.retire_entry(self.old_entry);
    } else {
      m.hold_entry(self.old_entry, birth, death);
    }
  };
  const auto retire_both = [&] {
    m.retire_leaf(self.leaf);
    m.retire_entry(self.old_entry);
  };
  // What was replaced: a leaf goes at once if no snapshot is between it and what has replaced it.
  const auto retire = [&] {
    const bool both = self.half != 0 && rules.waits_for_both_halves;
    const Small death = both ? std::max(self.clock, self.half_stamp) : self.clock;
    if (self.looked != 0 || !rules.holds_for_snapshots || (death == self.stamp && !rules.entries_go_alone)) {
      retire_both();
    } else {
      retire_entry(self.clock);
      if (death == self.stamp) {
        m.retire_leaf(self.leaf);
      } else {
        m.hold_leaf(self.leaf, self.stamp, death);
      }
    }
    return go(WriteAt::leave);
  };
  const auto relink_half = [&] {
    return self.half != 0 && self.half_stamp == self.stamp ? go(WriteAt::relink_half) : retire();
  };
  const auto relink = [&] { return self.clock == self.stamp ? go(WriteAt::relink) : relink_half(); };

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
      self.leaf = m.edge(op.key);
      return go(WriteAt::lock);
    case WriteAt::lock: {
      Leaf& leaf = m.leaf(self.leaf);
      if (leaf.locked != 0) return false;
      if (leaf.dead != 0 && rules.checks_dead) return go(WriteAt::edge);
      leaf.locked = 1;
      self.old_entry = leaf.entry[op.key];
      self.result = self.old_entry == 0 ? Small{0} : m.entry(self.old_entry).value;
      if (leaf.stamp == pending && rules.helps_before_copying) return go(WriteAt::old_clock);
      return go(changes() ? WriteAt::clock : WriteAt::leave);
    }
    case WriteAt::old_clock:
      self.clock = shared.clock;
      return go(WriteAt::old_stamp);
    case WriteAt::old_stamp:
      help(m, m.leaf(self.leaf), self.clock);
      self.clock = 0;
      return go(changes() ? WriteAt::clock : WriteAt::leave);
    case WriteAt::clock:
      self.clock = shared.clock;
      if (op.act != Act::erase) {
        self.entry = fresh;
        m.make_entry(self.entry, {op.value, self.clock});
      }
      return go(self.plain != 0 && op.act == Act::overwrite ? WriteAt::store_word : WriteAt::publish);
    case WriteAt::store_word:
      m.leaf(self.leaf).entry[op.key] = self.entry;
      m.retire_entry(self.old_entry);
      return go(WriteAt::leave);
    case WriteAt::publish:
      // Under the parent's lock.
      if (self.plain != 0) {
        link(self.clock, 0, false);
      } else if (rules.stamps_after_linking) {
        link(pending, self.leaf, rules.holds_copy);
      } else {
        link(self.clock, self.leaf, rules.holds_copy);
      }
      if (rules.reads_clock_after_linking) self.clock = 0;
      return go(self.half != 0 ? WriteAt::publish_half : WriteAt::unlink);
    case WriteAt::publish_half:
      m.edge(small(1U - op.key)) = self.half;
      return go(WriteAt::unlink);
    case WriteAt::unlink: {
      Leaf& leaf = m.leaf(self.leaf);
      leaf.dead = rules.marks_dead;
      leaf.locked = 0;
      if (self.plain == 0) return go(rules.looks_after_stamping ? WriteAt::stamp_clock : WriteAt::look);
      retire_both();
      return returns();
    }
    case WriteAt::look:
      // All slots at once.
      self.looked = 1;
      for (const Slot& slot : shared.slots) {
        if (slot.at != 0) self.looked = 0;
      }
      return go(WriteAt::stamp_clock);
    case WriteAt::stamp_clock:
      if (rules.reads_clock_after_linking) self.clock = shared.clock;
      return go(WriteAt::stamp);
    case WriteAt::stamp: {
      Leaf& copy = m.leaf(self.copy);
      help(m, copy, self.clock);
      self.clock = copy.stamp;
      const Leaf& leaf = m.leaf(self.leaf);
      self.stamp = leaf.stamp;
      self.prev = leaf.prev;
      return self.half != 0 ? go(WriteAt::stamp_half) : relink();
    }
    case WriteAt::stamp_half: {
      // With a stamp of the copy, which is a clock that was read after linking as well.
      Leaf& half = m.leaf(self.half);
      help(m, half, self.clock);
      self.half_stamp = half.stamp;
      return relink();
    }
    case WriteAt::relink:
      // No snapshot lies between the two versions.
      if (rules.relinks) m.leaf(self.copy).prev = self.prev;
      return relink_half();
    case WriteAt::relink_half:
      if (rules.relinks) m.leaf(self.half).prev = self.prev;
      return retire();
    case WriteAt::leave:
      // Only now may the copy be replaced.
      if (self.copy == 0) {
        m.leaf(self.leaf).locked = 0;
      } else if (rules.holds_copy) {
        m.leaf(self.copy).locked = 0;
        if (self.half != 0) m.leaf(self.half).locked = 0;
      }
      return returns();
  }
  return false;
}

}  // namespace protocol
