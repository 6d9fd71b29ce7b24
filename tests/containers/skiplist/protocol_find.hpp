#pragma once
// Looking for a key: live, or in a snapshot. No lock, and no wait.

#include <optional>

#include "tests/containers/skiplist/protocol_memory.hpp"

namespace protocol {

enum class FindAt : Small { edge, stamp, clock, help, prev, word, entry };
inline constexpr const char* find_steps[] = {"loads the edge", "loads the stamp", "loads the clock to help", "helps",
                                             "follows prev",   "loads the word",  "loads the entry"};

inline bool helps(const Rules& rules, const Leaf& node, bool live) {
  if (node.level > 0) return live ? rules.readers_help_above : rules.snapshots_help_above;
  return live ? rules.readers_help : rules.snapshots_help;
}

inline void help(Memory& m, Leaf& leaf, Small clock) {
  if (leaf.stamp == pending || !m.rules().stamps_once) leaf.stamp = clock;
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
      // The CAS, which tells the stamp, too.
      Leaf& leaf = m.leaf(self.leaf);
      help(m, leaf, self.clock);
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
    case FindAt::entry:
      return done(m.entry(self.entry).value);
  }
  return std::nullopt;
}

}  // namespace protocol
