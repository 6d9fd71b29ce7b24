#pragma once
// Table: 2^n buckets in hash order, with their overflow buckets, found by number.
//
//   chunks ──▶ | chunk | chunk | chunk | ..... | chunk | chunk | null | null |
//              |<-- main buckets: 2^n ------->|<-- overflow buckets ------->|
//
//   number     bucket's number >> chunk_log2 is its chunk; main bucket b has number b
//   main       bucket b holds the keys whose hashes begin with the n bits of b, so that hashes
//              ascend with the buckets and a bucket's keys go to neighbours when tables double
//   overflow   follows a full bucket; those that are in no chain form a list through `next`
//
// A chunk is made when its first bucket is needed and dropped when its last one has been
// evacuated, so of two tables during a resize only about one is there.
//
// Invariants
//   1. A number that is in a chain or in the free list has a chunk.
//   2. Buckets in the free list are empty. An overflow bucket is in one chain or in the list.
//   3. A function that throws has changed nothing that can be seen.
//
// Threads: as the map that owns it. It knows no keys and does not hash.

#include <cstddef>
#include <cstdint>

#include <midden/array.hpp>
#include <midden/attach.hpp>
#include <midden/build.hpp>
#include <midden/describe.hpp>
#include <midden/ref.hpp>

#include "containers/hash/bucket.hpp"
#include "containers/hash/chunk.hpp"
#include "containers/hash/layout.hpp"

namespace midden::inline MIDDEN_ABI::containers::hash {

// A position between hashes, 0 to 2^32: one more than a hash can be.
using HashBound = std::uint64_t;
inline constexpr HashBound hash_end = HashBound{1} << 32;

class Table {
 public:
  using Directory = Array<Ref<Chunk>>;

  Table() = default;
  Table(const Table&) = delete;
  Table& operator=(const Table&) = delete;

  // --- its shape ----------------------------------------------------------------------------

  bool none() const noexcept { return chunks_ == nullptr; }
  unsigned log2() const noexcept { return log2_; }
  std::size_t main_buckets() const noexcept { return std::size_t{1} << log2_; }

  BucketNumber main_of(HashBound hash) const noexcept { return static_cast<BucketNumber>(hash >> (32 - log2_)); }
  // The hashes of a main bucket: from `begin` up to the begin of the next.
  HashBound begin_of(std::size_t main) const noexcept { return HashBound{main} << (32 - log2_); }

  // Requires: the bucket's chunk is there.
  std::byte* at(BucketNumber number, const Layout& layout) const noexcept {
    const unsigned chunk_log2 = layout.chunk_log2();
    return bucket_of((*chunks_)[number >> chunk_log2].get(), number & ((1U << chunk_log2) - 1), layout);
  }
  std::byte* after(std::byte* bucket, const Layout& layout) const noexcept {
    const BucketNumber next = head(bucket).next;
    return next == no_bucket ? nullptr : at(next, layout);
  }

  // Calls f(bucket) for each bucket that has memory, of chains or not.
  template <class F>
  void for_each_bucket(const Layout& layout, F&& f) const {
    if (none()) return;
    for (const Ref<Chunk>& chunk : *chunks_) {
      if (!chunk) continue;
      const std::size_t buckets = buckets_of(chunk.get());
      for (std::size_t i = 0; i < buckets; ++i) f(bucket_of(chunk.get(), i, layout));
    }
  }

  // --- its memory: each function with Attach is a safepoint, and may throw OutOfMemory -------

  // Makes an empty table of 2^log2 buckets of which none has a chunk. Requires: none().
  void open(Attach& here, const Layout& layout, unsigned log2);
  // Sees to the chunks of main buckets `from` to `to`, both included.
  void need_main(Attach& here, const Layout& layout, BucketNumber from, BucketNumber to);
  // Sees to `count` overflow buckets in the free list.
  void need_overflow(Attach& here, const Layout& layout, std::size_t count);
  // An empty bucket from the free list. Requires: need_overflow.
  BucketNumber take_overflow(const Layout& layout) noexcept;
  // Takes back an empty bucket of no chain.
  void free_overflow(BucketNumber number, const Layout& layout) noexcept;
  // Forgets the chunk of main bucket `number` where that is the chunk's last.
  void drop_main(BucketNumber number, const Layout& layout) noexcept;
  void swap(Table& other) noexcept;
  void reset() noexcept;

  // --- figures ------------------------------------------------------------------------------

  std::size_t bytes() const noexcept;                           // of directory and chunks
  std::size_t chunks() const noexcept { return chunk_count_; }  // that are there
  std::size_t overflow_in_use() const noexcept { return overflow_ - free_count_; }

 private:
  // Main buckets of one chunk.
  std::size_t per_chunk(const Layout& layout) const noexcept;
  std::size_t main_chunks(const Layout& layout) const noexcept;
  void add_overflow_chunk(Attach& here, const Layout& layout);

  Ref<Directory> chunks_;
  std::uint32_t log2_ = 0;
  BucketNumber free_ = no_bucket;
  std::uint32_t free_count_ = 0;
  std::uint32_t overflow_ = 0;         // buckets in overflow chunks
  std::uint32_t overflow_chunks_ = 0;  // of the directory, after the main ones
  std::uint32_t chunk_count_ = 0;
  std::size_t chunk_bytes_ = 0;

 public:
  static constexpr auto midden_refs = refs<Table>(&Table::chunks_);
};

}  // namespace midden::inline MIDDEN_ABI::containers::hash
