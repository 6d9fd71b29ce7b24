#pragma once
// MapStats: what a map looks like inside, as plain numbers. Formattable by <midden/map_fmt.hpp>.
//
//   bucket    of a hash table: the place that a hash leads to first
//   chain     a bucket and the overflow buckets behind it
//   node      of an ordered map: a short run of keys, on level 0 (a leaf) or above
//   sample    a large map is not gone over: 1,024 buckets, or 1,024 nodes of each level, are looked
//             at, which lie evenly spread. Smaller maps are looked at whole, and figures are exact
//
// A field stays 0 where a backend has no such thing. Asking takes time that has a bound, whatever
// the size of the map, so it may be asked often. Only of a snapshot that is no copy the entries are counted, once.
//
// The first time that a map is asked it begins to sample look-ups, for `hottest`: one in 64, of all
// threads. A map that is never asked keeps no books.

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include <midden/build.hpp>

namespace midden::inline MIDDEN_ABI {

// A bucket that look-ups came to, those that found nothing too.
struct HotBucket {
  std::size_t bucket = 0;
  std::uint64_t look_ups = 0;  // estimated, not too high but by chance
  std::size_t chain = 0;       // buckets of its chain
};

struct MapStats {
  static constexpr std::size_t lengths = 8;
  static constexpr std::size_t most_levels = 16;
  static constexpr std::size_t most_hottest = 8;

  std::size_t entries = 0;
  std::size_t bytes = 0;       // all heap memory the map owns and uses, values and keys included
  std::size_t references = 0;  // references that a full scan of its state and tables reports
  double load = 0;             // entries for each slot of a bucket or word of a leaf; a sample on ordered maps

  // --- hash tables --------------------------------------------------------------------------

  std::size_t buckets = 0;   // that hashes lead to now, in both tables together during a resize
  std::size_t overflow = 0;  // overflow buckets in chains
  // Buckets of the sample whose chain has 1, 2, ... 7, and 8 or more buckets.
  std::array<std::size_t, lengths> chains{};
  // Entries of these chains that a look-up finds with 1, 2, ... 7, and 8 or more keys compared. Only
  // the first 64 buckets of a chain are gone over.
  std::array<std::size_t, lengths> probes{};
  bool resizing = false;
  double evacuated = 0;       // share of hashes that lead to the new table; 1 with no resize under way, 0 with no table
  std::size_t rebuilds = 0;   // under other hashes, tried because of a chain too long; since the map was empty
  std::string_view hash{};    // the function in use
  std::uint64_t sampled = 0;  // look-ups, estimated, since the first call, the last resize or rebuild
  // Buckets by look-ups among these, most first; one that has more than a sixth of them is here.
  std::array<HotBucket, most_hottest> hottest{};

  // --- ordered maps -------------------------------------------------------------------------

  std::size_t levels = 0;                        // from the leaves to the one node on top
  std::array<std::size_t, most_levels> nodes{};  // of each level, leaves first; estimated where there are many
  std::size_t free_bytes = 0;                    // touched memory of the arena that no entry or node uses
  // Of what has left the map and may still be read: entries that wait for cursors to close (of 4,096 of them at most),
  // of a concurrent map entries and nodes that wait for a grace period.
  std::size_t retired_bytes = 0;

  // --- snapshots (map_snapshot.hpp) ---------------------------------------------------------

  // Of those alone that the map keeps for its snapshots: a snapshot that is a copy holds nothing back and is not
  // counted.
  std::size_t snapshots = 0;                    // that are open
  std::chrono::nanoseconds oldest_snapshot{0};  // how long the oldest of them has been
  std::size_t held_bytes = 0;                   // of what has left the map and one of them may still show

  // --- maps that move to another backend (map_rebuild.hpp) ------------------------------------

  bool rebuilding = false;  // then all figures are those of both together
  double moved = 0;         // share of the entries that the new backend has
};

}  // namespace midden::inline MIDDEN_ABI
