#pragma once
// What the threads of the model share: the map's memory, and what becomes of it.
//
// Every access to a leaf or an entry goes through leaf() and entry(), which notice that it is free.
// Memory is not used a second time: a step that could meet a second use meets the freed first one
// in another interleaving, since no step compares offsets without reading what they lead to.
//
//   life of a leaf or an entry
//   unborn ──▶ live ──▶ held ──▶ grace ──▶ freed
//                  retire   slots     threads: each that was inside has been outside
//
// Reclamation comes in two forms. As a process of its own it may look at a slot, begin a grace
// period or free at any time, for each piece of memory apart. Eager, it does all this in the
// moment in which it becomes possible, as a part of the step that made it so. Eager has far fewer
// states and finds as much: whatever a process frees in some execution, eager frees no later in the
// same one, and nothing but the checks sees that memory is free.

#include "tests/containers/skiplist/protocol.hpp"
#include "tests/containers/skiplist/protocol_history.hpp"

namespace protocol {

inline constexpr unsigned max_leaves = 16;  // 0 is none
inline constexpr unsigned max_entries = 8;  // 0 is none
inline constexpr Small pending = 0xFF;
inline constexpr Small nowhere = 0xFF;    // the prev of the first leaf of an empty list
inline constexpr Small live_read = 0xFE;  // above every stamp

// The nodes that are there at the start have room for each key on each level.
constexpr Small first_node(unsigned level, unsigned i) { return small(1 + level * max_keys + i); }

enum class Mode : Small { plain, rising, versioned };
enum class Phase : Small { unborn, live, held, grace, freed };

// A leaf, or a node above.
struct Leaf {
  Small word[max_keys];  // entries, or nodes of the level below: the same twice where it is one
  Small level;
  Small carried;  // a bit for each word: it is in a dead node, too, which may be held
  Small locked;   // by a writer, counted from 1
  Small dead;
  Small stamp;
  Small prev;
};

struct Entry {
  Small value;
  Small stamp;
  Small chained;
  Small prev;
};

struct Life {
  Phase phase;
  Small waits;  // for slots, while held; for threads, in the grace period: a bit each
  Small birth;
  Small death;
};

// The registration of a snapshot: 0, a lower bound of what it will be, or what it is.
struct Slot {
  Small at;
  Small is_bound;
};

// Registers of a thread, 0 while they mean nothing.
struct Thread {
  Small at;      // its next step
  Small number;  // of its operation
  Small inside;  // of an operation or a read section
  Small plain;   // the mode it saw
  Small find_at;
  Small leaf;
  Small path[max_levels + 1];  // of a writer: the leaf and the nodes above it; the last is 0
  Small height;                // of the copy
  Small copy;                  // what is stored in an edge
  Small made;                  // nodes below it
  Small neighbour;             // joined with the leaf
  Small carried;               // what it replaced is in dead nodes, too
  Small helping;               // the clock for a node above
  Small entry;
  Small old_entry;
  Small stamp;
  Small prev;
  Small clock;
  Small snapshot;
  Small result;
  Small i;
  Small looked;
};

struct State {
  Thread threads[max_threads];
  Leaf leaves[max_leaves];
  Life leaf_lives[max_leaves];
  Entry entries[max_entries];
  Life entry_lives[max_entries];
  Slot slots[max_takers];
  Small edges[max_keys];
  Small clock;
  Mode mode;
  Small flip_held;
  Small unused[2];
  History history;
};

// One step: the state that it changes, and what it did wrong.
class Memory {
 public:
  Memory(const Setup& setup, State& state) : setup_(setup), state_(state) {}

  const Setup& setup() const { return setup_; }
  const Rules& rules() const { return setup_.rules; }
  State& shared() { return state_; }
  Thread& thread(unsigned t) { return state_.threads[t]; }

  const char* failure() const { return failure_; }
  void fail(const char* text) {
    if (failure_ == nullptr) failure_ = text;
  }

  // The topmost edge on the way to a key.
  Small& edge(Small key) { return state_.edges[setup_.edges > 1 && setup_.levels == 1 ? key : 0]; }
  Leaf& leaf(Small id) {
    if (id == 0) fail("the end of a chain of versions is passed");
    if (state_.leaf_lives[id].phase == Phase::freed) fail("a freed leaf is accessed");
    return state_.leaves[id];
  }
  Entry& entry(Small id) {
    if (state_.entry_lives[id].phase == Phase::freed) fail("a freed entry is accessed");
    return state_.entries[id];
  }

  void make_leaf(Small id, const Leaf& leaf) {
    if (id >= max_leaves || state_.leaf_lives[id].phase != Phase::unborn) return fail("the model has too few leaves");
    state_.leaves[id] = leaf;
    state_.leaf_lives[id].phase = Phase::live;
  }
  void make_entry(Small id, Entry entry) {
    if (id >= max_entries) return fail("the model has too few entries");
    state_.entries[id] = entry;
    state_.entry_lives[id].phase = Phase::live;
  }

  // Nobody has seen it.
  void drop_entry(Small id) { state_.entry_lives[id].phase = Phase::unborn; }

  // No snapshot needs it.
  void retire_leaf(Small id) { retire(state_.leaf_lives[id], 0, 0, 0); }
  void retire_entry(Small id) {
    if (id != 0) retire(state_.entry_lives[id], 0, 0, 0);
  }
  // Snapshots of [stamp, death) may; all below death, if it leads to older ones.
  void hold_leaf(Small id, Small death) {
    hold(state_.leaf_lives[id], rules().holds_whole_chains, state_.leaves[id].stamp, death);
  }
  void hold_entry(Small id, Small death) {
    const Entry& held = state_.entries[id];
    hold(state_.entry_lives[id], held.chained != 0 && rules().holds_whole_chains_of_entries, held.stamp, death);
  }

  void enter(unsigned t) { state_.threads[t].inside = 1; }
  void leave(unsigned t) {
    state_.threads[t].inside = 0;
    for (Life& life : state_.leaf_lives) passed(life, t);
    for (Life& life : state_.entry_lives) passed(life, t);
  }

  void call(unsigned t, Op op) { state_.history.call(t, op); }
  void returns(unsigned t, Small result) {
    check(state_.history.returns(t, result), "no order of the operations explains a result");
  }
  void snapshot_read(unsigned t, Small key, Small value) {
    check(state_.history.snapshot_read(t, key, value), "no moment explains what a snapshot reads");
  }

  // Reclamation: the next thing it can do for a leaf, or an entry from max_leaves on.
  bool reclaim(unsigned item) {
    if (item < max_leaves) return reclaim(state_.leaf_lives[item], state_.leaves[item]);
    return reclaim(state_.entry_lives[item - max_leaves], state_.entries[item - max_leaves]);
  }
  void reclaim_eagerly() {
    for (unsigned item = 0; item < max_leaves + max_entries; ++item) {
      while (reclaim(item)) {
      }
    }
  }

 private:
  void check(bool fine, const char* text) {
    if (state_.history.overflown()) fail("the model has too little room for orderings");
    if (!fine) fail(text);
  }

  Small all_slots() const { return small((1U << setup_.takers) - 1); }
  static bool has(Small bits, unsigned i) { return (bits >> i & 1) != 0; }
  static void drop(Small& bits, unsigned i) { bits = small(bits & ~(1U << i)); }

  void retire(Life& life, Small waits, Small birth, Small death) {
    if (life.phase != Phase::live) fail("something is retired twice");
    life = {Phase::held, waits, birth, death};
  }
  // A snapshot walks from the newest to its own, so it needs all of a chain that are younger, too.
  void hold(Life& life, bool leads_to_older, Small stamp, Small death) {
    retire(life, all_slots(), leads_to_older ? Small{0} : stamp, death);
  }

  // What a bound will become is not below it.
  bool needs(const Slot& slot, const Life& life) const {
    if (slot.at == 0 || slot.at >= life.death) return false;
    return (slot.is_bound != 0 && rules().tells_bounds) || life.birth <= slot.at;
  }

  template <class Thing>
  bool reclaim(Life& life, Thing& thing) {
    if (life.phase == Phase::held) {
      for (unsigned i = 0; i < setup_.takers; ++i) {
        if (has(life.waits, i) && !needs(state_.slots[i], life)) {
          drop(life.waits, i);
          return true;
        }
      }
      if (life.waits != 0) return false;
      life = {Phase::grace, rules().waits_for_grace ? inside() : Small{0}, 0, 0};
      return true;
    }
    if (life.phase != Phase::grace || life.waits != 0) return false;
    life.phase = Phase::freed;
    thing = {};
    return true;
  }

  Small inside() const {
    unsigned bits = 0;
    for (unsigned t = 0; t < max_threads; ++t) bits |= unsigned{state_.threads[t].inside} << t;
    return small(bits);
  }
  static void passed(Life& life, unsigned t) {
    if (life.phase == Phase::grace) drop(life.waits, t);
  }

  const Setup& setup_;
  State& state_;
  const char* failure_ = nullptr;
};

}  // namespace protocol
