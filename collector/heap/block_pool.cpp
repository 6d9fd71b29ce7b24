#include "collector/heap/block_pool.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace midden::inline MIDDEN_ABI::collector {

BlockIndex BlockPool::take(std::size_t blocks) {
  const auto fit = by_length_.lower_bound({blocks, 0});
  if (fit == by_length_.end()) return no_block;
  const BlockIndex begin = fit->second;
  take(by_begin_.find(begin), begin, blocks);
  return begin;
}

bool BlockPool::take_at(BlockIndex begin, std::size_t blocks) {
  const auto run = by_begin_.find(begin);
  if (run == by_begin_.end() || run->second < blocks) return false;
  take(run, begin, blocks);
  return true;
}

// Takes a part of a run; what is left of it stays.
void BlockPool::take(ByBegin::iterator run, BlockIndex begin, std::size_t blocks) {
  const auto [first, length] = *run;
  const std::size_t before = begin - first;
  make_room(before > 0 ? 2 : 1);
  ++taken_;
  erase(run);
  if (before > 0) insert(first, before);
  if (before + blocks < length) insert(static_cast<BlockIndex>(begin + blocks), length - before - blocks);
  free_blocks_ -= blocks;
  for (std::size_t i = 0; i < blocks; ++i) zero_blocks_ -= space_.block(static_cast<BlockIndex>(begin + i)).zero;
}

BlockPool::Run BlockPool::take_dirty(BlockIndex below, std::size_t most) {
  for (auto run = by_begin_.lower_bound(below); run != by_begin_.begin();) {
    --run;
    const auto [first, length] = *run;
    std::size_t end = std::min<std::size_t>(first + length, below);
    while (end > first && space_.block(static_cast<BlockIndex>(end - 1)).zero) --end;
    std::size_t begin = end;
    while (begin > first && end - begin < most && !space_.block(static_cast<BlockIndex>(begin - 1)).zero) --begin;
    if (begin == end) continue;
    take(run, static_cast<BlockIndex>(begin), end - begin);
    return {static_cast<BlockIndex>(begin), end - begin};
  }
  return {};
}

void BlockPool::put(BlockIndex begin, std::size_t blocks) noexcept {
  --taken_;
  join(begin, blocks);
}

void BlockPool::add(BlockIndex begin, std::size_t blocks) {
  make_room();
  join(begin, blocks);
}

void BlockPool::make_room(std::size_t more) {
  while (spare_begins_.size() < taken_ + more) spare_begins_.emplace(static_cast<BlockIndex>(spare_begins_.size()), 0);
  while (spare_lengths_.size() < taken_ + more) spare_lengths_.emplace(spare_lengths_.size(), 0);
}

void BlockPool::join(BlockIndex begin, std::size_t blocks) noexcept {
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
  while (spare_begins_.size() > taken_) spare_begins_.erase(std::prev(spare_begins_.end()));
  while (spare_lengths_.size() > taken_) spare_lengths_.erase(std::prev(spare_lengths_.end()));
}

std::size_t BlockPool::free_from(BlockIndex begin) const {
  const auto run = by_begin_.find(begin);
  return run == by_begin_.end() ? 0 : run->second;
}

std::size_t BlockPool::free_before(BlockIndex end) const {
  const auto next = by_begin_.lower_bound(end);
  if (next == by_begin_.begin()) return 0;
  const auto& [begin, length] = *std::prev(next);
  return begin + length == end ? length : 0;
}

void BlockPool::insert(BlockIndex begin, std::size_t length) noexcept {
  auto by_begin = spare_begins_.extract(std::prev(spare_begins_.end()));
  by_begin.key() = begin;
  by_begin.mapped() = length;
  by_begin_.insert(std::move(by_begin));
  auto by_length = spare_lengths_.extract(std::prev(spare_lengths_.end()));
  by_length.value() = {length, begin};
  by_length_.insert(std::move(by_length));
}

void BlockPool::erase(ByBegin::iterator run) noexcept {
  auto by_length = by_length_.extract({run->second, run->first});
  by_length.value() = {spare_lengths_.size(), 0};
  spare_lengths_.insert(std::move(by_length));
  auto by_begin = by_begin_.extract(run);
  by_begin.key() = static_cast<BlockIndex>(spare_begins_.size());
  spare_begins_.insert(std::move(by_begin));
}

}  // namespace midden::inline MIDDEN_ABI::collector
