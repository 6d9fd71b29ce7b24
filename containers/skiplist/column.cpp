#include "containers/skiplist/column.hpp"

#include <algorithm>

#include <midden/error.hpp>

namespace midden::inline MIDDEN_ABI::containers::skiplist {

std::uint32_t Column::take(Attach& here) {
  if (free_count_ != 0) return (*free_)[--free_count_];
  if (given_ == room_) grow(here);
  return static_cast<std::uint32_t>(given_++);
}

void Column::drop(std::uint32_t index) noexcept {
  at(index) = nullptr;
  (*free_)[free_count_++] = index;
}

std::size_t Column::bytes() const noexcept {
  return sizeof *this + room_ * sizeof(Ref<void>) + (free_ ? free_->size() * sizeof(std::uint32_t) : 0) +
         (chunks_ ? chunks_->size() * sizeof(Ref<Chunk>) : 0);
}

void Column::grow(Attach& here) {
  const bool first = room_ < chunk_size;
  const std::size_t room = first ? std::max(least_room, room_ * 2) : room_ + chunk_size;
  if (room >= std::size_t{1} << 32) throw TooLarge("midden: an ordered map holds fewer than 2^32 references");
  // All that can fail comes first; what was made is linked at last. The stack is empty now.
  const std::size_t chunks = first ? 0 : chunk_count();
  Root<Array<Ref<Chunk>>> directory(chunks_);
  if (!directory || directory->size() == chunks) {
    directory = make_array<Ref<Chunk>>(here, std::max<std::size_t>(1, chunks * 2));
    if (chunks_) copy_refs(directory->data(), chunks_->data(), chunks);
  }
  Root<Array<std::uint32_t>> free(free_);
  if (!free || free->size() < room) free = make_array<std::uint32_t>(here, first ? room : room * 3 / 2);
  const Root<Chunk> chunk = make_array<Ref<void>>(here, first ? room : chunk_size);
  if (first && room_ != 0) copy_refs(chunk->data(), (*chunks_)[0]->data(), room_);
  (*directory)[chunks] = chunk;
  chunks_ = directory;
  free_ = free;
  room_ = room;
}

}  // namespace midden::inline MIDDEN_ABI::containers::skiplist
