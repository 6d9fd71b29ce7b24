#pragma once
// The committed blocks that hold nothing, as runs.
//
// Best fit by length, lowest address among equals; neighbours are joined when blocks come back.
// Whether the memory of a free block is zero stands in its descriptor.
//
//   by_begin_   begin -> length        to join
//   by_length_  (length, begin)        to fit
//
// Invariants: the two maps hold the same runs; runs neither touch nor overlap; every block of a
// run is BlockState::free.
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
  // such run. Their descriptors are as they were put.
  BlockIndex take(std::size_t blocks);
  // Puts blocks in whose descriptors say BlockState::free, and `zero` or not.
  void put(BlockIndex begin, std::size_t blocks);
  // Gives the memory of all free blocks back to the system: they are zero then.
  void discard();

  // Free blocks in a row up to `end`.
  std::size_t free_before(BlockIndex end) const;
  std::size_t free_blocks() const { return free_blocks_; }
  // Free blocks whose memory the system has been given back, or that were never touched.
  std::size_t zero_blocks() const { return zero_blocks_; }

  template <class F>
  void for_each_run(F&& f) const {
    for (const auto& [begin, length] : by_begin_) f(begin, length);
  }

 private:
  void insert(BlockIndex begin, std::size_t length);
  void erase(std::map<BlockIndex, std::size_t>::iterator run);

  AddressSpace& space_;
  std::map<BlockIndex, std::size_t> by_begin_;
  std::set<std::pair<std::size_t, BlockIndex>> by_length_;
  std::size_t free_blocks_ = 0;
  std::size_t zero_blocks_ = 0;
};

}  // namespace midden::inline MIDDEN_ABI::collector
