#pragma once
// Census: how much of each page of an arena is free.
//
//   page     4 KiB of addresses, of segments of 1 MiB and more; smaller ones are not looked after
//   ripe     all of it is free, and the system has not got it
//   chosen   ripe, and about to be given back
//   gone     the system has it, until some of it is allocated, or it gets the word of a chunk that others were cut from
//
//   a page's word:  | chosen, gone | free units, 14 bits |        2 bytes for 4 KiB, at the begin of the segment
//
// Free is what is a chunk or the rest of one, in a bin or in a trim's hands. The window and what is lost are not.
//
// Invariant: ripe() and gone() count the pages that are so.
//
// Threads: as the arena's.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include <midden/build.hpp>

namespace midden::inline MIDDEN_ABI::containers::skiplist {

class Census {
 public:
  static constexpr unsigned first_segment = 13;  // of 1 MiB
  static constexpr unsigned segments = 27;
  static constexpr unsigned page_log2 = 12;
  static constexpr std::size_t page_bytes = std::size_t{1} << page_log2;
  static constexpr std::size_t unit_bytes = 4;
  static constexpr std::uint32_t page_units = page_bytes / unit_bytes;

  // Pages that a segment of that index lies on at most, and what their words take.
  static constexpr std::size_t pages_of(unsigned segment) noexcept {
    return segment < first_segment ? 0 : (std::size_t{128} << segment >> page_log2) + 1;
  }
  static constexpr std::size_t bytes(unsigned segment) noexcept { return sizeof(Word) * pages_of(segment); }

  // From now on it has a segment that begins there, and its words, of which none is free.
  void open(unsigned segment, std::uintptr_t begin, std::byte* words) noexcept {
    std::memset(words, 0, bytes(segment));
    words_[segment] = reinterpret_cast<Word*>(words);
    first_page_[segment] = begin >> page_log2;
  }
  bool has(unsigned segment) const noexcept { return words_[segment] != nullptr; }

  // So many units from that address on have become free; or allocated. Pages of such a segment as has() tells.
  void add(unsigned segment, std::uintptr_t address, std::uint32_t units) noexcept {
    for_each_page(segment, address, units, [&](std::size_t page, std::uint32_t here) {
      Word& word = words_[segment][page];
      word = static_cast<Word>(word + here);
      ripe_ += word == page_units;
    });
  }
  void subtract(unsigned segment, std::uintptr_t address, std::uint32_t units) noexcept {
    for_each_page(segment, address, units, [&](std::size_t page, std::uint32_t here) {
      Word& word = words_[segment][page];
      if ((word & units_mask) == page_units) --((word & gone_flag) != 0 ? gone_ : ripe_);
      word = static_cast<Word>((word & units_mask) - here);
    });
  }

  // Calls f(page, units) for each page that so many units lie on, in order.
  template <class F>
  void for_each_page(unsigned segment, std::uintptr_t address, std::uint32_t units, F&& f) const {
    std::size_t page = (address >> page_log2) - first_page_[segment];
    for (auto left = static_cast<std::uint32_t>((page_bytes - address % page_bytes) / unit_bytes); units > 0;
         left = page_units) {
      const std::uint32_t here = std::min(units, left);
      f(page++, here);
      units -= here;
    }
  }
  std::uintptr_t address_of(unsigned segment, std::size_t page) const noexcept {
    return (first_page_[segment] + page) << page_log2;
  }

  // Chooses it, where it is ripe; but not the head of a run that has gone: cut off, it would leave its word to a page
  // behind it. False for such a head.
  bool choose(unsigned segment, std::size_t page) noexcept {
    Word* const word = words_[segment] + page;
    if (*word != page_units) return true;
    if (page + 1 < pages_of(segment) && word[1] == (page_units | gone_flag)) return false;
    *word |= chosen_flag;
    return true;
  }
  bool is_chosen(unsigned segment, std::size_t page) const noexcept {
    return (words_[segment][page] & chosen_flag) != 0;
  }
  // Requires: it is chosen. It goes.
  void give(unsigned segment, std::size_t page) noexcept {
    words_[segment][page] = page_units | gone_flag;
    --ripe_;
    ++gone_;
  }
  // Requires: the page at that address is gone. It is not.
  void keep(unsigned segment, std::uintptr_t address) noexcept {
    words_[segment][(address >> page_log2) - first_page_[segment]] = page_units;
    ++ripe_;
    --gone_;
  }

  std::size_t ripe() const noexcept { return ripe_; }
  std::size_t gone() const noexcept { return gone_; }

 private:
  using Word = std::uint16_t;
  static constexpr Word chosen_flag = 1 << 15;
  static constexpr Word gone_flag = 1 << 14;
  static constexpr Word units_mask = gone_flag - 1;

  std::size_t ripe_ = 0;
  std::size_t gone_ = 0;
  Word* words_[segments] = {};
  std::uintptr_t first_page_[segments] = {};
};

}  // namespace midden::inline MIDDEN_ABI::containers::skiplist
