#pragma once
// A step in words, for the trace of a failure.

#include <string>

#include "tests/containers/skiplist/protocol_snapshot.hpp"
#include "tests/containers/skiplist/protocol_writer.hpp"

namespace protocol {

struct Saying {
  const Setup& setup;
  const State& before;
  const State& after;

  std::string line(unsigned choice) const {
    const auto writers = static_cast<unsigned>(setup.writers.size());
    const unsigned threads = writers + setup.takers + (setup.finds.empty() ? 0 : 1);
    if (choice >= threads) return "reclaimer: " + thing(choice - threads) + freed();
    const Thread& was = before.threads[choice];
    std::string text;
    if (choice < writers) {
      text = "writer " + std::to_string(choice) + ", " + name(setup.writers[choice][was.number]) + ": " +
             write_steps[was.at];
    } else if (choice == writers + setup.takers) {
      text = "reader, key " + std::to_string(setup.finds[was.number]) + ": " + find_steps[was.find_at];
    } else if (TakeAt(was.at) == TakeAt::read) {
      text = taker(choice - writers) + ", key " + std::to_string(setup.reads[was.i]) + ": " + find_steps[was.find_at];
    } else {
      text = taker(choice - writers) + ": " + take_steps[was.at];
    }
    return text + registers(was, after.threads[choice]) + freed();
  }

 private:
  static std::string name(Op op) {
    static const char* const acts[] = {"", "insert", "overwrite", "erase"};
    static const char* const shapes[] = {"", ", cut", ", cut above", ", join", ", lower", ", empty"};
    return acts[static_cast<unsigned>(op.act)] + std::string(" ") + std::to_string(op.key) +
           shapes[static_cast<unsigned>(op.shape)];
  }
  static std::string taker(unsigned i) { return "snapshot " + std::to_string(i); }
  static std::string thing(unsigned item) {
    return item < max_leaves ? "leaf " + std::to_string(item) : "entry " + std::to_string(item - max_leaves);
  }

  // What the thread has learnt.
  static std::string registers(const Thread& was, const Thread& is) {
    std::string text;
    const auto note = [&](const char* what, Small from, Small to) {
      if (from != to && to != 0) text += std::string(", ") + what + " " + std::to_string(to);
    };
    note("node", was.leaf, is.leaf);
    note("leaf", was.path[0], is.path[0]);
    note("neighbour", was.neighbour, is.neighbour);
    note("copy", was.copy, is.copy);
    note("entry", was.entry, is.entry);
    note("clock", was.clock, is.clock);
    note("s", was.snapshot, is.snapshot);
    return text;
  }

  std::string freed() const {
    std::string text;
    for (unsigned item = 0; item < max_leaves + max_entries; ++item) {
      if (phase(before, item) != Phase::freed && phase(after, item) == Phase::freed) text += "; frees " + thing(item);
    }
    return text;
  }
  static Phase phase(const State& state, unsigned item) {
    return item < max_leaves ? state.leaf_lives[item].phase : state.entry_lives[item - max_leaves].phase;
  }
};

}  // namespace protocol
