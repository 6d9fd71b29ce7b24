#pragma once
// The threads of a setup as a model that can be explored: writers, snapshot takers, one live
// reader, reclamation.

#include <string>

#include "tests/containers/skiplist/protocol_trace.hpp"
#include "tests/support/explorer.hpp"

namespace protocol {

class Model {
 public:
  using State = protocol::State;

  explicit Model(Setup setup) : setup_(std::move(setup)) {}

  State first() const {
    State state = {};
    Memory m(setup_, state);
    state.clock = 1;
    Small content = 0;
    Small top[max_keys] = {};
    for (const Small key : setup_.present) {
      const Small id = top[key] = small(key + 1U);
      m.make_entry(id, {id, 1, 0, 0});
      content = History::with(content, key, id);
    }
    const unsigned width[max_levels] = {setup_.edges, setup_.parents, 1};
    for (Small level = 0; level < setup_.levels && setup_.edges > 0; ++level) {
      for (unsigned key = 0; key < max_keys; ++key) {
        const Small id = first_node(level, std::min(key, width[level] - 1));
        Leaf& node = state.leaves[id];
        node.level = level;
        node.stamp = 1;
        node.word[key] = top[key];
        state.leaf_lives[id].phase = Phase::live;
        top[key] = id;
      }
    }
    for (Small key = 0; key < max_keys && setup_.edges > 0; ++key) m.edge(key) = top[key];
    state.history.start(content);
    if (!setup_.rules.sees_mode_inside) return state;
    for (unsigned w = 0; w < writers(); ++w) state.threads[w].at = static_cast<Small>(WriteAt::enter);
    return state;
  }

  unsigned choices() const { return threads() + (setup_.reclaimer_apart ? max_leaves + max_entries : 0); }

  Taken take(State& state, unsigned choice) const {
    Memory m(setup_, state);
    const bool possible = choice < threads() ? step(m, choice) : m.reclaim(choice - threads());
    if (possible && !setup_.reclaimer_apart) m.reclaim_eagerly();
    return {possible, m.failure()};
  }

  // Nobody can take a step: everybody must have done everything, and memory must be as if it had
  // been done by one thread.
  const char* finished(const State& end) const {
    State state = end;
    Memory m(setup_, state);
    if (!all_done(state)) return "threads wait for each other";
    if (state.mode != Mode::plain) return "no snapshot is open, and the mode is not plain";
    Small content = 0;
    bool used_leaves[max_leaves] = {};
    bool used_entries[max_entries] = {};
    for (Small key = 0; key < max_keys; ++key) {
      Small node = m.edge(key);
      if (node == 0) continue;
      for (; m.leaf(node).level > 0; node = m.leaf(node).word[key]) used_leaves[node] = true;
      used_leaves[node] = true;
      const Small entry = m.leaf(node).word[key];
      if (entry == 0) continue;
      used_entries[entry] = true;
      content = History::with(content, key, m.entry(entry).value);
    }
    if (m.failure() != nullptr) return m.failure();
    if (!state.history.ends_with(content)) return "no order of the operations explains what is there at the end";
    for (unsigned i = 0; i < max_leaves; ++i) {
      if (!right_at_end(state.leaf_lives[i], used_leaves[i])) return "a leaf has leaked";
    }
    for (unsigned i = 0; i < max_entries; ++i) {
      if (!right_at_end(state.entry_lives[i], used_entries[i])) return "an entry has leaked";
    }
    return nullptr;
  }

  std::string say(const State& before, unsigned choice, const State& after) const {
    return Saying{setup_, before, after}.line(choice);
  }

 private:
  unsigned writers() const { return static_cast<unsigned>(setup_.writers.size()); }
  unsigned threads() const { return writers() + setup_.takers + (setup_.finds.empty() ? 0 : 1); }

  bool step(Memory& m, unsigned t) const {
    if (t < writers()) return write_step(m, t);
    if (t < writers() + setup_.takers) return take_step(m, t, t - writers());
    return read_step(m, t);
  }

  // The live reader.
  bool read_step(Memory& m, unsigned t) const {
    Thread& self = m.thread(t);
    if (self.number == setup_.finds.size()) return false;
    const Small key = setup_.finds[self.number];
    if (FindAt(self.find_at) == FindAt::edge) m.call(t, {Act::find, key});
    const std::optional<Small> value = find_step(m, t, key, live_read);
    if (!value) return true;
    m.returns(t, *value);
    ++self.number;
    return true;
  }

  bool all_done(const State& state) const {
    for (unsigned t = 0; t < threads(); ++t) {
      const Thread& thread = state.threads[t];
      const std::size_t all = t < writers()                   ? setup_.writers[t].size()
                              : t < writers() + setup_.takers ? setup_.rounds
                                                              : setup_.finds.size();
      if (thread.number != all) return false;
    }
    return true;
  }

  static bool right_at_end(const Life& life, bool used) {
    return life.phase == Phase::unborn || life.phase == (used ? Phase::live : Phase::freed);
  }

  Setup setup_;
};

}  // namespace protocol
