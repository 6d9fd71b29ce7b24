#pragma once
// Trim: finds the pages of an arena on which nothing lies any more, for the system to have them back.
//
//   page     4 KiB of addresses
//   census   how many units of each page are free
//   aside    chunks that the trim has taken out of the bins
//   run      free pages side by side, 2 to 512
//
//    bins ──▶ aside ── count ──▶ census ── sort ──▶ bins            what lies on pages that stay
//                                       ── look ──▶ runs ──▶ the system, then the bins: a chunk or two each
//
// It goes over the free memory twice, some of it at a step; meanwhile the arena lives from its window and from what
// comes back, which the trim leaves alone. Chunks that fill a page come out of it merged.
//
// It begins where half of what the arena has touched is free, and again when what is in use has halved, or so much has
// come and gone that its cost is lost in theirs. It leaves alone what lies in segments below 1 MiB.
//
// The census lies at the begin of each segment, 2 bytes for a page, and is not touched before the first trim.
//
// Threads: as the arena's.
// It moves nothing: a page with one entry on it stays, and where a map loses entries at random, nearly each page has
// one.

#include <cstddef>
#include <cstdint>

#include "containers/skiplist/bins.hpp"

namespace midden::inline MIDDEN_ABI::containers::skiplist {

class Arena;

// Units that are nobody's; none where `units` is 0.
struct Run {
  std::size_t bytes() const noexcept { return std::size_t{4} * units; }
  std::uint32_t begin = 0;
  std::uint32_t units = 0;
};

class Trim {
 public:
  static constexpr unsigned first_segment = 13;

  // Of a segment of that index: what its census takes; and tells where it is.
  static constexpr std::size_t census_bytes(unsigned segment) noexcept {
    return segment < first_segment ? 0 : sizeof(std::uint16_t) * ((std::size_t{128} << segment >> page_log2) + 2);
  }
  void add_census(unsigned segment, std::uint32_t at) noexcept { census_[segment] = at; }

  // So much was given back.
  void note_freed(std::size_t bytes) noexcept { freed_ += bytes; }

  // Asked now and then; remembers how large the map has become since the last one.
  bool is_due(std::size_t free, std::size_t in_use) noexcept;
  bool is_at_work() const noexcept { return phase_ != Phase::rest; }

  // Requires: it is not at work.
  void begin(const Arena& arena, Bins& bins) noexcept;
  // Goes on with about so many chunks and pages. Ends at a run, which is the caller's from then on.
  Run step(const Arena& arena, Bins& bins, unsigned work) noexcept;

  // For checks: free chunks that are in no bin.
  const Bins& aside() const noexcept { return aside_; }

 private:
  static constexpr unsigned page_log2 = 12;
  static constexpr std::size_t page_bytes = std::size_t{1} << page_log2;
  static constexpr std::uint32_t page_units = page_bytes / 4;
  static constexpr std::size_t most_pages = 512;  // of a run
  static constexpr std::size_t least_free = std::size_t{1} << 20;
  static constexpr unsigned segments = 27;

  enum class Phase : std::uint8_t { rest, count, sort, look };

  std::uint16_t* census(const Arena& arena, unsigned segment) const noexcept;
  void count_next(const Arena& arena) noexcept;
  void sort_next(const Arena& arena, Bins& bins) noexcept;
  Run look_next(const Arena& arena, Bins& bins) noexcept;
  void end(const Arena& arena) noexcept;

  static constexpr std::size_t always = ~std::size_t{0};

  Phase phase_ = Phase::rest;
  unsigned at_ = 0;                      // count, sort: the class; look: the segment
  std::uint32_t next_ = 0;               // count: the next chunk of the class
  std::size_t page_ = 0;                 // look: the next page of the segment
  unsigned end_ = 0;                     // of the segments that were there when it began
  std::size_t freed_ = 0;                // bytes, since the last one
  std::size_t due_at_ = always;          // bytes in use
  std::uint32_t census_[segments] = {};  // 0: the segment has none
  Bins aside_;
};

}  // namespace midden::inline MIDDEN_ABI::containers::skiplist
