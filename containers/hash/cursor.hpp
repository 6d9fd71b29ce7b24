#pragma once
// Walking: hashes are visited in ascending order, from a random one round to the same again.
//
//   0 ......... start ........ next ......... 2^32
//   |  visited last |  visited  |  to visit     |     a bucket holds the hashes of an interval
//
// The entries of one interval at a time are copied into a chunk of the cursor's own. Tables that
// grow or shrink meanwhile only divide or join intervals, so where the walk has got to is one
// number in every table, and the copies tell what of the last interval is still to show. After a
// write each copied entry is looked up by its key before it is shown, and left out or refreshed.
//
//   position   next, start, wrapped, shown, count, capacity, writes, epoch
//   held[0]    the copies: keeps key and value objects of the interval alive
//   held[1]    the value object of `locate`
//   copy       what was done under earlier seeds (reseed.hpp); of `locate`: the value
//
// Invariants
//   1. Entries with hashes in [start, next) have been copied; those in front of it have not.
//   2. What the cursor shows lies in its own chunk, or in a Bytes object that the chunk names,
//      and neither is written before the cursor moves.
//   3. After a clear of the map the walk is over.
//
// Threads: a cursor belongs to one; several may walk while nobody writes.

#include <midden/attach.hpp>
#include <midden/build.hpp>
#include <midden/map_backend.hpp>

#include "containers/hash/state.hpp"

namespace midden::inline MIDDEN_ABI::containers::hash {

bool first_entry(Attach& here, HashState& state, MapCursor& cursor);
bool next_entry(Attach& here, HashState& state, MapCursor& cursor);
void close_cursor(MapCursor& cursor);

// Shows the value of one key; does not walk.
bool locate_entry(const HashState& state, MapCursor& cursor, MapKey key);

}  // namespace midden::inline MIDDEN_ABI::containers::hash
