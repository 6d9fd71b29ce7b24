#pragma once
// Strings of bytes, and how they compare: as memcmp does, then by length.
//
//   piece   four bytes of a string as a big-endian integer, zeros past its end. Pieces taken at
//           one place of strings that agree before it compare as the strings do, or are equal.
//
// Keys of one map often agree in their first bytes; where the caller knows how many are equal,
// a comparison starts behind them.

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include <midden/build.hpp>

namespace midden::inline MIDDEN_ABI::containers::skiplist {

struct Bytes {
  const std::byte* data;
  std::size_t size;
};

inline std::uint32_t load_32(const std::byte* from) noexcept {
  std::uint32_t value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

inline void store_32(std::byte* to, std::uint32_t value) noexcept { std::memcpy(to, &value, sizeof value); }

// Between this machine's order of bytes and big-endian.
inline std::uint32_t big_endian(std::uint32_t value) noexcept {
  return std::endian::native == std::endian::little ? __builtin_bswap32(value) : value;
}
inline std::uint64_t big_endian(std::uint64_t value) noexcept {
  return std::endian::native == std::endian::little ? __builtin_bswap64(value) : value;
}

inline std::uint64_t load_big_64(const std::byte* from) noexcept {
  std::uint64_t value;
  std::memcpy(&value, from, sizeof value);
  return big_endian(value);
}

// The piece of `bytes` at `at`. Reads no byte outside, and branches on the size alone.
inline std::uint32_t piece_of(Bytes bytes, std::size_t at) noexcept {
  if (bytes.size >= 4) {
    const std::size_t from = at < bytes.size - 4 ? at : bytes.size - 4;
    const std::size_t past = at - from < 4 ? at - from : 4;
    return static_cast<std::uint32_t>(std::uint64_t{big_endian(load_32(bytes.data + from))} << (8 * past));
  }
  std::uint32_t piece = 0;
  for (std::size_t i = at; i < bytes.size; ++i) {
    piece |= std::to_integer<std::uint32_t>(bytes.data[i]) << (24 - 8 * (i - at));
  }
  return piece;
}

// How many leading bytes a and b have in common; the first `known` are.
inline std::size_t common_bytes(Bytes a, Bytes b, std::size_t known = 0) noexcept {
  const std::size_t size = a.size < b.size ? a.size : b.size;
  std::size_t i = known;
  for (; i + 8 <= size; i += 8) {
    const std::uint64_t difference = load_big_64(a.data + i) ^ load_big_64(b.data + i);
    if (difference != 0) return i + static_cast<std::size_t>(std::countl_zero(difference)) / 8;
  }
  while (i < size && a.data[i] == b.data[i]) ++i;
  return i;
}

// Below 0, 0 or above as a is less than, equal to or greater than b; the first `known` bytes are
// equal, where a string that ends before counts as if zeros followed.
inline int compare(Bytes a, Bytes b, std::size_t known = 0) noexcept {
  const std::size_t size = a.size < b.size ? a.size : b.size;
  std::size_t i = known;
  for (; i + 8 <= size; i += 8) {
    const std::uint64_t x = load_big_64(a.data + i);
    const std::uint64_t y = load_big_64(b.data + i);
    if (x != y) return x < y ? -1 : 1;
  }
  if (i < size && size >= 8) {
    const std::uint64_t x = load_big_64(a.data + size - 8);
    const std::uint64_t y = load_big_64(b.data + size - 8);
    if (x != y) return x < y ? -1 : 1;
  } else {
    for (; i < size; ++i) {
      if (a.data[i] != b.data[i]) return a.data[i] < b.data[i] ? -1 : 1;
    }
  }
  return a.size < b.size ? -1 : a.size > b.size ? 1 : 0;
}

inline bool equal(Bytes a, Bytes b) noexcept { return a.size == b.size && compare(a, b) == 0; }

}  // namespace midden::inline MIDDEN_ABI::containers::skiplist
