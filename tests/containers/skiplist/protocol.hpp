#pragma once
// The protocol by which writers, readers, snapshots and reclamation share an ordered map, as a
// specification that runs: small programs of atomic steps, of which every interleaving is tried.
//
//   edge     what leads to a node: a word of the node above it, or the top
//   version  a node or an entry; `prev` leads from it to the one that it replaced
//   word     of a leaf: its key leads to an entry. Of a node above: to a node
//   chained  an entry that was made where another was overwritten, the mode not being plain. It has a prev; one
//            that is not chained is the end of its chain
//   clock    counts snapshots: a snapshot at s sees what was stamped s or less
//   stripe   a lock of a writer's own, held through each of its operations
//   slot     where an open snapshot is registered: 0, a bound ("at least this"), or s itself
//   mode     plain: no snapshot is open. versioned: one may be. rising: nobody may rely on either
//   stamp    of a version: PENDING, until somebody settles it. Of an entry that is not chained: its birth
//   birth    the clock, read before what is new was published
//   death    of a version: the stamp of the version that came without it
//
// Writer: insert, overwrite, erase. It is inside from 1 to its end.
//   1. take the stripe; then read the mode. Only `plain` is plain.
//   2. load the edge; lock that leaf, L. Dead: start over at 2. Nothing to change: unlock, end.
//   3. birth = clock
//   plain:
//   4. overwrite: store the entry into the word; retire the old entry. Unlock L, end.
//   5. else make a copy L' with the change, stamp = birth, prev = 0; store it to the edge under the
//      parent's lock; mark L dead and unlock it; retire L and the erased entry. End.
//   else, insert and erase:
//   6. make L' with stamp = PENDING, prev = L, and *locked*; store it to the edge as above
//   7. mark L dead and unlock it
//   8. c = clock; CAS(L'.stamp, PENDING -> c); death = L'.stamp
//   9. No snapshot is between them, as L.stamp == death or as each slot shows that it is neither in [L.stamp, death)
//      nor a bound below death: L'.prev = L.prev, then retire L. Otherwise hold L until death.
//  10. The entry that left: L is gone (T5), and the word there was not carried (T4): retire it. Also where it is not
//      chained, and its stamp is death. Otherwise hold it until death.
//  11. unlock L', release the stripe. End.
//   else, an overwrite, which is one store. L stays, and is locked to the end; 3 is not needed:
//   4'. make E', chained, with stamp = PENDING, prev = E, the word's entry; store it into the word. Remember whether
//       the word was carried; it is not now.
//   8'. c = clock; CAS(E'.stamp, PENDING -> c); death = E'.stamp
//   9'. No snapshot is between them, as in 9: E'.prev = E.prev, or 0 where E is not chained.
//  10'. E: No snapshot is between, and the word was not carried: retire it. Otherwise as in 10.
//  11'. unlock L, release the stripe. End. So who locks a leaf finds its entries stamped.
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
//       is new below it has stamp = birth and prev = 0: nobody gets there but by the copy. It is locked until 11, too.
//   T3. All, plain and live ones too, help *each* node that they come through before they load an edge of
//       it: find at 2, writers on the way to the leaf. Writers could leave that out, see below.
//   T4. Each word has a bit, carried: a dead node leads there, too. It is set in all new nodes for the words that they
//       take over, not for the entry that an insert brings, and cleared when another node or entry is stored there.
//       Plain: none is set. An overwrite lets it be then, which only holds more.
//   T5. At 9, from the old one down to the leaf and the neighbour. A node is gone if no snapshot gets to its words:
//         the old one, as in 9; then copy.prev = old.prev;
//         what died below it, if the node above is gone and its word there was not carried.
//       Gone: retire it, but hold the old one if it was carried, as it still leads to its prev; of the words that new
//       nodes have from it only those stay carried that were so in it. Words of a joined leaf go by the leaf that
//       they come from, each. Not gone: hold it until death.
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
//   5. load the word
//   6. load the stamp of the entry; PENDING: as in 2
//   7. at s, and stamp > s, and the entry is chained: follow its prev, go to 6. A live find never does.
//   8. the value. A snapshot never ends at an entry whose stamp is above s.
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
//   1. held: each slot must have been seen not to need it: it is 0, or not below death; or, for an entry that is not
//      chained, it is s itself and below birth. Not so for nodes and chained entries: walks pass through younger
//      ones. Nor for bounds: s may turn out above birth.
//   2. then a grace period: all who were inside at its begin have been outside. Then it is free.
//
// Why no dangling prev is followed. A find at s follows V.prev only if s < V.stamp. What it reads, X, was either
// retired after V.prev was changed, then the find entered before, and grace waits for it; or X is held until its
// death d, and no snapshot is in [d, V.stamp), or V would not lead to it. So s < d: a look at the slot of s lets it go
// only before s is announced, and after d was settled, and s, which is read later, is not below d. Hence prev needs
// no clearing, whatever the offset has become.
//
// Why L' is born locked. Otherwise another writer gets at it while it is PENDING. One that overwrites in place returns,
// and then a snapshot is taken that stamps the leaf above itself: what has returned is not in it. One that replaces it
// may in step 9 take over a prev that the first is about to retire. Helping to stamp before that heals only the former.
//
// Why L is locked until E' is pruned. Whoever overwrites E' before that may take over its prev, as above, though it
// helps. A plain writer would do no harm, as what it stores has a stamp.
//
// Why new leaves are born locked. Who overwrites there clears a carried bit, while 9 changes the bits of new nodes, and
// they are not atomic. And nothing new can be changed while the copy above is PENDING: so writers need not help it.
// (Atomic bits would do as well for those that help: a bit that is set and need not be only holds more.) Readers take
// no locks, and have to help.
//
// Why what died with P is held as long as P, whatever its own stamp. A snapshot at s comes from P' by P to L if
// s < P'.stamp = death. If P is gone, nobody does: it was made after the last s, and so were its words that are
// not carried. The others have been in a node with an older stamp, so there may be a way to them.
//
// Why a carried leaf is held even where no snapshot lies between it and its copy. The copy is in P' only, and
// P, which is dead, leads to the leaf for ever. A snapshot that comes by P goes on from there by prev.
//
// Why a carried entry is held even where no snapshot lies between it and the next. L was copied, so that L, which is
// dead, and L' have the same E. If L.stamp <= s < E.stamp, the snapshot comes by L to E, and goes on from there by
// prev. One that is not chained needs no bit for that: all who come to it are at or above its birth, and so are seen
// between. But an entry of either kind needs it when it is erased: that nobody is between L' and its copy says nothing
// of those who come by L.
//
// Why a chained entry is held though its stamp is its death. No snapshot ends there, but one may pass through it.
//
// Why a bit, and not a rule of stamps. K may be stamped after P' is, so that its stamp tells nothing, and what
// replaces K later has the same stamp, while only the first of them was carried. To hold all would hold, while a
// snapshot is open, each leaf that is ever replaced below a node that has been copied since.
//
// Memory orders. The model is sequentially consistent: a step is one atomic access, together
// with what its thread does to memory that nobody else can reach, or is locked, or is released
// next. Threads that share memory have to make it so at these places:
//   edge, store release: load acquire           the copy and its entries
//   word in place, store release: load acquire  the entry, and its prev
//   prev set anew, store release: load acquire  what it leads to
//   leaf's lock                                 words, carried bits, stamp, prev, dead; entries' stamps, prevs
//   stripe's lock                               mode = rising before it: mode read after it
//   stamp, CAS acq_rel: load acquire            the clock is at least the stamp
//   slot = 0, release: look acquire             reads at s: the memory's next use
//   F1  edge or word stored, fence, clock read (8): clock moved, fence, edge and word loaded by a find at s
//       those and stamp loaded, fence, clock read:  the same, for who helps
//   F2  stamped, fence, slots looked at (also 9):   slot announced, fence, clock read for s
//   F3  mode = rising, fence, slots looked at:      slot announced, fence, mode read
// F1 to F3 are fences of memory_order_seq_cst. Each has a rule below that reverses one side.
//
// Not modelled: neighbours above leaves that are joined, entries that are fences, a clock that wraps. Locks above
// leaves are taken in one step with the store. What 9 does after the look is one step.

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
  bool helps_before_changing = false;     // instead of that: stamps what it is about to replace
  bool relinks = true;                    // past what it retires at once
  bool prunes_between = true;             // what no open snapshot needs, though one was between
  bool fears_bounds_between = true;       // a bound may become what needs it
  bool looks_after_stamping = true;       // at the slots
  bool holds_for_snapshots = true;        // what has been replaced
  // writers that overwrite, not plain
  bool chains_entries = true;  // the new one leads to the old one
  bool stamps_after_storing = true;
  bool reads_clock_after_storing = true;
  bool holds_leaf = true;               // until the entry is stamped and pruned
  bool relinks_entries = true;          // past what it retires at once
  bool marks_carried_entries = true;    // in new leaves: what dead ones lead to
  bool inherits_from_neighbour = true;  // for its words, where leaves are joined
  bool holds_carried_entries = true;    // when they are overwritten
  bool holds_carried_erased = true;     // when they leave with their leaf
  // writers that change the tree
  bool writers_help_above = true;   // what they come through on the way to the leaf
  bool checks_dead_above = true;    // before they store into an edge
  bool locks_neighbour = true;      // that is joined
  bool dates_new_nodes = true;      // below the copy: by their birth
  bool holds_copy_above = true;     // as holds_copy; and nodes above leaves that are new below it
  bool holds_new_leaves = true;     // as well
  bool atomic_bits = false;         // instead of that: another way, and writers have to help
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
  bool readers_help_entries = true;
  bool snapshots_help_entries = true;
  // snapshots
  bool announces_first = true;
  bool waits_for_plain_writers = true;
  bool waits_for_others_flip = true;  // trusts `versioned` only, not `rising`
  bool moves_clock = true;
  bool lowers_in_two_steps = true;  // marks the mode, then looks at the slots
  // reclamation
  bool waits_for_grace = true;
  bool holds_whole_chains = true;
  bool holds_whole_chains_of_entries = true;
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
