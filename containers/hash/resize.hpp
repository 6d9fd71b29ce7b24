#pragma once
// Resizing: the entries move to a table of another size a bucket at a time, driven by writes.
//
//   grow      to twice the buckets when an insert finds 6.5 entries a bucket
//   shrink    to a quarter of them when an erase leaves fewer than 0.8
//
//   old   | evacuated: chunks are dropped | bound ▶ | still there: reads and writes go here |
//   now   | chunks are made as they are needed      |
//
// Each write evacuates two buckets of the old table, in order, so that no write moves more than
// two chains. Evacuating also the bucket that is written, in random order, would touch all of the
// new table at once while all of the old is there: 90 bytes an entry instead of 66 for 16-byte
// keys and 8-byte values, right after doubling.
//
// The ratio of 6.5 entries to 8 slots and evacuation by writes are those of Go's maps up to 1.23
// (The Go Authors, runtime/map.go). Chains have no holes (bucket.hpp), so unlike there no
// resize to the same size is needed.
//
// Threads: the map's one writer.

#include <cstddef>

#include <midden/attach.hpp>
#include <midden/build.hpp>

#include "containers/hash/find.hpp"
#include "containers/hash/state.hpp"

namespace midden::inline MIDDEN_ABI::containers::hash {

// Entries that a table of 2^log2 buckets takes before it doubles.
constexpr std::size_t most_entries(unsigned log2) noexcept {
  return log2 == 0 ? slots_per_bucket : std::size_t{13} << (log2 - 1);
}
// Entries below which a table of 2^log2 buckets shrinks.
constexpr std::size_t fewest_entries(unsigned log2) noexcept { return log2 < 4 ? 0 : most_entries(log2) / 8; }

// A new slot at the end of the chain for that hash, marked full and to be filled at once.
// Requires: an overflow bucket is there, or the chain has room.
Place append(Table& to, const Layout& layout, std::uint32_t hash) noexcept;

// Each is a safepoint. Those that throw OutOfMemory leave the map's entries as they were.

// Gives an empty map its first bucket.
void open_first(Attach& here, HashState& state);
// Before an insert: begins to double where that is due.
void grow_if_due(Attach& here, HashState& state);
// After an erase: begins to shrink where that is due, and evacuates. Where there is no memory
// for it, or a collection must come first and is deferred, it waits for more erasures before it asks again.
void shrink_if_due(Attach& here, HashState& state) noexcept;
// Before an insert or overwrite: evacuates two buckets where a resize is under way.
void advance_resize(Attach& here, HashState& state);

}  // namespace midden::inline MIDDEN_ABI::containers::hash
