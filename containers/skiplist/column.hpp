#pragma once
// Column: the references of an opaque map, beside its arena.
//
// An entry whose value is a Ref holds a 32-bit index; the Ref itself stands here, so that the
// collector scans references in rows and never looks into the arena.
//
//   chunks ──▶ | chunk | chunk | ...       8192 references each; the first grows up to that
//   free   ──▶ | index | index | ...       indices that no entry holds, as a stack
//
// Invariants
//   1. An index is held by one entry, or stands in `free`, or was never given out.
//   2. The reference of an index that no entry holds is null.
//   3. `free` has room for every index that was given out, so `drop` never allocates.
//
// Threads: as the map.

#include <cstddef>
#include <cstdint>

#include <midden/array.hpp>
#include <midden/attach.hpp>
#include <midden/build.hpp>
#include <midden/describe.hpp>
#include <midden/ref.hpp>

namespace midden::inline MIDDEN_ABI::containers::skiplist {

class Column {
 public:
  Column() = default;
  Column(const Column&) = delete;
  Column& operator=(const Column&) = delete;

  Ref<void>& at(std::uint32_t index) const noexcept { return (*(*chunks_)[index / chunk_size])[index % chunk_size]; }

  // An index whose reference is null. May allocate first: a safepoint. Throws OutOfMemory, and
  // TooLarge where nearly 2^32 references are held.
  std::uint32_t take(Attach& here);
  void drop(std::uint32_t index) noexcept;

  // References that a scan reports, null ones not counted.
  std::size_t references() const noexcept { return 2 + chunk_count() + given_ - free_count_; }
  std::size_t bytes() const noexcept;  // of memory, its own object included

 private:
  static constexpr std::size_t chunk_size = 8192;
  static constexpr std::size_t least_room = 8;
  using Chunk = Array<Ref<void>>;

  void grow(Attach& here);
  std::size_t chunk_count() const noexcept { return (room_ + chunk_size - 1) / chunk_size; }

  Ref<Array<Ref<Chunk>>> chunks_;
  Ref<Array<std::uint32_t>> free_;
  std::size_t given_ = 0;       // indices below it have been given out
  std::size_t room_ = 0;        // references in chunks
  std::size_t free_count_ = 0;  // of the stack

 public:
  static constexpr auto midden_refs = refs<Column>(&Column::chunks_, &Column::free_);
};

}  // namespace midden::inline MIDDEN_ABI::containers::skiplist
