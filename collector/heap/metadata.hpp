#pragma once
// The byte beside the heap that tells the state of a slot.
//
//   bit   0 1     2        3        4        5 6               7
//        colour  waiting  pinned  (side entry, generations: later)  born
//
//   colour      0: not marked since it was swept; 1, 2, 3: marked in a cycle of that colour
//   waiting     marked, and still to be scanned: it waits here and not on a grey stack
//   pinned      a Pin names it
//   born        given to a mutator; kept only when the heap is checked
//
// Colours rotate: cycle n marks with colour n mod C + 1, where C is 3 (2 in a test build). So
// a cycle begins without clearing anything: old colours mean dead. Sweeping zeroes the bytes of
// dead slots, and every block is swept before the colour of its oldest marks comes round again.
//
// Threads: relaxed atomics. During marking several workers may store the same colour to one
// byte; flags change by read-modify-write, and never while marking stores colours, except
// `waiting`, which the marking workers themselves set and clear, and the clearing of `pinned`, which may get
// lost: the pins themselves are counted elsewhere. A thread may pin a live object while
// another sweeps its block, so sweeping reads eight bytes at a time but writes only the bytes of
// dead slots, one by one.

#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "collector/heap/geometry.hpp"

namespace midden::inline MIDDEN_ABI::collector {

using Colour = std::uint8_t;

inline constexpr std::uint8_t colour_mask = 0x03;
inline constexpr std::uint8_t waiting_flag = 0x04;
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
  // While marking: a load and a store, since nobody else has this byte to change but who ends a pin, whose flag may
  // be left behind.
  void wait() { byte_.store(static_cast<std::uint8_t>(load() | waiting_flag), std::memory_order_relaxed); }
  void go_on() { byte_.store(static_cast<std::uint8_t>(load() & ~waiting_flag), std::memory_order_relaxed); }
  void reset() { byte_.store(0, std::memory_order_relaxed); }
  void set(std::uint8_t flag) { byte_.fetch_or(flag, std::memory_order_relaxed); }
  void clear(std::uint8_t flag) { byte_.fetch_and(static_cast<std::uint8_t>(~flag), std::memory_order_relaxed); }

 private:
  std::atomic_ref<std::uint8_t> byte_;
};

// Eight metadata bytes at once, for sweeping.
class MetadataWord {
 public:
  static constexpr std::size_t bytes = sizeof(std::uint64_t);
  // Requires: `first` is a multiple of eight bytes into a block's metadata.
  static MetadataWord load(std::uint8_t* first) {
    return MetadataWord(std::atomic_ref(*reinterpret_cast<std::uint64_t*>(first)).load(std::memory_order_relaxed));
  }

  bool empty() const { return word_ == 0; }
  // Bit 7 of each byte: set where the byte has not this colour.
  std::uint64_t without(Colour colour) const {
    const std::uint64_t differs = (word_ ^ each * colour) & (each * colour_mask);
    return (differs + each * 0x7f) & high;
  }
  // Bit 7 of each byte: set where the byte is not zero.
  std::uint64_t set() const { return (((word_ & ~high) + each * 0x7f) | word_) & high; }
  // Bit 7 of each byte: set where the byte has the flag.
  std::uint64_t waiting() const { return (word_ & each * waiting_flag) << waiting_shift; }
  // The bytes that are not zero, without those before this one.
  std::uint64_t set_from(std::size_t byte) const { return set() & (~std::uint64_t{0} << 8 * byte); }

  // How many bytes a mask of high bits names: a multiplication adds them up in the top byte. (Without its
  // instruction, which not every x86-64 has, std::popcount is a call.)
  static std::uint32_t count(std::uint64_t mask) { return static_cast<std::uint32_t>((mask >> 7) * each >> 56); }
  // The first byte that a mask of high bits names.
  static std::size_t first_of(std::uint64_t mask) { return static_cast<std::size_t>(std::countr_zero(mask)) / 8; }

 private:
  static constexpr std::uint64_t each = 0x0101010101010101;
  static constexpr std::uint64_t high = each * 0x80;
  static constexpr int waiting_shift = 5;
  static_assert(waiting_flag << waiting_shift == 0x80);
  explicit MetadataWord(std::uint64_t word) : word_(word) {}

  std::uint64_t word_;
};
static_assert(std::endian::native == std::endian::little, "the first byte of a word is its lowest");

}  // namespace midden::inline MIDDEN_ABI::collector
