#include "containers/skiplist/column.hpp"

#include <algorithm>
#include <bit>

#include <midden/error.hpp>

namespace midden::inline MIDDEN_ABI::containers::skiplist {

const MapComposite& single_reference() {
  static constexpr std::uint32_t at_start[] = {0};
  static constexpr MapComposite kind{
      sizeof(Ref<void>), sizeof(Array<Ref<void>>), at_start,
      [](Attach& here, std::size_t count) { return Root<void>(make_array<Ref<void>>(here, count)); }};
  return kind;
}

Column::Column(const MapComposite& kind) noexcept
    : kind_(&kind),
      chunk_log2_(
          static_cast<std::uint32_t>(std::bit_width(std::max<std::size_t>(most_chunk_bytes / kind.bytes, 1)) - 1)),
      single_(&kind == &single_reference()) {}

std::uint32_t Column::take(Attach& here) {
  if (free_count_ != 0) return (*free_)[--free_count_];
  if (given_ == room_) grow(here);
  return static_cast<std::uint32_t>(given_++);
}

void Column::drop(std::uint32_t index) noexcept {
  kind_->clear(at(index));
  (*free_)[free_count_++] = index;
}

void Column::reset() noexcept {
  chunks_ = nullptr;
  free_ = nullptr;
  given_ = room_ = free_count_ = 0;
}

std::size_t Column::bytes() const noexcept {
  return sizeof *this + room_ * kind_->bytes + (free_ ? free_->size() * sizeof(std::uint32_t) : 0) +
         (chunks_ ? chunks_->size() * sizeof(Ref<void>) : 0);
}

void Column::grow(Attach& here) {
  const bool first = room_ < chunk_size();
  const std::size_t room = first ? std::min(std::max(least_room, room_ * 2), chunk_size()) : room_ + chunk_size();
  if (room >= std::size_t{1} << 32) throw TooLarge("midden: an ordered map holds fewer than 2^32 references");
  // All that can fail comes first; what was made is linked at last. The stack is empty now.
  const std::size_t chunks = first ? 0 : chunk_count();
  Root<Array<Ref<void>>> directory(chunks_);
  if (!directory || directory->size() == chunks) {
    directory = make_array<Ref<void>>(here, std::max<std::size_t>(1, chunks * 2));
    if (chunks_) copy_refs(directory->data(), chunks_->data(), chunks);
  }
  Root<Array<std::uint32_t>> free(free_);
  if (!free || free->size() < room) free = make_array<std::uint32_t>(here, first ? room : room * 3 / 2);
  const Root<void> chunk = kind_->make_row(here, first ? room : chunk_size());
  if (first) {
    for (std::size_t i = 0; i < room_; ++i)
      kind_->copy(kind_->value(chunk.get(), i), at(static_cast<std::uint32_t>(i)));
  }
  (*directory)[chunks] = chunk;
  chunks_ = directory;
  free_ = free;
  room_ = room;
}

}  // namespace midden::inline MIDDEN_ABI::containers::skiplist
