#pragma once
// Column: the values of an opaque map that are references or contain some, beside its arena.
//
// An entry with such a value holds a 32-bit index; the value itself stands here, so that the
// collector scans references in rows and never looks into the arena.
//
//   chunks ──▶ | chunk | chunk | ...       rows of values (map_composite.hpp), up to 64 KiB each; the first grows up to
//   that free   ──▶ | index | index | ...       indices that no entry holds, as a stack
//
// Invariants
//   1. An index is held by one entry, or stands in `free`, or was never given out.
//   2. The references of an index that no entry holds are null.
//   3. `free` has room for every index that was given out, so `drop` never allocates.
//
// Threads: as the map.

#include <cstddef>
#include <cstdint>

#include <midden/array.hpp>
#include <midden/attach.hpp>
#include <midden/build.hpp>
#include <midden/describe.hpp>
#include <midden/map_composite.hpp>
#include <midden/ref.hpp>

namespace midden::inline MIDDEN_ABI::containers::skiplist {

// What a value is that is a reference.
const MapComposite& single_reference();

class Column {
 public:
  // Of such values.
  explicit Column(const MapComposite& kind) noexcept;
  Column(const Column&) = delete;
  Column& operator=(const Column&) = delete;

  bool of_single_references() const noexcept { return single_; }
  std::size_t value_bytes() const noexcept { return kind_->bytes; }

  // The value of an index, and the heap object in which it stands.
  std::byte* at(std::uint32_t index) const noexcept {
    return kind_->value(row_of(index), index & ((std::size_t{1} << chunk_log2_) - 1));
  }
  void* row_of(std::uint32_t index) const noexcept { return (*chunks_)[index >> chunk_log2_].get(); }
  void put(std::uint32_t index, const void* value) noexcept { kind_->copy(at(index), value); }

  // An index whose references are null. May allocate first: a safepoint. Throws OutOfMemory, and
  // TooLarge where nearly 2^32 values are held.
  std::uint32_t take(Attach& here);
  void drop(std::uint32_t index) noexcept;
  // Forgets all values.
  void reset() noexcept;

  // References that a scan reports, null ones not counted; but for those, where a value has several.
  std::size_t references() const noexcept {
    return (chunks_ ? 2U : 0U) + chunk_count() + (given_ - free_count_) * kind_->refs.size();
  }
  std::size_t bytes() const noexcept;  // of memory, its own object included

 private:
  static constexpr std::size_t most_chunk_bytes = std::size_t{64} << 10;
  static constexpr std::size_t least_room = 8;

  void grow(Attach& here);
  std::size_t chunk_size() const noexcept { return std::size_t{1} << chunk_log2_; }
  std::size_t chunk_count() const noexcept { return (room_ + chunk_size() - 1) >> chunk_log2_; }

  const MapComposite* const kind_;
  Ref<Array<Ref<void>>> chunks_;
  Ref<Array<std::uint32_t>> free_;
  std::size_t given_ = 0;           // indices below it have been given out
  std::size_t room_ = 0;            // values in chunks
  std::size_t free_count_ = 0;      // of the stack
  const std::uint32_t chunk_log2_;  // values of a full chunk
  const bool single_;

 public:
  static constexpr auto midden_refs = refs<Column>(&Column::chunks_, &Column::free_);
};

}  // namespace midden::inline MIDDEN_ABI::containers::skiplist
