#include "containers/skiplist/trim.hpp"

#include <algorithm>
#include <utility>

#include "containers/skiplist/arena.hpp"
#include "containers/skiplist/bytes.hpp"

namespace midden::inline MIDDEN_ABI::containers::skiplist {

bool Trim::is_due(std::size_t free) noexcept {
  left_ = std::min(left_, census.ripe());
  const std::size_t loose = free - std::min(free, left_ * Census::page_bytes);
  return is_at_work() || (census.ripe() - left_) * Census::page_bytes >= std::max(least_bytes, loose / 2);
}

void Trim::begin(Phase phase) noexcept {
  phase_ = phase;
  at_ = phase == Phase::sort ? 0 : Census::first_segment;
  page_ = 0;
}

Run Trim::step(const Arena& arena, Bins& bins, unsigned work) noexcept {
  if (!is_at_work()) begin(Phase::choose);
  for (; work > 0; --work) {
    switch (phase_) {
      case Phase::rest:
        return {};
      case Phase::choose:
        choose_next(arena, bins);
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

// Whether `page_` of the segment `at_` is one; else goes to the next segment.
bool Trim::next_page() noexcept {
  if (census.has(at_) && page_ < Census::pages_of(at_)) return true;
  ++at_;
  page_ = 0;
  return false;
}

// A page that is chosen and then allocated from is so no more.
void Trim::choose_next(const Arena& arena, Bins& bins) noexcept {
  if (next_page()) {
    passed_over_ += !census.choose(at_, page_++);
    return;
  }
  if (at_ < Census::segments) return;
  bins.put_rest(arena);
  aside_ = bins;
  bins = Bins();
  left_ = std::exchange(passed_over_, 0);
  begin(Phase::sort);
}

// What stays goes back in one piece where the pages are neighbours.
void Trim::sort_next(const Arena& arena, Bins& bins) noexcept {
  const Offset chunk = aside_.first[at_];
  if (chunk == 0) {
    aside_.filled[at_ / 64] &= ~(std::uint64_t{1} << (at_ % 64));
    if (++at_ == Bins::classes) begin(Phase::look);
    return;
  }
  aside_.first[at_] = load_32(arena.at(chunk));
  const std::uint32_t size = Bins::size_of(at_);
  const unsigned segment = Arena::segment_of(chunk);
  if (!census.has(segment)) return bins.put(arena, chunk, size);
  Run stays{chunk, 0};
  const auto put = [&](std::uint32_t behind) {
    if (stays.units != 0) bins.put(arena, stays.begin, stays.units);
    stays = {stays.begin + stays.units + behind, 0};
  };
  census.for_each_page(segment, arena.address(chunk), size, [&](std::size_t page, std::uint32_t units) {
    census.is_chosen(segment, page) ? put(units) : void(stays.units += units);
  });
  put(0);
}

Run Trim::look_next(const Arena& arena, Bins& bins) noexcept {
  if (!next_page()) {
    if (at_ == Census::segments) begin(Phase::rest);
    return {};
  }
  const std::size_t begin = page_++;
  if (!census.is_chosen(at_, begin)) return {};
  while (page_ < Census::pages_of(at_) && page_ - begin < most_pages && census.is_chosen(at_, page_)) ++page_;
  const auto found = static_cast<std::uint32_t>(page_ - begin) * Census::page_units;
  const Run run{arena.offset_of(at_, census.address_of(at_, begin)), Bins::round_down(found)};
  page_ = begin + run.units / Census::page_units;
  for (std::size_t page = begin; page < page_; ++page) census.give(at_, page);
  if (page_ - begin > 1) return run;
  put_run(arena, bins, run);
  return {};
}

// Until now its first page was as if gone, too: for another trim that has begun since.
void Trim::put_run(const Arena& arena, Bins& bins, Run run) noexcept {
  bins.put(arena, run.begin, run.units);
  census.keep(Arena::segment_of(run.begin), arena.address(run.begin));
  ++left_;
}

}  // namespace midden::inline MIDDEN_ABI::containers::skiplist
