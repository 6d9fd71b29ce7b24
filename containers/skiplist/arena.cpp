#include "containers/skiplist/arena.hpp"

#include <algorithm>
#include <new>
#include <string>

#include <midden/error.hpp>

namespace midden::inline MIDDEN_ABI::containers::skiplist {

namespace {

constexpr std::size_t unit_bytes = Arena::unit_bytes;
constexpr std::uint32_t line_units = 16;
constexpr std::size_t page_bytes = Census::page_bytes;
constexpr std::uint32_t first_units = 32;  // units of segment 0, and its first offset

constexpr std::uint32_t units_of_lines(std::size_t bytes) noexcept {
  return static_cast<std::uint32_t>((bytes + 63) / 64 * line_units);
}

constexpr std::size_t segment_units(unsigned index) noexcept { return std::size_t{first_units} << index; }

// Of an allocation, as the bins round it.
std::size_t to_units(std::size_t bytes) noexcept {
  return Bins::round_up(bytes == 0 ? 1 : (bytes + unit_bytes - 1) / unit_bytes);
}

}  // namespace

static_assert(Census::segments == Arena::max_segments && Census::unit_bytes == Arena::unit_bytes);

struct Arena::Tables {
  std::uintptr_t bases[max_segments];
  Bins bins;
  Trim* trim;  // null before there is a segment that is trimmed
};

Offset Arena::cut(std::uint32_t units) noexcept {
  const Offset offset = window_;
  window_ += units;
  left_ -= units;
  return offset;
}

// A chunk, or 0.
Offset Arena::take_chunk(std::size_t units) noexcept {
  if (tables_ == nullptr || units > Bins::max_size) return 0;
  const Offset chunk = tables_->bins.take(*this, static_cast<std::uint32_t>(units));
  if (chunk == 0) return 0;
  if (Census* const census = census_of(chunk); census != nullptr) {
    census->subtract(segment_of(chunk), address(chunk), static_cast<std::uint32_t>(units));
  }
  return chunk;
}

Offset Arena::allocate(Memory& memory, std::size_t bytes) {
  const std::size_t units = to_units(bytes);
  Offset offset = take_chunk(units);
  if (offset == 0 && left_ < units) offset = open_segment_or_find(memory, units);
  if (offset == 0) offset = cut(static_cast<std::uint32_t>(units));
  in_use_ += units * unit_bytes;
  return offset;
}

Offset Arena::allocate_lines(Memory& memory, std::size_t bytes) {
  const std::size_t units = to_units(bytes);
  std::uint32_t gap = (0 - window_) % line_units;
  Offset offset = 0;
  if (left_ < units + gap) {
    offset = take_chunk(units);
    if (offset == 0) offset = open_segment_or_find(memory, units);
    gap = (0 - window_) % line_units;
  }
  if (offset == 0) {
    const Offset skipped = cut(gap);
    if (tables_ != nullptr) put(skipped, gap);
    offset = cut(static_cast<std::uint32_t>(units));
  }
  in_use_ += units * unit_bytes;
  return offset;
}

void Arena::release(Offset offset, std::size_t bytes) noexcept {
  const std::size_t units = to_units(bytes);
  if (tables_ != nullptr) return release_part(offset, units * unit_bytes);
  in_use_ -= units * unit_bytes;
}

void Arena::release_part(Offset offset, std::size_t bytes) noexcept {
  in_use_ -= bytes;
  put(offset, static_cast<std::uint32_t>(bytes / unit_bytes));
}

Offset Arena::reuse(std::size_t bytes) noexcept {
  const std::size_t units = to_units(bytes);
  const Offset offset = take_chunk(units);
  if (offset != 0) in_use_ += units * unit_bytes;
  return offset;
}

bool Arena::has_room(std::size_t bytes) const noexcept { return left_ >= to_units(bytes) + (0 - window_) % line_units; }

unsigned Arena::next_segment(std::size_t bytes) const { return next_segment_for(to_units(bytes) + line_units); }
void Arena::open_segment(Memory& memory, std::size_t bytes) { open_segment_for(memory, to_units(bytes) + line_units); }

// The tables stand in the first segment that has room for them, the trim in the first that is trimmed, behind them.
std::size_t Arena::lead_units_in(unsigned index) const noexcept {
  std::size_t units = units_of_lines(Census::bytes(index));
  if (tables_come_in(index)) units += units_of_lines(sizeof(Tables));
  if (trim_comes_in(index)) units += units_of_lines(sizeof(Trim));
  return units;
}

std::size_t Arena::lead_bytes(unsigned index) noexcept {
  return unit_bytes *
         (units_of_lines(Census::bytes(index)) + units_of_lines(sizeof(Tables)) + units_of_lines(sizeof(Trim)));
}

bool Arena::trim_comes_in(unsigned index) const noexcept {
  return (tables_ == nullptr || tables_->trim == nullptr) && index >= Census::first_segment;
}

// At the begin of the window, which is a new segment.
void Arena::make_lead(unsigned index, std::uintptr_t base) noexcept {
  const bool trim_comes = trim_comes_in(index);
  const auto make = [&](std::size_t bytes) {
    return reinterpret_cast<std::byte*>(base + unit_bytes * cut(units_of_lines(bytes)));
  };
  if (tables_come_in(index)) {
    auto* const made = ::new (make(sizeof(Tables))) Tables{};
    std::copy_n(first_bases_, inline_segments, made->bases);
    bases_ = made->bases;
    tables_ = made;
  }
  if (trim_comes) tables_->trim = ::new (make(sizeof(Trim))) Trim{};
  if (const std::size_t census = Census::bytes(index); census != 0) {
    tables_->trim->census.open(index, base + unit_bytes * segment_units(index), make(census));
  }
}

// The next one with room for `units`.
unsigned Arena::next_segment_for(std::size_t units) const {
  unsigned index = segments_;
  while (index < limit_ && segment_units(index) - lead_units_in(index) < units) ++index;
  if (index < limit_) return index;
  const std::size_t limit = (segment_units(limit_) - first_units) * unit_bytes;
  throw TooLarge("midden: an ordered map's arena is limited to " + std::to_string(limit) + " bytes in " +
                 std::to_string(limit_) + " segments, the last one of which is full or too small");
}

// Opens it and lets the window be it.
void Arena::open_segment_for(Memory& memory, std::size_t units) {
  const unsigned index = next_segment_for(units);
  const std::size_t size = segment_units(index);
  std::byte* const memory_begin = memory.segment(index, size * unit_bytes);

  if (tables_ != nullptr) put(window_, left_);
  closed_ += newest_;
  newest_ = size * unit_bytes;
  segments_ = static_cast<std::uint8_t>(index + 1);
  window_ = static_cast<Offset>(size);
  left_ = static_cast<std::uint32_t>(size);
  const std::uintptr_t base = reinterpret_cast<std::uintptr_t>(memory_begin) - unit_bytes * size;
  make_lead(index, base);
  bases_[index] = base;
}

void Arena::reset() noexcept {
  for (auto& base : first_bases_) base = 0;
  bases_ = first_bases_;
  tables_ = nullptr;
  in_use_ = closed_ = newest_ = 0;
  window_ = left_ = 0;
  segments_ = 0;
}

// Where the memory lies in a segment that is trimmed, else null. There are tables.
Census* Arena::census_of(Offset offset) const noexcept {
  Trim* const trim = tables_->trim;
  return trim != nullptr && trim->census.has(segment_of(offset)) ? &trim->census : nullptr;
}

void Arena::put(Offset offset, std::uint32_t units) noexcept {
  tables_->bins.put(*this, offset, units);
  if (Census* const census = census_of(offset)) census->add(segment_of(offset), address(offset), units);
}

bool Arena::is_trim_due() noexcept {
  return tables_ != nullptr && tables_->trim != nullptr && tables_->trim->is_due(present() - in_use_);
}

bool Arena::is_trimming() const noexcept {
  return tables_ != nullptr && tables_->trim != nullptr && tables_->trim->is_at_work();
}

Run Arena::trim(unsigned work) noexcept { return tables_->trim->step(*this, tables_->bins, work); }

void Arena::trim(Pages& pages, unsigned work) noexcept {
  const Run run = trim(work);
  if (run.units == 0) return;
  pages.discard(at(run.first_to_go()), run.bytes_to_go());
  put_run(run);
}

// Where no segment is to be had, much may be in the hands of a trim: then it ends, and what it returns is a chunk.
Offset Arena::open_segment_or_find(Memory& memory, std::size_t units) try {
  open_segment_for(memory, units);
  return 0;
} catch (...) {
  if (!is_trimming()) throw;
  end_trim(memory);
  const Offset chunk = take_chunk(units);
  if (chunk == 0) throw;
  return chunk;
}

// All free memory is in the bins then.
void Arena::end_trim(Pages& pages) noexcept {
  while (is_trimming()) trim(pages, ~0U);
}

void Arena::put_run(Run run) noexcept { tables_->trim->put_run(*this, tables_->bins, run); }

std::array<const Bins*, 2> Arena::all_bins() const noexcept {
  if (tables_ == nullptr) return {};
  return {&tables_->bins, tables_->trim == nullptr ? nullptr : &tables_->trim->aside()};
}

std::size_t Arena::allocation_bytes(std::size_t bytes) noexcept { return to_units(bytes) * unit_bytes; }

bool Arena::handed_out(Offset offset, std::size_t bytes) const noexcept {
  if (offset < first_units) return false;
  const unsigned segment = segment_of(offset);
  const std::size_t begin = std::size_t{first_units} << segment;
  const std::size_t end = 2 * begin - (segment + 1u == segments_ ? left_ : 0);
  return segment < segments_ && bases_[segment] != 0 && offset + (bytes + unit_bytes - 1) / unit_bytes <= end;
}

std::size_t Arena::present() const noexcept {
  const bool trims = tables_ != nullptr && tables_->trim != nullptr;
  return touched() - (trims ? tables_->trim->census.gone() * Census::page_bytes : 0);
}

std::size_t Arena::touched() const noexcept {
  const std::size_t used = newest_ - std::size_t{left_} * unit_bytes;
  return closed_ + std::min(newest_, (used + page_bytes - 1) / page_bytes * page_bytes);
}

}  // namespace midden::inline MIDDEN_ABI::containers::skiplist
