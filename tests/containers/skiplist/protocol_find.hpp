#pragma once
// Looking for a key: live, or in a snapshot. No lock, and no wait.

#include <optional>

#include "tests/containers/skiplist/protocol_memory.hpp"

namespace protocol {

enum class FindAt : Small { edge, stamp, clock, help, prev, word, entry };
inline constexpr const char* find_steps[] = {"loads the edge", "loads the stamp", "loads the clock to help", "helps",
                                             "follows prev",   "loads the word",  "loads the entry"};

inline void help(Memory& m, Leaf& leaf, Small clock) {
  if (leaf.stamp == pending || !m.rules().stamps_once) leaf.stamp = clock;
}

// One step. The value, or 0, when it is the last; it has left the read section then.
inline std::optional<Small> find_step(Memory& m, unsigned t, Small key, Small snapshot) {
  Thread& self = m.thread(t);
  const bool live = snapshot == live_read;
  const auto go = [&](FindAt at) {
    self.find_at = static_cast<Small>(at);
    return std::nullopt;
  };
  const auto done = [&](Small value) {
    self.leaf = self.entry = 0;
    go(FindAt::edge);
    m.leave(t);
    return value;
  };
  switch (FindAt(self.find_at)) {
    case FindAt::edge:
      m.enter(t);
      self.leaf = m.edge(key);
      return go(FindAt::stamp);
    case FindAt::stamp: {
      const Small stamp = m.leaf(self.leaf).stamp;
      if (stamp == pending && (live ? m.rules().readers_help : m.rules().snapshots_help)) return go(FindAt::clock);
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
      return go(FindAt::stamp);
    case FindAt::word:
      self.entry = m.leaf(self.leaf).entry[key];
      if (self.entry == 0) return done(0);
      return go(FindAt::entry);
    case FindAt::entry:
      return done(m.entry(self.entry).value);
  }
  return std::nullopt;
}

}  // namespace protocol
