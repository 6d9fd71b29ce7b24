#pragma once
// Lists of chunks by size: the free memory inside an arena.
//
//   chunk   memory that was given back; at least two units
//   class   chunks of about one size: exactly 2..32 units, above that four classes to a doubling
//
// A chunk holds two words while it is free, its size and the next chunk of its class:
//
//    | units | next | ...
//
// An allocation takes a chunk of its own class that is large enough (it looks at the first few),
// else the first chunk of the next class that has any, and puts the rest back. A single unit
// cannot be a chunk, so none is cut that would leave one over.
//
// Invariants
//   1. A chunk lies in the class of its size.
//   2. Bit c of `filled` is set where class c has a chunk.
//
// Threads: as the arena's.
// It does not merge neighbours.

#include <cstddef>
#include <cstdint>

#include <midden/build.hpp>

namespace midden::inline MIDDEN_ABI::containers::skiplist {

class Arena;

struct Bins {
  static constexpr unsigned exact = 31;
  static constexpr unsigned classes = exact + 4 * 27;

  struct Chunk {
    std::uint32_t units;
    std::uint32_t next;
  };

  // Memory of exactly that many units, or 0.
  std::uint32_t take(const Arena& arena, std::uint32_t units) noexcept;

  // Needs units >= 2.
  void put(const Arena& arena, std::uint32_t offset, std::uint32_t units) noexcept;

  std::uint64_t filled[(classes + 63) / 64] = {};
  std::uint32_t first[classes] = {};
};

}  // namespace midden::inline MIDDEN_ABI::containers::skiplist
