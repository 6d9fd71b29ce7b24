#include "containers/skiplist/trim.hpp"

#include <algorithm>
#include <cstring>

#include "containers/skiplist/arena.hpp"
#include "containers/skiplist/bytes.hpp"

namespace midden::inline MIDDEN_ABI::containers::skiplist {

namespace {

constexpr unsigned segment_of(Offset offset) noexcept { return 26 - static_cast<unsigned>(__builtin_clz(offset)); }
constexpr Offset first_of(unsigned segment) noexcept { return Offset{32} << segment; }

std::uintptr_t address(const Arena& arena, Offset offset) noexcept {
  return reinterpret_cast<std::uintptr_t>(arena.at(offset));
}

}  // namespace

std::uint16_t* Trim::census(const Arena& arena, unsigned segment) const noexcept {
  return census_[segment] == 0 ? nullptr : reinterpret_cast<std::uint16_t*>(arena.at(census_[segment]));
}

bool Trim::is_due(std::size_t free, std::size_t in_use) noexcept {
  if (is_at_work()) return true;
  if (in_use / 4 > due_at_) due_at_ = always;
  return free >= std::max(least_free, in_use) && (in_use <= due_at_ || freed_ >= 4 * free);
}

void Trim::begin(const Arena& arena, Bins& bins) noexcept {
  for (unsigned segment = first_segment; segment < segments; ++segment) {
    if (census_[segment] == 0) continue;
    std::memset(arena.at(census_[segment]), 0, census_bytes(segment));
    end_ = segment + 1;
  }
  bins.put_rest(arena);
  aside_ = bins;
  bins = Bins();
  freed_ = 0;
  phase_ = Phase::count;
  at_ = 0;
  next_ = aside_.first[0];
}

Run Trim::step(const Arena& arena, Bins& bins, unsigned work) noexcept {
  for (; work > 0; --work) {
    switch (phase_) {
      case Phase::rest:
        return {};
      case Phase::count:
        count_next(arena);
        break;
      case Phase::sort:
        sort_next(arena, bins);
        break;
      case Phase::look:
        if (const Run run = look_next(arena, bins); run.units != 0) return run;
    }
  }
  return {};
}

namespace {

// Calls f(page, begin, units) for the part of a piece of memory on each page, in order; pages are counted in the
// segment.
template <class F>
void for_each_page(const Arena& arena, Offset begin, std::uint32_t units, std::size_t page_bytes, F&& f) {
  const std::uintptr_t first_page = address(arena, first_of(segment_of(begin))) / page_bytes;
  while (units > 0) {
    const std::uintptr_t at = address(arena, begin);
    const auto here =
        static_cast<std::uint32_t>(std::min<std::size_t>(units, (page_bytes - at % page_bytes) / Arena::unit_bytes));
    f(at / page_bytes - first_page, begin, here);
    begin += here;
    units -= here;
  }
}

}  // namespace

void Trim::count_next(const Arena& arena) noexcept {
  if (next_ == 0) {
    if (++at_ < Bins::classes) {
      next_ = aside_.first[at_];
    } else {
      phase_ = Phase::sort;
      at_ = 0;
    }
    return;
  }
  const Offset chunk = next_;
  next_ = load_32(arena.at(chunk));
  std::uint16_t* const counts = census(arena, segment_of(chunk));
  if (counts == nullptr) return;
  for_each_page(arena, chunk, Bins::size_of(at_), page_bytes, [&](std::size_t page, Offset, std::uint32_t units) {
    counts[page] = static_cast<std::uint16_t>(counts[page] + units);
  });
}

// What stays goes back in one piece where the pages are neighbours.
void Trim::sort_next(const Arena& arena, Bins& bins) noexcept {
  const Offset chunk = aside_.first[at_];
  if (chunk == 0) {
    aside_.filled[at_ / 64] &= ~(std::uint64_t{1} << (at_ % 64));
    if (++at_ < Bins::classes) return;
    phase_ = Phase::look;
    at_ = first_segment;
    page_ = 0;
    return;
  }
  aside_.first[at_] = load_32(arena.at(chunk));
  const std::uint32_t size = Bins::size_of(at_);
  const std::uint16_t* const counts = census(arena, segment_of(chunk));
  if (counts == nullptr) return bins.put(arena, chunk, size);
  Run stays;
  for_each_page(arena, chunk, size, page_bytes, [&](std::size_t page, Offset begin, std::uint32_t units) {
    if (counts[page] < page_units) {
      if (stays.units == 0) stays.begin = begin;
      stays.units += units;
    } else if (stays.units != 0) {
      bins.put(arena, stays.begin, stays.units);
      stays = {};
    }
  });
  if (stays.units != 0) bins.put(arena, stays.begin, stays.units);
}

Run Trim::look_next(const Arena& arena, Bins& bins) noexcept {
  const std::uint16_t* const counts = census(arena, at_);
  const std::size_t pages = counts == nullptr ? 0 : census_bytes(at_) / sizeof *counts;
  if (page_ == pages) {
    page_ = 0;
    if (++at_ == end_) end(arena);
    return {};
  }
  const std::size_t begin = page_++;
  if (counts[begin] < page_units) return {};
  while (page_ < pages && counts[page_] == page_units && page_ - begin < most_pages) ++page_;
  const std::uintptr_t segment = address(arena, first_of(at_));
  const std::uintptr_t address_of_run = (segment / page_bytes + begin) * page_bytes;
  const Run run{first_of(at_) + static_cast<Offset>((address_of_run - segment) / Arena::unit_bytes),
                static_cast<std::uint32_t>(page_ - begin) * page_units};
  // As a chunk it has a word on its first page, so of one page nothing is won.
  if (page_ - begin > 1) return run;
  bins.put(arena, run.begin, run.units);
  return {};
}

void Trim::end(const Arena& arena) noexcept {
  phase_ = Phase::rest;
  due_at_ = arena.in_use() / 2;
}

}  // namespace midden::inline MIDDEN_ABI::containers::skiplist
