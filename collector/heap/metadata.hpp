#pragma once
// The byte beside the heap that tells the state of a slot.
//
//   bit   0 1      2          3        4        5 6         7
//        colour  overflowed  pinned  (side entry, generations: later)  born
//
//   colour      0: not marked since it was swept; 1, 2, 3: marked in a cycle of that colour
//   overflowed  marked, but the grey stack was full: still to be scanned
//   pinned      a Pin names it
//   born        given to a mutator; kept only when the heap is checked
//
// Colours rotate: cycle n marks with colour n mod C + 1, where C is 3 (2 in a test build). So
// a cycle begins without clearing anything: old colours mean dead. Sweeping zeroes the bytes of
// dead slots, and every block is swept before the colour of its oldest marks comes round again.
//
// Threads: relaxed atomics. During marking several workers may store the same colour to one
// byte; flags change by read-modify-write, and never while marking stores colours, except
// `overflowed`, which the marking worker itself sets.

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "collector/heap/geometry.hpp"

namespace midden::inline MIDDEN_ABI::collector {

using Colour = std::uint8_t;

inline constexpr std::uint8_t colour_mask = 0x03;
inline constexpr std::uint8_t overflowed_flag = 0x04;
inline constexpr std::uint8_t pinned_flag = 0x08;
inline constexpr std::uint8_t born_flag = 0x80;

static_assert(mark_colours == 2 || mark_colours == 3);

constexpr Colour colour_of_cycle(std::uint64_t cycle) { return static_cast<Colour>(cycle % mark_colours + 1); }

class Metadata {
 public:
  explicit Metadata(std::uint8_t& byte) : byte_(byte) {}

  std::uint8_t load() const { return byte_.load(std::memory_order_relaxed); }
  bool has(Colour colour) const { return (load() & colour_mask) == colour; }
  // Returns false where the slot has the colour already. Two workers may both get true; the
  // object is then scanned twice, which is harmless and rarer than an atomic exchange is slow.
  bool mark(Colour colour) {
    const std::uint8_t old = load();
    if ((old & colour_mask) == colour) return false;
    byte_.store(static_cast<std::uint8_t>((old & ~colour_mask) | colour), std::memory_order_relaxed);
    return true;
  }
  void set(std::uint8_t flag) { byte_.fetch_or(flag, std::memory_order_relaxed); }
  void clear(std::uint8_t flag) { byte_.fetch_and(static_cast<std::uint8_t>(~flag), std::memory_order_relaxed); }

 private:
  std::atomic_ref<std::uint8_t> byte_;
};

}  // namespace midden::inline MIDDEN_ABI::collector
