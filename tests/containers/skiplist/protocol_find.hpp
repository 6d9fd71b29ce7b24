#pragma once
// Looking for a key: live, or in a snapshot. No lock, and no wait.

#include <optional>

#include "tests/containers/skiplist/protocol_memory.hpp"

namespace protocol {

enum class FindAt : Small { edge, stamp, clock, help, prev, word, entry, entry_clock, entry_help, entry_prev };
inline constexpr const char* find_steps[] = {
    "loads the edge",  "loads the stamp",         "loads the clock to help", "helps",
    "follows prev",    "loads the word",          "loads the entry",         "loads the clock to help the entry",
    "helps the entry", "follows the entry's prev"};

inline bool helps(const Rules& rules, const Leaf& node, bool live) {
  if (node.level > 0) return live ? rules.readers_help_above : rules.snapshots_help_above;
  return live ? rules.readers_help : rules.snapshots_help;
}

inline bool helps_entries(const Rules& rules, bool live) {
  return live ? rules.readers_help_entries : rules.snapshots_help_entries;
}

// The CAS.
inline void help(Memory& m, Small& stamp, Small clock) {
  if (stamp == pending || !m.rules().stamps_once) stamp = clock;
}

// One step. The value, or 0, when it is the last; it has left the read section then.
inline std::optional<Small> find_step(Memory& m, unsigned t, Small key, Small snapshot) {
  Thread& self = m.thread(t);
  const bool live = snapshot == live_read;
  const auto go = [&](FindAt at) -> std::optional<Small> {
    self.find_at = static_cast<Small>(at);
    return std::nullopt;
  };
  const auto done = [&](Small value) -> std::optional<Small> {
    self.leaf = self.entry = 0;
    go(FindAt::edge);
    m.leave(t);
    return value;
  };
  // The value in the same step, as what is stamped stays so.
  const auto shown_at = [&](Small stamp) {
    return !live && stamp > snapshot ? go(FindAt::entry_prev) : done(m.entry(self.entry).value);
  };
  switch (FindAt(self.find_at)) {
    case FindAt::edge:
      m.enter(t);
      self.leaf = m.edge(key);
      return self.leaf == 0 ? done(0) : go(FindAt::stamp);
    case FindAt::stamp: {
      const Leaf& node = m.leaf(self.leaf);
      const Small stamp = node.stamp;
      if (stamp == pending && helps(m.rules(), node, live)) return go(FindAt::clock);
      return go(!live && stamp > snapshot ? FindAt::prev : FindAt::word);
    }
    case FindAt::clock:
      self.clock = m.shared().clock;
      return go(FindAt::help);
    case FindAt::help: {
      // It tells the stamp, too.
      Leaf& leaf = m.leaf(self.leaf);
      help(m, leaf.stamp, self.clock);
      self.clock = 0;
      return go(!live && leaf.stamp > snapshot ? FindAt::prev : FindAt::word);
    }
    case FindAt::prev:
      self.leaf = m.leaf(self.leaf).prev;
      return self.leaf == nowhere ? done(0) : go(FindAt::stamp);
    case FindAt::word:
      if (m.leaf(self.leaf).level > 0) {
        self.leaf = m.leaf(self.leaf).word[key];
        return go(FindAt::stamp);
      }
      self.entry = m.leaf(self.leaf).word[key];
      if (self.entry == 0) return done(0);
      return go(FindAt::entry);
    case FindAt::entry: {
      const Small stamp = m.entry(self.entry).stamp;
      return stamp == pending && helps_entries(m.rules(), live) ? go(FindAt::entry_clock) : shown_at(stamp);
    }
    case FindAt::entry_clock:
      self.clock = m.shared().clock;
      return go(FindAt::entry_help);
    case FindAt::entry_help:
      help(m, m.entry(self.entry).stamp, self.clock);
      self.clock = 0;
      return shown_at(m.entry(self.entry).stamp);
    case FindAt::entry_prev:
      // One that is not chained is the end of its chain.
      if (m.entry(self.entry).prev == 0) {
        m.fail("the end of a chain of entries is passed");
        return done(m.entry(self.entry).value);
      }
      self.entry = m.entry(self.entry).prev;
      return go(FindAt::entry);
  }
  return std::nullopt;
}

}  // namespace protocol
