#pragma once
// Trim: gives pages of an arena on which nothing lies any more back to the system.
//
//   census   tells which pages those are (census.hpp)
//   aside    chunks that the trim has taken out of the bins
//   run      pages side by side that go, but for the first: 2 to 128
//
//   choose ripe pages ──▶ all chunks: bins ──▶ aside ── sort ──▶ bins     what lies on pages that stay
//                                                   ── look ──▶ runs     ──▶ the system, then the bins, merged
//
// It goes over the free memory once, some of it at a step; meanwhile the arena lives from its window and from what
// comes back, which the trim leaves alone; where it gets no more memory it ends the trim. It begins where the
// pages that have become ripe since the last one are 1 MiB at least, and half of what else is free: so it goes over a
// chunk or two for each that was freed. A run becomes one chunk, which has a word on its first page; so nothing would
// be won by a page that stands alone, and it stays ripe.
//
// Threads: as the arena's.
// It moves nothing: a page with one entry on it stays, and where a map loses entries at random, most pages have one.

#include <cstddef>
#include <cstdint>

#include "containers/skiplist/bins.hpp"
#include "containers/skiplist/census.hpp"

namespace midden::inline MIDDEN_ABI::containers::skiplist {

class Arena;

// Units that are nobody's, to be a chunk again once all pages but the first have gone; none where `units` is 0.
struct Run {
  std::uint32_t first_to_go() const noexcept { return begin + Census::page_units; }
  std::size_t bytes_to_go() const noexcept { return std::size_t{units - Census::page_units} * Census::unit_bytes; }

  std::uint32_t begin = 0;
  std::uint32_t units = 0;
};

class Trim {
 public:
  // `free`: bytes that are free and not gone.
  bool is_due(std::size_t free) noexcept;
  bool is_at_work() const noexcept { return phase_ != Phase::rest; }

  // Begins, or goes on with so many pages and chunks. Ends at a run, which is the caller's from then on.
  Run step(const Arena& arena, Bins& bins, unsigned work) noexcept;
  // Its pages have gone, or not.
  void put_run(const Arena& arena, Bins& bins, Run run) noexcept;

  // For checks: free chunks that are in no bin.
  const Bins& aside() const noexcept { return aside_; }

  Census census;

 private:
  static constexpr std::size_t most_pages = 128;  // of a run
  static constexpr std::size_t least_bytes = std::size_t{1} << 20;

  enum class Phase : std::uint8_t { rest, choose, sort, look };

  bool next_page() noexcept;
  void choose_next(const Arena& arena, Bins& bins) noexcept;
  void sort_next(const Arena& arena, Bins& bins) noexcept;
  Run look_next(const Arena& arena, Bins& bins) noexcept;
  void begin(Phase phase) noexcept;

  Phase phase_ = Phase::rest;
  unsigned at_ = 0;              // sort: the class; else the segment
  std::size_t page_ = 0;         // the next one of the segment
  std::size_t left_ = 0;         // ripe pages that the last trim has left, and that are still so
  std::size_t passed_over_ = 0;  // of those, what choosing has passed over
  Bins aside_;
};

}  // namespace midden::inline MIDDEN_ABI::containers::skiplist
