#include "containers/skiplist/column.hpp"

#include <algorithm>
#include <cstring>

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
      first_log2_(std::min(most_first_log2, chunk_log2_)) {}

bool Column::of_single_references() const noexcept { return kind_ == &single_reference(); }

bool Column::has(std::uint32_t index, const void* value) const noexcept {
  return std::memcmp(at(index), value, kind_->bytes) == 0;
}

std::uint32_t Column::take(Attach& here) {
  for (std::uint32_t taken = EntryIndex::none;; grow(here)) {
    if (take_some(taken, 1) == 1) return taken;
  }
}

void Column::drop(std::uint32_t index) noexcept {
  clear(index);
  give_back(index, 1);
}

unsigned Column::take_some(std::uint32_t& list, unsigned most) noexcept {
  const std::lock_guard lock(lock_);
  unsigned taken = 0;
  for (; taken < most; ++taken) {
    const std::uint32_t index = pop();
    if (index == EntryIndex::none) break;
    link(index) = list;
    list = index;
  }
  return taken;
}

std::uint32_t Column::pop() noexcept {
  if (free_ == EntryIndex::none) return given_ < room_ ? given_++ : EntryIndex::none;
  const std::uint32_t index = free_;
  free_ = link(index);
  --free_count_;
  return index;
}

void Column::give_back(std::uint32_t& list, unsigned count) noexcept {
  const std::lock_guard lock(lock_);
  for (; count > 0; --count) {
    const std::uint32_t index = list;
    list = link(index);
    link(index) = free_;
    free_ = index;
    ++free_count_;
  }
}

bool Column::has_free() const noexcept {
  const std::lock_guard lock(lock_);
  return free_count_ > 0 || given_ < room_;
}

void Column::grow(Attach& here) {
  detail::note_resize(here.mutator());
  std::uint32_t room;
  {
    const std::lock_guard lock(lock_);
    room = room_;
  }
  const std::uint32_t full = std::uint32_t{1} << chunk_log2_;
  const std::uint32_t size = room == 0 ? std::uint32_t{1} << first_log2_ : std::min(room, full);
  if (room > EntryIndex::none - size) throw TooLarge("midden: an ordered map holds fewer than 2^31 references");
  const std::size_t chunk = spot_of(room).chunk;
  // All that can fail comes first.
  const Root<void> values = kind_->make_row(here, size);
  const Root<Links> links = make_array<std::uint32_t>(here, size);
  Root<Directory> directory(directory_.get());
  if (!directory || directory->size() < 2 * (chunk + 1)) {
    directory = make_array<Ref<void>>(here, std::max<std::size_t>(2, 4 * chunk));
  }
  const std::lock_guard lock(lock_);
  if (room_ != room) return;
  const Directory* const before = directory_.get();
  if (before != nullptr && before != directory.get()) copy_refs(directory->data(), before->data(), 2 * chunk);
  (*directory)[2 * chunk] = values;
  (*directory)[2 * chunk + 1] = links;
  directory_.store(directory.get());
  room_ += size;
}

void Column::reset() noexcept {
  directory_.store(nullptr);
  free_ = EntryIndex::none;
  free_count_ = given_ = room_ = 0;
}

std::size_t Column::references(std::size_t clear) const noexcept {
  const std::lock_guard lock(lock_);
  const std::size_t taken = given_ - free_count_;
  return (room_ != 0 ? 1 : 0) + 2 * chunk_count() + (taken - std::min(taken, clear)) * kind_->refs.size();
}

std::size_t Column::bytes() const noexcept {
  const std::lock_guard lock(lock_);
  const Directory* const directory = directory_.get();
  return sizeof *this + room_ * (std::size_t{kind_->bytes} + sizeof(std::uint32_t)) +
         (directory == nullptr ? 0 : directory->size() * sizeof(Ref<void>));
}

std::size_t Column::taken() const noexcept {
  const std::lock_guard lock(lock_);
  return given_ - free_count_;
}

}  // namespace midden::inline MIDDEN_ABI::containers::skiplist
