#include "containers/skiplist/arena.hpp"

#include <algorithm>
#include <new>
#include <string>

#include <midden/error.hpp>

namespace midden::inline MIDDEN_ABI::containers::skiplist {

namespace {

constexpr std::size_t unit_bytes = Arena::unit_bytes;
constexpr std::uint32_t line_units = 16;
constexpr std::size_t page_bytes = 4096;
constexpr std::uint32_t first_units = 32;  // units of segment 0, and its first offset

// What a map past 4 KiB keeps at the begin of a segment.
struct Tables {
  std::uintptr_t bases[Arena::max_segments];
  Bins bins;
};
constexpr std::uint32_t table_units = (sizeof(Tables) + 63) / 64 * line_units;

constexpr std::size_t segment_units(unsigned index) noexcept { return std::size_t{first_units} << index; }

// Of an allocation, as the bins round it.
std::size_t to_units(std::size_t bytes) noexcept {
  return Bins::round_up(bytes == 0 ? 1 : (bytes + unit_bytes - 1) / unit_bytes);
}

}  // namespace

Offset Arena::cut(std::uint32_t units) noexcept {
  const Offset offset = window_;
  window_ += units;
  left_ -= units;
  return offset;
}

// A chunk, or 0.
Offset Arena::take_chunk(std::size_t units) noexcept {
  if (bins_ == nullptr || units > Bins::max_size) return 0;
  return bins_->take(*this, static_cast<std::uint32_t>(units));
}

Offset Arena::allocate(Memory& memory, std::size_t bytes) {
  const std::size_t units = to_units(bytes);
  Offset offset = take_chunk(units);
  if (offset == 0) {
    if (left_ < units) open_segment_for(memory, units);
    offset = cut(static_cast<std::uint32_t>(units));
  }
  in_use_ += units * unit_bytes;
  return offset;
}

Offset Arena::allocate_lines(Memory& memory, std::size_t bytes) {
  const std::size_t units = to_units(bytes);
  std::uint32_t gap = (0 - window_) % line_units;
  Offset offset = 0;
  if (left_ < units + gap) {
    offset = take_chunk(units);
    if (offset == 0) open_segment_for(memory, units);
    gap = (0 - window_) % line_units;
  }
  if (offset == 0) {
    const Offset skipped = cut(gap);
    if (bins_ != nullptr) bins_->put(*this, skipped, gap);
    offset = cut(static_cast<std::uint32_t>(units));
  }
  in_use_ += units * unit_bytes;
  return offset;
}

void Arena::release(Offset offset, std::size_t bytes) noexcept {
  const std::size_t units = to_units(bytes);
  in_use_ -= units * unit_bytes;
  if (bins_ != nullptr) bins_->put(*this, offset, static_cast<std::uint32_t>(units));
}

void Arena::release_part(Offset offset, std::size_t bytes) noexcept {
  in_use_ -= bytes;
  bins_->put(*this, offset, static_cast<std::uint32_t>(bytes / unit_bytes));
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

// The tables stand in the first segment that has room for them.
std::size_t Arena::table_units_in(unsigned index) const noexcept {
  return bins_ == nullptr && index >= inline_segments ? std::size_t{table_units} : 0;
}

// The next one with room for `units`.
unsigned Arena::next_segment_for(std::size_t units) const {
  unsigned index = segments_;
  while (index < limit_ && segment_units(index) - table_units_in(index) < units) ++index;
  if (index < limit_) return index;
  const std::size_t limit = (segment_units(limit_) - first_units) * unit_bytes;
  throw TooLarge("midden: an ordered map's arena is limited to " + std::to_string(limit) + " bytes in " +
                 std::to_string(limit_) + " segments, the last one of which is full or too small");
}

// Opens it and lets the window be it.
void Arena::open_segment_for(Memory& memory, std::size_t units) {
  const unsigned index = next_segment_for(units);
  const std::size_t size = segment_units(index);
  const std::size_t tables = table_units_in(index);
  std::byte* const memory_begin = memory.segment(index, size * unit_bytes);

  if (bins_ != nullptr) bins_->put(*this, window_, left_);
  closed_ += newest_;
  newest_ = size * unit_bytes;
  segments_ = static_cast<std::uint8_t>(index + 1);
  window_ = static_cast<Offset>(size);
  left_ = static_cast<std::uint32_t>(size);
  const std::uintptr_t base = reinterpret_cast<std::uintptr_t>(memory_begin) - unit_bytes * size;
  if (tables != 0) {
    auto* const made = ::new (memory_begin) Tables{};
    for (unsigned i = 0; i < inline_segments; ++i) made->bases[i] = first_bases_[i];
    bases_ = made->bases;
    bins_ = &made->bins;
    cut(table_units);
  }
  bases_[index] = base;
}

void Arena::reset() noexcept {
  for (auto& base : first_bases_) base = 0;
  bases_ = first_bases_;
  bins_ = nullptr;
  in_use_ = closed_ = newest_ = 0;
  window_ = left_ = 0;
  segments_ = 0;
}

std::size_t Arena::allocation_bytes(std::size_t bytes) noexcept { return to_units(bytes) * unit_bytes; }

bool Arena::handed_out(Offset offset, std::size_t bytes) const noexcept {
  if (offset < first_units) return false;
  const auto segment = static_cast<unsigned>(26 - __builtin_clz(offset));
  const std::size_t begin = std::size_t{first_units} << segment;
  const std::size_t end = 2 * begin - (segment + 1u == segments_ ? left_ : 0);
  return segment < segments_ && bases_[segment] != 0 && offset + (bytes + unit_bytes - 1) / unit_bytes <= end;
}

std::size_t Arena::touched() const noexcept {
  const std::size_t used = newest_ - std::size_t{left_} * unit_bytes;
  return closed_ + std::min(newest_, (used + page_bytes - 1) / page_bytes * page_bytes);
}

}  // namespace midden::inline MIDDEN_ABI::containers::skiplist
