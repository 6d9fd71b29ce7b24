#pragma once
// The pages of a span that the system has back although the span is in use: their `returned` bits,
// each in the descriptor of the page's own block.
//
// Threads: changed as the span's free slots are: by who owns the span, or holds its space's mutex.
// Counted by any, relaxed: a figure of a report.

#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "collector/heap/address_space.hpp"

namespace midden::inline MIDDEN_ABI::collector {

class ReturnedPages {
 public:
  ReturnedPages(const AddressSpace& space, BlockIndex head) : space_(space), head_(head) {}

  // `page` counts from the span's begin.
  bool has(std::size_t page) const { return (load(page) & bit(page)) != 0; }
  void set(std::size_t page) { store(page, static_cast<std::uint16_t>(load(page) | bit(page))); }
  // Forgets those that the bytes [begin, end) of the span lie in. Returns how many had been returned.
  std::size_t forget(std::size_t begin, std::size_t end) {
    std::size_t count = 0;
    for (std::size_t page = begin >> page_log2; page << page_log2 < end; ++page) {
      if (load(page) == 0) page |= pages_per_block - 1;  // the rest of the block
      if (!has(page)) continue;
      store(page, static_cast<std::uint16_t>(load(page) & ~bit(page)));
      ++count;
    }
    return count;
  }

  // Of a span of so many blocks.
  std::size_t count(std::size_t blocks) const {
    std::size_t pages = 0;
    for (std::size_t i = 0; i < blocks; ++i)
      pages += static_cast<std::size_t>(std::popcount(load(i * pages_per_block)));
    return pages;
  }

 private:
  static_assert(pages_per_block == 16, "a bit for each page");

  std::atomic_ref<std::uint16_t> bits(std::size_t page) const {
    return std::atomic_ref(space_.block(static_cast<BlockIndex>(head_ + page / pages_per_block)).returned);
  }
  std::uint16_t load(std::size_t page) const { return bits(page).load(std::memory_order_relaxed); }
  void store(std::size_t page, std::uint16_t value) { bits(page).store(value, std::memory_order_relaxed); }
  static std::uint16_t bit(std::size_t page) { return static_cast<std::uint16_t>(1U << page % pages_per_block); }

  const AddressSpace& space_;
  BlockIndex head_;
};

}  // namespace midden::inline MIDDEN_ABI::collector
