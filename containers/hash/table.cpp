#include "containers/hash/table.hpp"

#include <algorithm>
#include <utility>

namespace midden::inline MIDDEN_ABI::containers::hash {

std::size_t Table::per_chunk(const Layout& layout) const noexcept {
  return std::min(main_buckets(), std::size_t{1} << layout.chunk_log2());
}

std::size_t Table::main_chunks(const Layout& layout) const noexcept { return main_buckets() / per_chunk(layout); }

void Table::open(Attach& here, const Layout& layout, unsigned log2) {
  const std::size_t chunk_buckets = std::size_t{1} << layout.chunk_log2();
  const std::size_t mains = std::max<std::size_t>(1, (std::size_t{1} << log2) / chunk_buckets);
  // Random hashes at full load put a fifth of the buckets into overflow.
  chunks_ = make_array<Ref<Chunk>>(here, mains + mains / 4 + 1);
  log2_ = log2;
}

void Table::need_main(Attach& here, const Layout& layout, BucketNumber from, BucketNumber to) {
  for (std::size_t i = from >> layout.chunk_log2(); i <= to >> layout.chunk_log2(); ++i) {
    if ((*chunks_)[i]) continue;
    const Root<Chunk> chunk = make_chunk(here, layout, per_chunk(layout));
    (*chunks_)[i] = chunk;
    ++chunk_count_;
    chunk_bytes_ += per_chunk(layout) * layout.stride();
  }
}

void Table::need_overflow(Attach& here, const Layout& layout, std::size_t count) {
  while (free_count_ < count) add_overflow_chunk(here, layout);
}

void Table::add_overflow_chunk(Attach& here, const Layout& layout) {
  const std::size_t index = main_chunks(layout) + overflow_chunks_;
  if (index == chunks_->size()) {
    const Root<Directory> larger = make_array<Ref<Chunk>>(here, index + index / 4 + 4);
    copy_refs(larger->data(), chunks_->data(), index);
    chunks_ = larger;
  }
  const std::size_t buckets = std::clamp<std::size_t>(main_buckets() / 16, 1, std::size_t{1} << layout.chunk_log2());
  const Root<Chunk> chunk = make_chunk(here, layout, buckets);
  (*chunks_)[index] = chunk;
  ++overflow_chunks_;
  ++chunk_count_;
  overflow_ += static_cast<std::uint32_t>(buckets);
  chunk_bytes_ += buckets * layout.stride();
  const auto first = static_cast<BucketNumber>(index << layout.chunk_log2());
  for (std::size_t i = buckets; i-- > 0;) free_overflow(first + static_cast<BucketNumber>(i), layout);
}

BucketNumber Table::take_overflow(const Layout& layout) noexcept {
  const BucketNumber number = free_;
  free_ = std::exchange(head(at(number, layout)).next, no_bucket);
  --free_count_;
  return number;
}

void Table::free_overflow(BucketNumber number, const Layout& layout) noexcept {
  head(at(number, layout)).next = free_;
  free_ = number;
  ++free_count_;
}

void Table::drop_main(BucketNumber number, const Layout& layout) noexcept {
  const std::size_t buckets = per_chunk(layout);
  if ((number + 1) % buckets != 0) return;
  (*chunks_)[number >> layout.chunk_log2()] = nullptr;
  --chunk_count_;
  chunk_bytes_ -= buckets * layout.stride();
}

void Table::swap(Table& other) noexcept {
  Directory* const mine = chunks_.get();
  chunks_ = other.chunks_;
  other.chunks_ = mine;
  std::swap(log2_, other.log2_);
  std::swap(free_, other.free_);
  std::swap(free_count_, other.free_count_);
  std::swap(overflow_, other.overflow_);
  std::swap(overflow_chunks_, other.overflow_chunks_);
  std::swap(chunk_count_, other.chunk_count_);
  std::swap(chunk_bytes_, other.chunk_bytes_);
}

void Table::reset() noexcept {
  chunks_ = nullptr;
  log2_ = 0;
  free_ = no_bucket;
  free_count_ = overflow_ = overflow_chunks_ = chunk_count_ = 0;
  chunk_bytes_ = 0;
}

std::size_t Table::bytes() const noexcept {
  return none() ? 0 : chunk_bytes_ + sizeof(Directory) + chunks_->size() * sizeof(Ref<Chunk>);
}

}  // namespace midden::inline MIDDEN_ABI::containers::hash
