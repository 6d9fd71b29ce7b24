#include "collector/heap/block_supply.hpp"

#include <algorithm>
#include <new>
#include <utility>

namespace midden::inline MIDDEN_ABI::collector {

namespace {

// Given back at a time: enough for the system to be worth calling, few enough that nobody misses them.
constexpr std::size_t most_at_a_time = 64;

constexpr std::size_t block_cost = block_bytes + AddressSpace::overhead_per_block;

}  // namespace

template <class Try>
auto BlockSupply::within_limit(Try&& attempt) {
  for (bool waited = false;; waited = true) {
    std::size_t surplus = 0;
    const auto result = attempt(surplus);
    // Where there was nothing left to give, others gave it, and are done with that now.
    if (surplus == 0 || (give_back(surplus) == 0 && waited)) return result;
  }
}

BlockIndex BlockSupply::take(const Wanted& wanted, Source source, Verdict& verdict) {
  return within_limit([&](std::size_t& surplus) { return try_take(wanted, source, verdict, surplus); });
}

BlockIndex BlockSupply::try_take(const Wanted& wanted, Source source, Verdict& verdict, std::size_t& surplus) {
  const auto& [blocks, use, column_bytes] = wanted;
  const bool segment = use == Use::segment;
  const std::lock_guard lock(mutex_);
  BlockIndex first = pool_.take(blocks);
  if (first == no_block && source == Source::frontier) {
    // Before the frontier moves, for it does not move back. A segment costs its tables only.
    const std::size_t cost = segment ? AddressSpace::overhead_per_block : block_cost;
    if (!fits_limit(blocks * cost + column_bytes, surplus)) {
      verdict = Verdict::limit_reached;
      return no_block;
    }
    if (!extend(blocks - pool_.free_before(space_.frontier()))) {
      verdict = Verdict::out_of_memory;
      return no_block;
    }
    first = pool_.take(blocks);
  }
  verdict = Verdict::memory;
  if (first == no_block) return no_block;
  if (segment) segment_blocks_ += blocks;
  column_bytes_ += column_bytes;
  if (!fits_limit(0, surplus)) {
    if (segment) segment_blocks_ -= blocks;
    column_bytes_ -= column_bytes;
    pool_.put(first, blocks);
    verdict = Verdict::limit_reached;
    return no_block;
  }
  least_dirty_ = std::min(least_dirty_, pool_.dirty_blocks());
  return first;
}

bool BlockSupply::take_behind(BlockIndex begin, std::size_t blocks) try {
  return within_limit([&](std::size_t& surplus) {
    const std::lock_guard lock(mutex_);
    const std::size_t free = pool_.free_from(begin);
    if (free < blocks) {
      if (begin + free != space_.frontier()) return false;
      if (!fits_limit((blocks - free) * block_cost, surplus)) return false;
      if (!extend(blocks - free)) return false;
    }
    if (!pool_.take_at(begin, blocks)) return false;
    if (!fits_limit(0, surplus)) {
      pool_.put(begin, blocks);
      return false;
    }
    pool_.join_taken();
    least_dirty_ = std::min(least_dirty_, pool_.dirty_blocks());
    return true;
  });
} catch (const std::bad_alloc&) {
  return false;
}

void BlockSupply::put(BlockIndex first, std::size_t blocks, std::size_t column_bytes) noexcept {
  const std::lock_guard lock(mutex_);
  column_bytes_ -= column_bytes;
  take_in(first, blocks);
}

void BlockSupply::put_segment(BlockIndex first, std::size_t blocks, std::uint64_t committed_bytes) noexcept {
  const std::lock_guard lock(mutex_);
  segment_blocks_ -= blocks;
  segment_committed_ -= committed_bytes;
  take_in(first, blocks);
}

void BlockSupply::take_in(BlockIndex first, std::size_t blocks) noexcept {
  const std::size_t before = pool_.dirty_blocks();
  pool_.put(first, blocks);
  if (blocks * block_bytes >= discard_bytes) least_dirty_ += pool_.dirty_blocks() - before;
}

bool BlockSupply::commit_segment(std::uint64_t more) {
  return within_limit([&](std::size_t& surplus) {
    const std::lock_guard lock(mutex_);
    const bool fits = fits_limit(more, surplus);
    if (fits) segment_committed_ += more;
    return fits;
  });
}

bool BlockSupply::extend(std::size_t blocks) {
  const BlockIndex from = space_.frontier();
  pool_.make_room();
  if (!space_.extend(blocks)) return false;
  pool_.add(from, space_.frontier() - from);
  return true;
}

bool BlockSupply::fits_limit(std::uint64_t more, std::size_t& surplus) const {
  const std::uint64_t wanted = committed() + more;
  if (wanted <= heap_max_) return true;
  // Free memory that was used counts until the system has it back.
  const std::uint64_t beyond = (wanted - heap_max_ + block_cost - 1) / block_cost;
  if (beyond <= pool_.dirty_blocks() + on_their_way_) surplus = static_cast<std::size_t>(beyond);
  return false;
}

std::uint64_t BlockSupply::committed() const {
  const std::uint64_t blocks = space_.frontier() - pool_.zero_blocks() - segment_blocks_;
  return blocks * block_cost + segment_committed_ + column_bytes_;
}

void BlockSupply::discard_above(std::uint64_t bytes) {
  if (figures().committed_bytes > bytes) give_back(space_.reserved_blocks());
}

std::size_t BlockSupply::look() {
  const std::lock_guard lock(mutex_);
  return std::exchange(least_dirty_, pool_.dirty_blocks());
}

std::size_t BlockSupply::give_back(std::size_t blocks) {
  std::size_t given = 0;
  for (BlockIndex below = space_.frontier(); given < blocks;) {
    const std::lock_guard one_at_a_time(giving_);
    BlockPool::Run run;
    {
      const std::lock_guard lock(mutex_);
      try {
        run = pool_.take_dirty(below, std::min(most_at_a_time, blocks - given));
      } catch (const std::bad_alloc&) {
        break;  // what the host has no memory for is left to the next look
      }
      least_dirty_ = std::min(least_dirty_, pool_.dirty_blocks());
      on_their_way_ = run.blocks;
    }
    if (run.blocks == 0) break;
    // Without that lock: the system takes its time, and others may want blocks meanwhile.
    space_.discard(run.begin, run.blocks);
    const std::lock_guard lock(mutex_);
    pool_.put(run.begin, run.blocks);
    on_their_way_ = 0;
    given += run.blocks;
    below = run.begin;
  }
  return given;
}

BlockSupply::Figures BlockSupply::figures() const {
  const std::lock_guard lock(mutex_);
  const std::uint64_t used = space_.frontier() - pool_.free_blocks() - segment_blocks_;
  return {.committed_bytes = committed(),
          .used_bytes = used * block_bytes,
          .free_bytes = pool_.dirty_blocks() * block_bytes,
          .held_bytes = committed() - pool_.dirty_blocks() * block_cost,
          .segment_bytes = segment_committed_};
}

}  // namespace midden::inline MIDDEN_ABI::collector
