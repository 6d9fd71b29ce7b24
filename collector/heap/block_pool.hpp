#pragma once
// The committed blocks that hold nothing, as runs.
//
// Best fit by length, lowest address among equals; neighbours are joined when blocks come back.
// Whether the memory of a free block is zero stands in its descriptor.
//
//   by_begin_   begin -> length        to join
//   by_length_  (length, begin)        to fit
//
// Invariants
//   1. The two maps hold the same runs; runs neither touch nor overlap; every block of a run is
//      BlockState::free.
//   2. There is a spare node of each map for every run that is taken, so that `put` never
//      allocates: what was swept can always be taken in.
//
// Threads: under the heap's pool lock.

#include <map>
#include <set>
#include <utility>

#include "collector/heap/address_space.hpp"

namespace midden::inline MIDDEN_ABI::collector {

class BlockPool {
 public:
  explicit BlockPool(AddressSpace& space) : space_(space) {}

  // The first of `blocks` blocks in a row, no longer in the pool; no_block where there is no
  // such run. Their descriptors are as they were put. Throws std::bad_alloc, and nothing changed.
  BlockIndex take(std::size_t blocks);
  // Takes the blocks from `begin` on; false where the pool has not all of them. Requires: the block
  // before is not in the pool. Throws likewise.
  bool take_at(BlockIndex begin, std::size_t blocks);
  // Two runs that were taken are one now, and will be put back so.
  void join_taken() { --taken_; }
  // Puts a run back as it was taken. Its descriptors say BlockState::free, and `zero` or not.
  void put(BlockIndex begin, std::size_t blocks) noexcept;
  // Puts new blocks in, likewise. Throws std::bad_alloc, and nothing changed; not after make_room.
  void add(BlockIndex begin, std::size_t blocks);
  // Room for so many more runs than are taken.
  void make_room(std::size_t more = 1);
  struct Run {
    BlockIndex begin = no_block;
    std::size_t blocks = 0;
  };
  // Takes up to `most` blocks in a row whose memory is not known to be zero, the highest below
  // `below`; none where there are none. Throws std::bad_alloc, and nothing changed.
  Run take_dirty(BlockIndex below, std::size_t most);

  // Free blocks in a row from `begin` on, where the block before is not free.
  std::size_t free_from(BlockIndex begin) const;
  // Free blocks in a row up to `end`.
  std::size_t free_before(BlockIndex end) const;
  std::size_t free_blocks() const { return free_blocks_; }
  // Free blocks whose memory the system has been given back, or that were never touched.
  std::size_t zero_blocks() const { return zero_blocks_; }
  // The others: free, and with memory.
  std::size_t dirty_blocks() const { return free_blocks_ - zero_blocks_; }

  template <class F>
  void for_each_run(F&& f) const {
    for (const auto& [begin, length] : by_begin_) f(begin, length);
  }

 private:
  using ByBegin = std::map<BlockIndex, std::size_t>;
  using ByLength = std::set<std::pair<std::size_t, BlockIndex>>;

  void take(ByBegin::iterator run, BlockIndex begin, std::size_t blocks);
  void join(BlockIndex begin, std::size_t blocks) noexcept;
  void insert(BlockIndex begin, std::size_t length) noexcept;
  void erase(ByBegin::iterator run) noexcept;

  AddressSpace& space_;
  ByBegin by_begin_;
  ByLength by_length_;
  // Their keys count them.
  ByBegin spare_begins_;
  ByLength spare_lengths_;
  std::size_t taken_ = 0;  // runs
  std::size_t free_blocks_ = 0;
  std::size_t zero_blocks_ = 0;
};

}  // namespace midden::inline MIDDEN_ABI::collector
