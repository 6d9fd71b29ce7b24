#include "collector/heap/block_pool.hpp"

#include <iterator>

namespace midden::inline MIDDEN_ABI::collector {

BlockIndex BlockPool::take(std::size_t blocks) {
  const auto fit = by_length_.lower_bound({blocks, 0});
  if (fit == by_length_.end()) return no_block;
  const auto [length, begin] = *fit;
  erase(by_begin_.find(begin));
  if (length > blocks) insert(static_cast<BlockIndex>(begin + blocks), length - blocks);
  free_blocks_ -= blocks;
  for (std::size_t i = 0; i < blocks; ++i) zero_blocks_ -= space_.block(static_cast<BlockIndex>(begin + i)).zero;
  return begin;
}

void BlockPool::put(BlockIndex begin, std::size_t blocks) {
  free_blocks_ += blocks;
  for (std::size_t i = 0; i < blocks; ++i) zero_blocks_ += space_.block(static_cast<BlockIndex>(begin + i)).zero;

  std::size_t length = blocks;
  const auto next = by_begin_.lower_bound(begin);
  if (next != by_begin_.begin()) {
    const auto previous = std::prev(next);
    if (previous->first + previous->second == begin) {
      begin = previous->first;
      length += previous->second;
      erase(previous);
    }
  }
  if (next != by_begin_.end() && begin + length == next->first) {
    length += next->second;
    erase(next);
  }
  insert(begin, length);
}

void BlockPool::discard() {
  for (const auto& [begin, length] : by_begin_) {
    bool zero = true;
    for (std::size_t i = 0; i < length; ++i) {
      Block& block = space_.block(static_cast<BlockIndex>(begin + i));
      zero = zero && block.zero;
      block.zero = true;
    }
    if (!zero) space_.pages().discard(space_.begin_of(begin), length * block_bytes);
  }
  zero_blocks_ = free_blocks_;
}

std::size_t BlockPool::free_before(BlockIndex end) const {
  const auto next = by_begin_.lower_bound(end);
  if (next == by_begin_.begin()) return 0;
  const auto& [begin, length] = *std::prev(next);
  return begin + length == end ? length : 0;
}

void BlockPool::insert(BlockIndex begin, std::size_t length) {
  by_begin_.emplace(begin, length);
  by_length_.emplace(length, begin);
}

void BlockPool::erase(std::map<BlockIndex, std::size_t>::iterator run) {
  by_length_.erase({run->second, run->first});
  by_begin_.erase(run);
}

}  // namespace midden::inline MIDDEN_ABI::collector
