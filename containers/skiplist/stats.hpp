#pragma once
// What a list looks like inside: the levels of its towers, and what waits for cursors.
//
//   level 2   1 node, its words counted         so there are 5 nodes on level 1
//   level 1   5 nodes, their words counted      so there are 150 leaves
//   level 0   150 leaves, their words counted
//
// From the top down: the words of a level are the nodes of the next. Of a level with many nodes a
// sample is gone over, spread evenly over the words above, and what is below is estimated from it.
//
// Threads: as a look-up.

#include <cstddef>

#include <midden/build.hpp>
#include <midden/map_stats.hpp>

#include "containers/skiplist/levels.hpp"

namespace midden::inline MIDDEN_ABI::containers::skiplist {

// Fills in `levels`, `nodes` and `load`. Throws std::bad_alloc.
void add_levels(const Levels& levels, Levels::Top top, MapStats& stats);

// Of at most 4,096 entries, linked by their version words.
std::size_t bytes_in_limbo(const Levels& levels, Offset first) noexcept;

}  // namespace midden::inline MIDDEN_ABI::containers::skiplist
