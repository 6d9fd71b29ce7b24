#pragma once
// Lists of chunks by size: the free memory inside an arena.
//
//   unit    4 bytes
//   chunk   memory that was given back
//   class   chunks of one size: 1..32 units, and above that eight sizes to a doubling
//
// Every allocation is rounded up to the size of a class (by 1/8 at most, past 128 bytes), so that
// what one gives back serves the next. A chunk holds one word while it is free: the next chunk of
// its class.
//
// Where a class has none, a chunk of at least twice the size is cut, never a smaller one: that
// would leave crumbs of sizes nobody asks for, and a map whose entries come and go would
// slowly turn into them. For the same reason what is left of it is no chunk yet but the rest,
// which the next ones are cut from, whatever their size, until it is too small for one.
//
// Invariants
//   1. Bit c of `filled` is set where class c has a chunk.
//
// Threads: as the arena's.
// It does not merge neighbours: a map whose entries grow again and again, all of them together,
// leaves memory of the earlier sizes behind.

#include <cstddef>
#include <cstdint>

#include <midden/build.hpp>

namespace midden::inline MIDDEN_ABI::containers::skiplist {

class Arena;

struct Bins {
  static constexpr unsigned classes = 32 + 8 * 26;
  static constexpr std::size_t max_size = std::size_t{1} << 31;

  // The size of the smallest class that holds so many units, at least 1.
  static std::size_t round_up(std::size_t units) noexcept;
  // The size of the largest class that is in them.
  static std::uint32_t round_down(std::uint32_t units) noexcept;
  // The class of that size, and back.
  static unsigned class_of(std::uint32_t size) noexcept;
  static std::uint32_t size_of(unsigned at) noexcept;

  // A chunk of exactly that size, or 0.
  std::uint32_t take(const Arena& arena, std::uint32_t size) noexcept;
  // Any number of units; they become as few chunks as they can.
  void put(const Arena& arena, std::uint32_t offset, std::uint32_t units) noexcept;

  // Lets what is left of the chunk that was cut last be chunks.
  void put_rest(const Arena& arena) noexcept;

  std::uint32_t rest = 0;  // its begin
  std::uint32_t rest_units = 0;
  std::uint64_t filled[(classes + 63) / 64] = {};
  std::uint32_t first[classes] = {};
};

}  // namespace midden::inline MIDDEN_ABI::containers::skiplist
