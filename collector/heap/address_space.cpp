#include "collector/heap/address_space.hpp"

#include <algorithm>
#include <limits>
#include <new>

namespace midden::inline MIDDEN_ABI::collector {

namespace {

constexpr std::size_t commit_blocks = commit_bytes / block_bytes;

// Each table is committed in whole pages for every step of commit_blocks blocks.
static_assert(commit_blocks * sizeof(Block) % page_bytes == 0 || sizeof(Block) * commit_blocks < page_bytes);

// The part of a table of `bytes_per_block` that a move of the frontier needs, in whole pages.
struct Part {
  std::size_t begin, end;
};
constexpr Part part_of(std::size_t bytes_per_block, std::size_t from, std::size_t to) {
  return {round_up(from * bytes_per_block, page_bytes), round_up(to * bytes_per_block, page_bytes)};
}

// The blocks of a range, in whole steps.
std::size_t blocks_of(std::size_t bytes) {
  if (bytes > std::numeric_limits<std::size_t>::max() - commit_bytes) throw std::bad_alloc();
  return round_up(std::max(bytes, commit_bytes), commit_bytes) / block_bytes;
}

}  // namespace

AddressSpace::AddressSpace(PageSource& pages, std::size_t bytes) : pages_(pages), reserved_blocks_(blocks_of(bytes)) {
  auto table = [&](std::size_t bytes_per_block, std::size_t alignment) {
    std::byte* begin = pages_.reserve(round_up(reserved_blocks_ * bytes_per_block, page_bytes), alignment);
    if (begin == nullptr) {
      release();
      throw std::bad_alloc();
    }
    return begin;
  };
  heap_ = table(block_bytes, block_bytes);
  metadata_ = reinterpret_cast<std::uint8_t*>(table(granules_per_block, page_bytes));
  blocks_ = reinterpret_cast<Block*>(table(sizeof(Block), page_bytes));
  plans_ = reinterpret_cast<PlanWord*>(table(sizeof(PlanWord), page_bytes));
  columns_ = reinterpret_cast<TypeId*>(table(max_slots_per_block * sizeof(TypeId), page_bytes));
}

AddressSpace::~AddressSpace() { release(); }

void AddressSpace::release() {
  auto give_back = [&](void* begin, std::size_t bytes_per_block) {
    if (begin == nullptr) return;
    pages_.release(static_cast<std::byte*>(begin), round_up(reserved_blocks_ * bytes_per_block, page_bytes));
  };
  give_back(heap_, block_bytes);
  give_back(metadata_, granules_per_block);
  give_back(blocks_, sizeof(Block));
  give_back(plans_, sizeof(PlanWord));
  give_back(columns_, max_slots_per_block * sizeof(TypeId));
}

bool AddressSpace::extend(std::size_t blocks) {
  const std::size_t from = frontier();
  if (blocks > reserved_blocks_ - from) return false;
  const std::size_t to = std::min(reserved_blocks_, round_up(from + blocks, commit_blocks));
  // Committing a page twice is harmless, so a refusal half-way leaves nothing to undo.
  auto commit = [&](void* begin, std::size_t bytes_per_block) {
    const Part part = part_of(bytes_per_block, from, to);
    return part.begin == part.end || pages_.commit(static_cast<std::byte*>(begin) + part.begin, part.end - part.begin);
  };
  if (!commit(blocks_, sizeof(Block)) || !commit(plans_, sizeof(PlanWord)) || !commit(metadata_, granules_per_block) ||
      !commit(columns_, max_slots_per_block * sizeof(TypeId)) || !commit(heap_, block_bytes)) {
    return false;
  }
  for (std::size_t i = from; i < to; ++i) new (&blocks_[i]) Block{.state = BlockState::free};
  frontier_.store(static_cast<BlockIndex>(to), std::memory_order_release);
  return true;
}

void AddressSpace::discard(BlockIndex first, std::size_t blocks) {
  pages_.discard(begin_of(first), blocks * block_bytes);
  pages_.discard(reinterpret_cast<std::byte*>(metadata_of(first)), blocks * granules_per_block);
  for (std::size_t i = 0; i < blocks; ++i) blocks_[first + i].zero = true;
}

void AddressSpace::discard_column(BlockIndex head, std::size_t bytes) {
  pages_.discard(reinterpret_cast<std::byte*>(column(head)), bytes);
}

}  // namespace midden::inline MIDDEN_ABI::collector
