#pragma once
// The memory of one opaque map: at most 27 segments, addressed by 32-bit offsets.
//
//   unit      4 bytes; sizes and offsets in the arena are counted in it
//   offset    names a unit of the arena; 0 names none
//   segment   128 bytes for the first, each twice the one before: 16 GiB in total
//   window    what is left of the newest segment; new memory is cut from its begin
//   chunk     memory that was given back
//   bins      lists of chunks by size
//   trim      what returns pages that are wholly free to the system (trim.hpp)
//
//    offset   0..31 | 32..63    | 64..127   | 128..255  | ...           | 2^31..2^32-1
//             none  | segment 0 | segment 1 | segment 2 |               | segment 26
//
// The highest bit of an offset says in which segment it lies, so that bases moved back by a
// segment's first offset turn it into an address with one look-up and one addition:
//
//    address = base[leading bit - 5] + 4 * offset
//
// Five bases stand in the object; a map past 4 KiB keeps all 27, and the bins, at the begin of
// the first segment that is 4 KiB or more. Before that nothing given back is used again, which
// costs less than the bins would. What a trim needs stands at the begin of the segments that it looks after.
//
// Invariants
//   1. A segment never moves and is never copied; a byte of it belongs to one allocation, one
//      chunk or the rest of one, the tables or the trim, the window, or is lost: what was given back before there were
//      bins.
//   2. A segment is skipped only where a single allocation is larger; segments are asked for in
//      ascending order, each once.
//   3. A call that throws has changed nothing.
//
// Threads: as the map: one writer or many readers. With tables from its first segment on, `at` of an offset that was
// published may run beside a writer that opens segments.
// It returns no segment before reset().

#include <array>
#include <cstddef>
#include <cstdint>

#include "containers/skiplist/bins.hpp"
#include "containers/skiplist/memory.hpp"
#include "containers/skiplist/trim.hpp"

namespace midden::inline MIDDEN_ABI::containers::skiplist {

using Offset = std::uint32_t;

class Arena {
 public:
  static constexpr unsigned max_segments = 27;
  static constexpr std::size_t unit_bytes = 4;

  // A limit below 27 segments is for tests of what happens there.
  explicit Arena(unsigned limit = max_segments) noexcept : limit_(static_cast<std::uint8_t>(limit)) {}
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  static unsigned segment_of(Offset offset) noexcept { return static_cast<unsigned>((31 ^ __builtin_clz(offset)) - 5); }
  std::uintptr_t address(Offset offset) const noexcept { return bases_[segment_of(offset)] + unit_bytes * offset; }
  std::byte* at(Offset offset) const noexcept { return reinterpret_cast<std::byte*>(address(offset)); }
  // Of memory in that segment.
  Offset offset_of(unsigned segment, std::uintptr_t address) const noexcept {
    return static_cast<Offset>((address - bases_[segment]) / unit_bytes);
  }

  // Asks the processor for the line at an offset. Inlined always, as is whatever only calls it:
  // g++ 12 takes such a function for one without effect and drops the calls.
  [[gnu::always_inline]] void prefetch(Offset offset) const noexcept { __builtin_prefetch(at(offset)); }

  // Memory of that many bytes. Throws what Memory::segment throws, and TooLarge past the limit.
  Offset allocate(Memory& memory, std::size_t bytes);

  // The same, beginning at a cache line where the window has room for it.
  Offset allocate_lines(Memory& memory, std::size_t bytes);

  // The same from memory that was given back alone; 0 where there is none that fits.
  Offset reuse(std::size_t bytes) noexcept;

  // Whether the newest segment has room for that many bytes, also at a cache line.
  bool has_room(std::size_t bytes) const noexcept;

  // The segment that an allocation of that many bytes would open; and opens it. Throw as allocate does.
  unsigned next_segment(std::size_t bytes) const;
  void open_segment(Memory& memory, std::size_t bytes);
  static constexpr std::size_t segment_bytes(unsigned index) noexcept { return std::size_t{128} << index; }
  // What the arena itself takes of a segment at most.
  static std::size_t lead_bytes(unsigned index) noexcept;

  // What an allocation of that many bytes takes: a multiple of 4, and past 128 bytes of an eighth
  // of the power of two below, as the bins want it.
  static std::size_t allocation_bytes(std::size_t bytes) noexcept;

  // Takes back an allocation that was of that many bytes.
  void release(Offset offset, std::size_t bytes) noexcept;

  // Takes back a part of one, of any multiple of 4 bytes. There are bins.
  void release_part(Offset offset, std::size_t bytes) noexcept;

  // Whether there is something to trim (trim.hpp), and whether that has begun.
  bool is_trim_due() noexcept;
  bool is_trimming() const noexcept;
  // Requires: it is due. Trims some; pages of a run may be discarded, then it goes to `put_run`.
  Run trim(unsigned work) noexcept;
  void put_run(Run run) noexcept;
  // All of that, for one writer.
  void trim(Pages& pages, unsigned work) noexcept;

  // Forgets all segments.
  void reset() noexcept;

  // Bytes of memory that were written to at some time, in whole pages of 4 KiB; and without those that a trim has
  // given back.
  std::size_t touched() const noexcept;
  std::size_t present() const noexcept;

  // Bytes of the newest segment, and of all others.
  std::size_t newest_bytes() const noexcept { return newest_; }
  std::size_t closed_bytes() const noexcept { return closed_; }

  // Bytes allocated and not released.
  std::size_t in_use() const noexcept { return in_use_; }

  // For checks: the bins and what a trim has taken out of them, null where there are none; and whether all of an
  // allocation of that many bytes lies in memory that was handed out.
  std::array<const Bins*, 2> all_bins() const noexcept;
  bool handed_out(Offset offset, std::size_t bytes) const noexcept;

 private:
  static constexpr unsigned inline_segments = 5;

  // What a map past 4 KiB keeps at the begin of a segment.
  struct Tables;
  void open_segment_for(Memory& memory, std::size_t units);
  unsigned next_segment_for(std::size_t units) const;
  bool tables_come_in(unsigned index) const noexcept { return tables_ == nullptr && index >= inline_segments; }
  std::size_t lead_units_in(unsigned index) const noexcept;
  bool trim_comes_in(unsigned index) const noexcept;
  void make_lead(unsigned index, std::uintptr_t base) noexcept;
  Offset take_chunk(std::size_t units) noexcept;
  void end_trim(Pages& pages) noexcept;
  Offset open_segment_or_find(Memory& memory, std::size_t units);
  void put(Offset offset, std::uint32_t units) noexcept;
  Census* census_of(Offset offset) const noexcept;
  Offset cut(std::uint32_t units) noexcept;

  std::uintptr_t first_bases_[inline_segments] = {};
  std::uintptr_t* bases_ = first_bases_;
  Tables* tables_ = nullptr;
  std::size_t in_use_ = 0;
  std::size_t newest_ = 0;
  std::size_t closed_ = 0;
  Offset window_ = 0;          // begin of the window
  std::uint32_t left_ = 0;     // its units
  std::uint8_t segments_ = 0;  // index of the next segment
  std::uint8_t limit_;
};

}  // namespace midden::inline MIDDEN_ABI::containers::skiplist
