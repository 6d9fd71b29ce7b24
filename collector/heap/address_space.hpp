#pragma once
// The heap's address range and the tables beside it.
//
//   heap       | block | block | ...        64 KiB each
//   metadata   1 byte a granule             1/16 of the heap
//   blocks     one descriptor a block
//   plans      one PlanWord a block         what the marker reads
//   columns    4 bytes a slot               only blocks of several types touch theirs
//
// Everything is reserved once, at its full size, and committed from the front in steps, so any
// address is turned into its block, its metadata byte and its plan by a subtraction and a shift.
//
// Invariants
//   1. Blocks below `frontier` are committed in all tables, others in none.
//   2. The frontier never moves back; memory is given back page by page with `discard`.
//
// Threads: look-ups from any; `extend` under the heap's pool lock. The frontier is published
// with release, because a block is used by whoever was handed it, under locks of its own.

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "collector/heap/block.hpp"
#include "collector/heap/geometry.hpp"
#include "collector/heap/metadata.hpp"
#include "collector/heap/scan_plan.hpp"
#include "collector/ports.hpp"

namespace midden::inline MIDDEN_ABI::collector {

class AddressSpace {
 public:
  // Throws std::bad_alloc where the system grants no range of `bytes`.
  AddressSpace(PageSource& pages, std::size_t bytes);
  ~AddressSpace();
  AddressSpace(const AddressSpace&) = delete;
  AddressSpace& operator=(const AddressSpace&) = delete;

  std::byte* base() const { return heap_; }
  std::uint8_t* metadata_base() const { return metadata_; }
  const PlanWord* plans() const { return plans_; }
  std::size_t reserved_blocks() const { return reserved_blocks_; }
  BlockIndex frontier() const { return frontier_.load(std::memory_order_acquire); }
  // Memory of the tables for each committed block, in bytes, but for columns: those are counted by span.
  static constexpr std::size_t overhead_per_block = granules_per_block + sizeof(Block) + sizeof(PlanWord);
  // Address space that `discard` hands back for each block: its own and its metadata's.
  static constexpr std::size_t discarded_per_block = block_bytes + granules_per_block;

  // Commits at least `blocks` more blocks. False, and nothing changed, where the system or the
  // reservation has no more.
  bool extend(std::size_t blocks);

  // Gives the memory of free blocks, and of their parts of the tables, back to the system; they are
  // zero then. Requires: their metadata is zero, and they have no column.
  void discard(BlockIndex first, std::size_t blocks);
  // The same for the column of the span whose head this is.
  void discard_column(BlockIndex head, std::size_t bytes);

  bool contains(const void* address) const {
    return static_cast<std::size_t>(static_cast<const std::byte*>(address) - heap_) < std::size_t{frontier()}
                                                                                          << block_log2;
  }

  // The rest requires contains(address), or a block below the frontier.
  BlockIndex index_of(const void* address) const { return static_cast<BlockIndex>(offset_of(address) >> block_log2); }
  std::byte* begin_of(BlockIndex block) const { return heap_ + (std::size_t{block} << block_log2); }
  Block& block(BlockIndex index) const { return blocks_[index]; }
  Block& head_of(const void* address) const { return blocks_[blocks_[index_of(address)].first]; }
  PlanWord& plan(BlockIndex index) const { return plans_[index]; }
  Metadata metadata(const void* address) const { return Metadata(metadata_[offset_of(address) >> granule_log2]); }
  void prefetch_metadata(const void* address) const {
    __builtin_prefetch(&metadata_[offset_of(address) >> granule_log2]);
  }
  std::uint8_t* metadata_of(BlockIndex block) const { return metadata_ + std::size_t{block} * granules_per_block; }
  // The types of the slots of the span whose head this is.
  TypeId* column(BlockIndex head) const { return columns_ + std::size_t{head} * max_slots_per_block; }

  PageSource& pages() const { return pages_; }

 private:
  std::size_t offset_of(const void* address) const {
    return static_cast<std::size_t>(static_cast<const std::byte*>(address) - heap_);
  }
  void release();

  PageSource& pages_;
  std::size_t reserved_blocks_;
  std::byte* heap_ = nullptr;
  std::uint8_t* metadata_ = nullptr;
  Block* blocks_ = nullptr;
  PlanWord* plans_ = nullptr;
  TypeId* columns_ = nullptr;
  std::atomic<BlockIndex> frontier_{0};
};

}  // namespace midden::inline MIDDEN_ABI::collector
