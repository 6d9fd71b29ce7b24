#pragma once
// Column: the values of an opaque map that are references or contain some, beside its arena.
//
// An entry with such a value holds an index (entry_index.hpp); the value itself stands here, so that the
// collector scans references in rows and never looks into the arena.
//
//   chunk      a row of values (map_composite.hpp), and a row of links, one for each of them
//   free       an index that nobody has: linked with others, or one that was never given out
//
//   directory ──▶ | values, links | values, links | ...     chunks double up to 64 KiB of values: 8, 8, 16, 32, ...
//
// A chunk stays where it is, so a value is read while others come.
//
// Invariants
//   1. An index is free or taken. One that is taken has one owner: an entry, or who has taken it and not passed it on.
//   2. The references of a free index are null, and of one that was just taken.
//   3. The owner alone writes an index's value and its link, and the value only while no entry shows it.
//
// Threads: any, but for reset(). What leads a reader to an index, and an index to its next owner, is the
// owners': the lock here orders only what the free ones were and will be.

#include <bit>
#include <cstddef>
#include <cstdint>
#include <mutex>

#include <midden/array.hpp>
#include <midden/attach.hpp>
#include <midden/build.hpp>
#include <midden/describe.hpp>
#include <midden/map_composite.hpp>
#include <midden/ref.hpp>

#include "containers/skiplist/entry_index.hpp"
#include "containers/skiplist/spin.hpp"

namespace midden::inline MIDDEN_ABI::containers::skiplist {

// What a value is that is a reference.
const MapComposite& single_reference();

class Column {
 public:
  // Of such values.
  explicit Column(const MapComposite& kind) noexcept;
  Column(const Column&) = delete;
  Column& operator=(const Column&) = delete;

  bool of_single_references() const noexcept;
  std::size_t value_bytes() const noexcept { return kind_->bytes; }

  // The value of an index, and the heap object in which it stands.
  std::byte* at(std::uint32_t index) const noexcept {
    const Spot spot = spot_of(index);
    return kind_->value(values(spot.chunk), spot.index);
  }
  void* row_of(std::uint32_t index) const noexcept { return values(spot_of(index).chunk); }
  // `value`: the bytes of one; their objects are alive.
  void put(std::uint32_t index, const void* value) noexcept { kind_->copy(at(index), value); }
  bool has(std::uint32_t index, const void* value) const noexcept;
  void clear(std::uint32_t index) noexcept { kind_->clear(at(index)); }
  // For lists of indices that have one owner; EntryIndex::none ends them.
  std::uint32_t& link(std::uint32_t index) const noexcept {
    const Spot spot = spot_of(index);
    return links(spot.chunk)[spot.index];
  }

  // A free index. May allocate first: a safepoint. Throws OutOfMemory, and TooLarge where nearly 2^31 values are held.
  std::uint32_t take(Attach& here);
  // Clears it, too.
  void drop(std::uint32_t index) noexcept;

  // Puts up to `most` free indices in front of that list; how many. Back: the first `count` of it, which are clear.
  unsigned take_some(std::uint32_t& list, unsigned most) noexcept;
  void give_back(std::uint32_t& list, unsigned count) noexcept;
  bool has_free() const noexcept;
  // Adds a chunk, unless another thread does. A safepoint; throws as take.
  void grow(Attach& here);

  // Forgets all values. Nobody else is here.
  void reset() noexcept;

  // References that a scan reports, where about `clear` indices are taken and have no value yet or any more; null ones
  // not counted, but for those where a value has several.
  std::size_t references(std::size_t clear = 0) const noexcept;
  std::size_t bytes() const noexcept;  // of memory, its own object included
  std::size_t taken() const noexcept;  // indices

 private:
  static constexpr std::size_t most_chunk_bytes = std::size_t{64} << 10;
  static constexpr std::uint32_t most_first_log2 = 3;  // values of the first chunk
  using Directory = Array<Ref<void>>;
  using Links = Array<std::uint32_t>;

  struct Spot {
    std::size_t chunk;
    std::uint32_t index;
  };

  Spot spot_of(std::uint32_t index) const noexcept {
    if (index >> chunk_log2_ != 0) [[likely]] {
      return {(index >> chunk_log2_) + chunk_log2_ - first_log2_, index & ((std::uint32_t{1} << chunk_log2_) - 1)};
    }
    const auto doublings = static_cast<unsigned>(std::bit_width(index >> first_log2_));
    return {doublings, doublings == 0 ? index : index & ((std::uint32_t{1} << (first_log2_ + doublings - 1)) - 1)};
  }
  void* values(std::size_t chunk) const noexcept { return (*directory_.get())[2 * chunk].get(); }
  std::uint32_t* links(std::size_t chunk) const noexcept {
    return static_cast<Links*>((*directory_.get())[2 * chunk + 1].get())->data();
  }
  std::uint32_t pop() noexcept;
  std::size_t chunk_count() const noexcept { return room_ == 0 ? 0 : spot_of(room_ - 1).chunk + 1; }

  const MapComposite* const kind_;
  AtomicRef<Directory> directory_;
  const std::uint32_t chunk_log2_;  // values of a full chunk
  const std::uint32_t first_log2_;  // of the first one
  mutable SpinLock lock_;           // of all below, and of the directory's stores
  std::uint32_t free_ = EntryIndex::none;
  std::uint32_t free_count_ = 0;
  std::uint32_t given_ = 0;  // indices below it have been given out
  std::uint32_t room_ = 0;   // values in chunks

 public:
  static constexpr auto midden_refs = refs<Column>(&Column::directory_);
};

}  // namespace midden::inline MIDDEN_ABI::containers::skiplist
