#pragma once
// The protocol by which writers, readers, snapshots and reclamation share an ordered map, as a
// specification that runs: small programs of atomic steps, of which every interleaving is tried.
//
//   edge     the place in a parent node that leads to a leaf
//   version  a leaf; `prev` leads from it to the one that it replaced
//   word     of a leaf: its key leads to an entry; entries never change
//   clock    counts snapshots: a snapshot at s sees what was stamped s or less
//   stripe   a lock of a writer's own, held through each of its operations
//   slot     where an open snapshot is registered: 0, a bound ("at least this"), or s itself
//   mode     plain: no snapshot is open. versioned: one may be. rising: nobody may rely on either
//   birth    of an entry: the clock, read before the entry was published
//   death    of a version or an entry: the stamp of the version that came without it
//
// Writer: insert, overwrite, erase. It is inside from 1 to its end.
//   1. take the stripe; then read the mode. Only `plain` is plain.
//   2. load the edge; lock that leaf, L. Dead: start over at 2. Nothing to change: unlock, end.
//   3. birth = clock
//   plain:
//   4. overwrite: store the entry into the word; retire the old entry. Unlock L, end.
//   5. else make a copy L' with the change, stamp = birth, prev = 0; store it to the edge under the
//      parent's lock; mark L dead and unlock it; retire L and the erased entry. End.
//   else, overwrites too:
//   6. make L' with stamp = PENDING, prev = L, and *locked*; store it to the edge as above
//   7. mark L dead and unlock it
//   8. c = clock; CAS(L'.stamp, PENDING -> c); death = L'.stamp
//   9. L.stamp == death, no snapshot is between them: L'.prev = L.prev, then retire L.
//      Otherwise hold L as [L.stamp, death).
//  10. The entry that left: birth == death: retire it. Otherwise hold it as [birth, death). Its
//      leaf's rule is not enough: older versions may have the entry, too.
//  11. unlock L', release the stripe. End.
//   A leaf that is divided has two copies: both as in 6, linked one after the other while L is
//   locked; then 8 and 9 for each, but L itself is retired only if both stamps are that of L, and
//   otherwise held until the later.
//
// Find, in a read section, live or at s:
//   1. load the edge
//   2. load the stamp; PENDING: c = clock; CAS(stamp, PENDING -> c), and take what is there then
//   3. at s, and stamp > s: follow prev, go to 2. A live find never follows prev.
//   4. load the word, then the entry
//
// snapshot():
//   1. slot = bound(clock)
//   2. mode is not `versioned`: lock flips; still not: mode = rising; take and release every
//      stripe; mode = versioned; unlock flips
//   3. s = clock; CAS(clock, s -> s + 1), and no matter who did it
//   4. slot = s
//
// close():
//   1. slot = 0; another slot is not 0: end, its owner will do the rest
//   2. lock flips; mode is not `versioned`: unlock, end
//   3. mode = rising; then look at all slots again; mode = all 0 ? plain : versioned; unlock flips
//   It is safe to return to `versioned` without stripes, as nobody has seen `plain`. Writers that
//   entered in another mode may run on beside plain ones: both lock the leaf.
//
// Reclamation of what was held or retired:
//   1. held: each slot must have been seen not to need it: it is 0, or not below death; or, for
//      an entry, it is s itself and below birth. Not so for leaves: walks pass through younger ones.
//      Nor for bounds: s may turn out above birth.
//   2. then a grace period: all who were inside at its begin have been outside. Then it is free.
//
// Why no dangling prev is followed. A find at s follows V.prev only if s < V.stamp. What it reads,
// X, was either retired after V.prev was changed, then the find entered before, and grace waits
// for it; or X is held until a death that is not below V.stamp: then a look at the slot of s lets it
// go only before s is announced, and after the stamp, and s, which is read later, is not below death.
// Hence prev needs no clearing, whatever the offset has become.
//
// Why L' is born locked. Otherwise another writer gets at it while it is PENDING. One that is plain
// overwrites in place and returns, and then a snapshot is taken that stamps the leaf above itself:
// what has returned is not in it. One that is versioned replaces it and may in step 9 take over a
// prev that the first is about to retire. Helping to stamp before the copy heals only the former.
//
// Memory orders. The model is sequentially consistent: a step is one atomic access, together
// with what its thread does to memory that nobody else can reach, or is locked, or is released
// next. Threads that share memory have to make it so at these places:
//   edge, store release: load acquire           the copy and its entries
//   word in place, store release: load acquire  the entry
//   leaf's lock                                 words, stamp, prev, dead
//   stripe's lock                               mode = rising before it: mode read after it
//   stamp, CAS acq_rel: load acquire            the clock is at least the stamp
//   slot = 0, release: look acquire             reads at s: the memory's next use
//   F1  edge stored, fence, clock read (8):         clock moved, fence, edge loaded by a find at s
//       edge and stamp loaded, fence, clock read:   the same, for who helps
//   F2  stamped, fence, slots looked at:            slot announced, fence, clock read for s
//   F3  mode = rising, fence, slots looked at:      slot announced, fence, mode read
// F1 to F3 are fences of memory_order_seq_cst. Each has a rule below that reverses one side.
//
// Not modelled: parents that change (here edges are written under their lock, which is a step),
// leaves that are combined, a clock that wraps.

#include <vector>

#include "tests/containers/skiplist/protocol_history.hpp"

namespace protocol {

inline constexpr unsigned max_writers = 2;
inline constexpr unsigned max_takers = 2;

// What the protocol says, each to be broken by a test that shows the breach to be found.
struct Rules {
  // writers
  bool checks_dead = true;       // after locking a leaf
  bool marks_dead = true;        // what it has replaced
  bool sees_mode_inside = true;  // the mode is read after the stripe is taken
  bool stamps_after_linking = true;
  bool reads_clock_after_linking = true;  // for the stamp
  bool stamps_once = true;                // by compare and swap
  bool holds_copy = true;                 // a copy is born locked, until it is stamped and pruned
  bool helps_before_copying = false;      // instead of that: stamps what it is about to replace
  bool relinks = true;                    // past what it retires at once
  bool looks_after_stamping = true;       // at the slots
  bool holds_for_snapshots = true;        // what has been replaced
  bool entries_go_alone = true;           // by their own birth, not by that of their leaf
  bool waits_for_both_halves = true;      // of a leaf that it has divided
  // readers
  bool readers_help = true;
  bool snapshots_help = true;
  // snapshots
  bool announces_first = true;
  bool waits_for_plain_writers = true;
  bool waits_for_others_flip = true;  // trusts `versioned` only, not `rising`
  bool moves_clock = true;
  bool lowers_in_two_steps = true;  // marks the mode, then looks at the slots
  // reclamation
  bool waits_for_grace = true;
  bool holds_whole_chains = true;
  bool tells_bounds = true;  // a slot says whether it is a bound
};

// Who does what.
struct Setup {
  std::vector<std::vector<Op>> writers = {};
  std::vector<Small> finds = {};  // keys that the live reader looks for
  unsigned takers = 1;
  unsigned rounds = 1;                // snapshots that each takes
  std::vector<Small> reads = {0, 0};  // keys that each snapshot reads
  unsigned edges = 1;                 // leaves
  bool divides = false;               // the only leaf, with the first copy
  std::vector<Small> present = {0};   // keys that are there at the start
  bool reclaimer_apart = false;
  Rules rules = {};
};

}  // namespace protocol
