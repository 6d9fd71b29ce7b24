#pragma once
// The protocol by which writers, readers, snapshots and reclamation share an ordered map, as a
// specification that runs: small programs of atomic steps, of which every interleaving is tried.
//
//   edge     what leads to a node: a word of the node above it, or the top
//   version  a node; `prev` leads from it to the one that it replaced
//   word     of a leaf: its key leads to an entry; entries never change. Of a node above: to a node
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
//   9. No snapshot is between them, as L.stamp == death or as each slot shows that it is neither in [L.stamp, death)
//      nor a bound below death: L'.prev = L.prev, then retire L. Otherwise hold L as [L.stamp, death).
//  10. The entry that left: birth == death: retire it. Otherwise hold it as [birth, death). Its
//      leaf's rule is not enough: older versions may have the entry, too.
//  11. unlock L', release the stripe. End.
//
// Changes of the tree: leaves are cut or joined, and one store puts a changed node above in place of the old:
//
//    top ──▶ G ─┬▶ P ─┬▶ L          top ──▶ G ─┬▶ P'─┬▶ A, B       dead: L and P. P' is the copy.
//               │     └▶ K                     │     └▶ K          A and B are new below it.
//               └▶ Q ──▶ M                     └▶ Q ──▶ M          K is carried: both P and P' lead to it.
//
//   Where P is full, G' is the copy, with new nodes in place of P below it and Q carried. Where the top node is a leaf
//   that is cut, or one with a single leaf left, old and copy are of different levels.
//   T1. Locks: the leaf, then the nodes to be replaced from below, then the one with the edge. One of them
//       is dead: the way down again from the top, with the leaf locked. A neighbour to be joined is
//       tried, and left alone where another has it.
//   T2. The copy is what a writer makes in 6: PENDING, prev = the old one, locked until 11, on whatever level. What
//       is new below it has stamp = birth and prev = 0: nobody gets there but by the copy.
//   T3. All, plain and live ones too, help *each* node that they come through before they load an edge of
//       it: find at 2, writers on the way to the leaf.
//   T4. Each word above leaves has a bit, carried: a dead node leads there, too. It is set in all new nodes for the
//       words that they take over, and cleared when another node is stored there. Plain: none is set.
//   T5. At 9, from the old one down to the leaf and the neighbour. A node is gone if no snapshot gets to its words:
//         the old one, as in 9; then copy.prev = old.prev;
//         what died below it, if the node above is gone and its word there was not carried.
//       Gone: retire it, but hold the old one if it was carried, as it still leads to its prev; in its copy only
//       those words stay carried that were so in it. Not gone: hold it as [its stamp, death).
//       A leaf that is replaced alone is an old one as well: carried, it is held.
//   T6. An empty list has no leaf, the top is 0. The first leaf is a copy whose prev says that there was
//       nothing. A list that becomes empty keeps an empty leaf, unless the mode is plain.
//   Plain: stamp = birth and prev = 0 for all that is new, retire all that is dead.
//
// Find, in a read section, live or at s:
//   1. load the edge
//   2. load the stamp; PENDING: c = clock; CAS(stamp, PENDING -> c), and take what is there then
//   3. at s, and stamp > s: follow prev, go to 2. A live find never follows prev.
//   4. above leaves: load the edge below, go to 2
//   5. load the word, then the entry
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
// Why what died with P is held as long as P, whatever its own stamp. A snapshot at s comes from P' by P to L if
// s < P'.stamp = death. If P is gone, nobody does: it was made after the last s, and so were its words that are
// not carried. The others have been in a node with an older stamp, so there may be a way to them.
//
// Why a carried leaf is held even where no snapshot lies between it and its copy. The copy is in P' only, and
// P, which is dead, leads to the leaf for ever. A snapshot that comes by P goes on from there by prev.
//
// Why a bit, and not a rule of stamps. K may be stamped after P' is, so that its stamp tells nothing, and what
// replaces K later has the same stamp, while only the first of them was carried. To hold all would hold, while a
// snapshot is open, each leaf that is ever replaced below a node that has been copied since.
//
// Why new leaves are not born locked. Who comes to them has helped the copy above, so whatever is stored
// below it comes after its stamp. (Born locked, they would do for writers, but readers have to help anyway.)
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
//   F2  stamped, fence, slots looked at (also 9):   slot announced, fence, clock read for s
//   F3  mode = rising, fence, slots looked at:      slot announced, fence, mode read
// F1 to F3 are fences of memory_order_seq_cst. Each has a rule below that reverses one side.
//
// Not modelled: neighbours above leaves that are joined, entries that are fences, a clock that wraps. Locks above
// leaves are taken in one step with the store.

#include <vector>

#include "tests/containers/skiplist/protocol_history.hpp"

namespace protocol {

inline constexpr unsigned max_levels = 3;
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
  bool prunes_between = true;             // what no open snapshot needs, though one was between
  bool fears_bounds_between = true;       // a bound may become what needs it
  bool looks_after_stamping = true;       // at the slots
  bool holds_for_snapshots = true;        // what has been replaced
  bool entries_go_alone = true;           // by their own birth, not by that of their leaf
  // writers that change the tree
  bool writers_help_above = true;   // what they come through on the way to the leaf
  bool checks_dead_above = true;    // before they store into an edge
  bool locks_neighbour = true;      // that is joined
  bool dates_new_nodes = true;      // below the copy: by their birth
  bool holds_copy_above = true;     // as holds_copy; and nodes above leaves that are new below it
  bool holds_new_leaves = false;    // as well, and no need to help: another way, more locks
  bool keeps_empty_leaf = true;     // where the list becomes empty
  bool prunes_above = true;         // as relinks; without it, all is held
  bool holds_below = true;          // what died with a node, while that is held
  bool marks_carried = true;        // what dead nodes lead to
  bool holds_carried = true;        // when it is replaced
  bool holds_carried_below = true;  // when it dies with the node above
  bool holds_below_carried = true;  // what died with it
  // readers
  bool readers_help = true;
  bool snapshots_help = true;
  bool readers_help_above = true;
  bool snapshots_help_above = true;
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
  unsigned edges = 1;                 // leaves; 0: none, an empty list
  unsigned levels = 1;                // above 1: one top, with leaves below
  unsigned parents = 1;               // of two leaves, below a third level
  std::vector<Small> present = {0};   // keys that are there at the start
  bool reclaimer_apart = false;
  Rules rules = {};
};

}  // namespace protocol
