#pragma once
// A thread that takes snapshots, reads them and closes them.

#include "tests/containers/skiplist/protocol_find.hpp"

namespace protocol {

enum class TakeAt : Small {
  bound,
  announce,
  mode,
  flip,
  wait,
  risen,
  clock,
  move,
  raise,
  read,
  close,
  peek,
  lower,
  look,
  lowered,
  done
};
inline constexpr const char* take_steps[] = {"loads the clock for a bound",
                                             "announces the bound",
                                             "reads the mode",
                                             "locks flips, mode = rising",
                                             "has had a stripe",
                                             "mode = versioned, unlocks flips",
                                             "loads the clock",
                                             "moves the clock",
                                             "registers the snapshot",
                                             "",
                                             "closes",
                                             "peeks at a slot",
                                             "locks flips, mode = rising",
                                             "looks at a slot",
                                             "sets the mode, unlocks flips"};

inline bool take_step(Memory& m, unsigned t, unsigned taker) {
  Thread& self = m.thread(t);
  State& shared = m.shared();
  const Rules& rules = m.rules();
  const Setup& setup = m.setup();
  Slot& slot = shared.slots[taker];
  const auto go = [&](TakeAt at) {
    self.at = static_cast<Small>(at);
    return true;
  };
  const auto closed = [&] {
    const Small next = small(self.number + 1U);
    self = Thread{};
    self.number = next;
    return go(next == setup.rounds ? TakeAt::done : TakeAt::bound);
  };
  // Looks at another slot each time; true when it has seen all of them empty.
  const auto scanned = [&](bool& found) {
    found = shared.slots[self.i].at != 0;
    ++self.i;
    const bool all = self.i == setup.takers;
    if (found || all) self.i = 0;
    return all;
  };

  switch (TakeAt(self.at)) {
    case TakeAt::bound:
      m.call(t, {Act::snapshot});
      self.snapshot = shared.clock;
      return go(rules.announces_first ? TakeAt::announce : TakeAt::mode);
    case TakeAt::announce:
      slot = {self.snapshot, 1};
      self.snapshot = 0;
      return go(TakeAt::mode);
    case TakeAt::mode: {
      const bool ready =
          shared.mode == Mode::versioned || (shared.mode == Mode::rising && !rules.waits_for_others_flip);
      return go(ready ? TakeAt::clock : TakeAt::flip);
    }
    case TakeAt::flip:
      // Takes the lock of flips.
      if (shared.flip_held != 0) return false;
      if (shared.mode == Mode::versioned) return go(TakeAt::clock);
      shared.flip_held = 1;
      shared.mode = Mode::rising;
      return go(rules.waits_for_plain_writers ? TakeAt::wait : TakeAt::risen);
    case TakeAt::wait:
      // Takes and releases the next stripe.
      if (self.i < setup.writers.size()) {
        if (m.thread(self.i).inside != 0) return false;
        ++self.i;
      }
      if (self.i < setup.writers.size()) return go(TakeAt::wait);
      self.i = 0;
      return go(TakeAt::risen);
    case TakeAt::risen:
      shared.mode = Mode::versioned;
      shared.flip_held = 0;
      return go(TakeAt::clock);
    case TakeAt::clock:
      self.snapshot = shared.clock;
      return go(TakeAt::move);
    case TakeAt::move:
      if (shared.clock == self.snapshot && rules.moves_clock) ++shared.clock;
      return go(TakeAt::raise);
    case TakeAt::raise:
      slot = {self.snapshot, 0};
      m.returns(t, 0);
      return go(TakeAt::read);
    case TakeAt::read: {
      const Small key = setup.reads[self.i];
      const std::optional<Small> value = find_step(m, t, key, self.snapshot);
      if (!value) return true;
      m.snapshot_read(t, key, *value);
      ++self.i;
      if (self.i < setup.reads.size()) return go(TakeAt::read);
      shared.history.snapshot_closed(t);
      self.i = self.snapshot = 0;
      return go(TakeAt::close);
    }
    case TakeAt::close:
      slot = {};
      return go(TakeAt::peek);
    case TakeAt::peek: {
      // Another one is open, or opens, and will do the rest.
      bool found = false;
      const bool all = scanned(found);
      if (found) return closed();
      return go(all ? TakeAt::lower : TakeAt::peek);
    }
    case TakeAt::lower:
      // Takes the lock of flips.
      if (shared.flip_held != 0) return false;
      if (shared.mode != Mode::versioned) return closed();
      shared.flip_held = 1;
      if (rules.lowers_in_two_steps) shared.mode = Mode::rising;
      return go(TakeAt::look);
    case TakeAt::look: {
      bool found = false;
      const bool all = scanned(found);
      if (!found && !all) return go(TakeAt::look);
      self.result = found;
      return go(TakeAt::lowered);
    }
    case TakeAt::lowered:
      shared.mode = self.result != 0 ? Mode::versioned : Mode::plain;
      shared.flip_held = 0;
      return closed();
    case TakeAt::done:
      return false;
  }
  return false;
}

}  // namespace protocol
