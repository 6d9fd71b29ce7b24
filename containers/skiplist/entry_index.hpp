#pragma once
// EntryIndex: the value of an entry where a map's values have references: an index in the map's column (column.hpp).
//
//    | index, 31 bits | left |      4 bytes at any address, the lowest first
//
//   left   the entry has left the map and is a fence only: what the index leads to is not its own any more
//
// Threads: with many writers the bit is set while others read the index. It is in the last byte, which alone is read
// and written atomically: an entry's value stands at any address.

#include <array>
#include <cstddef>
#include <cstdint>

#include <midden/build.hpp>

#include "containers/skiplist/bytes.hpp"

namespace midden::inline MIDDEN_ABI::containers::skiplist {

class EntryIndex {
 public:
  static constexpr std::size_t bytes = 4;
  static constexpr std::uint32_t none = 0x7FFFFFFF;  // above every index

  // Of an entry's value.
  explicit EntryIndex(Bytes value) noexcept : at_(value.data) {}

  std::uint32_t get() const noexcept {
    return std::to_integer<std::uint32_t>(at_[0]) | std::to_integer<std::uint32_t>(at_[1]) << 8 |
           std::to_integer<std::uint32_t>(at_[2]) << 16 | (last() & ~left_bit) << 24;
  }
  bool has_left() const noexcept { return (last() & left_bit) != 0; }
  // By one thread; the entry may be written.
  void leave() noexcept {
    std::byte& byte = const_cast<std::byte&>(at_[bytes - 1]);
    __atomic_store_n(reinterpret_cast<unsigned char*>(&byte), static_cast<unsigned char>(last() | left_bit),
                     __ATOMIC_RELAXED);
  }

  static std::array<std::byte, bytes> encode(std::uint32_t index) noexcept {
    return {std::byte(index), std::byte(index >> 8), std::byte(index >> 16), std::byte(index >> 24)};
  }

 private:
  static constexpr std::uint32_t left_bit = 0x80;

  // Relaxed: readers mask the bit out, and who frees the entry comes after all else by a grace period.
  std::uint32_t last() const noexcept {
    return __atomic_load_n(reinterpret_cast<const unsigned char*>(at_ + bytes - 1), __ATOMIC_RELAXED);
  }

  const std::byte* at_;
};

}  // namespace midden::inline MIDDEN_ABI::containers::skiplist
