#pragma once
// The pages of a span that the system has back although the span is in use: their `returned` bits,
// each in the descriptor of the page's own block.
//
// Threads: as the span's free slots: who owns the span, or holds its space's mutex.

#include <cstddef>
#include <cstdint>

#include "collector/heap/address_space.hpp"

namespace midden::inline MIDDEN_ABI::collector {

class ReturnedPages {
 public:
  ReturnedPages(const AddressSpace& space, BlockIndex head) : space_(space), head_(head) {}

  // `page` counts from the span's begin.
  bool has(std::size_t page) const { return (bits(page) & bit(page)) != 0; }
  void set(std::size_t page) { bits(page) = static_cast<std::uint16_t>(bits(page) | bit(page)); }
  // Forgets those that the bytes [begin, end) of the span lie in. Returns how many had been returned.
  std::size_t forget(std::size_t begin, std::size_t end) {
    std::size_t count = 0;
    for (std::size_t page = begin >> page_log2; page << page_log2 < end; ++page) {
      if (!has(page)) continue;
      bits(page) = static_cast<std::uint16_t>(bits(page) & ~bit(page));
      ++count;
    }
    return count;
  }

 private:
  static_assert(pages_per_block == 16, "a bit for each page");

  std::uint16_t& bits(std::size_t page) const {
    return space_.block(static_cast<BlockIndex>(head_ + page / pages_per_block)).returned;
  }
  static std::uint16_t bit(std::size_t page) { return static_cast<std::uint16_t>(1U << page % pages_per_block); }

  const AddressSpace& space_;
  BlockIndex head_;
};

}  // namespace midden::inline MIDDEN_ABI::collector
