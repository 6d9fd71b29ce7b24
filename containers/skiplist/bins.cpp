#include "containers/skiplist/bins.hpp"

#include <bit>
#include <iterator>
#include <utility>

#include "containers/skiplist/arena.hpp"
#include "containers/skiplist/bytes.hpp"

namespace midden::inline MIDDEN_ABI::containers::skiplist {

namespace {

// The largest power of two that is not above `units`, as an exponent.
unsigned log_of(std::size_t units) noexcept { return static_cast<unsigned>(std::bit_width(units)) - 1; }

// The first class from `from` on that has a chunk, or Bins::classes.
unsigned next_filled(const Bins& bins, unsigned from) noexcept {
  for (unsigned word = from / 64; word < std::size(bins.filled); ++word) {
    std::uint64_t bits = bins.filled[word];
    if (word == from / 64) bits &= ~std::uint64_t{0} << (from % 64);
    if (bits != 0) return word * 64 + static_cast<unsigned>(std::countr_zero(bits));
  }
  return Bins::classes;
}

// Requires: the class has a chunk.
Offset pop(Bins& bins, const Arena& arena, unsigned at) noexcept {
  const Offset offset = bins.first[at];
  bins.first[at] = load_32(arena.at(offset));
  if (bins.first[at] == 0) bins.filled[at / 64] &= ~(std::uint64_t{1} << (at % 64));
  return offset;
}

}  // namespace

std::size_t Bins::round_up(std::size_t units) noexcept {
  if (units <= 32) return units;
  const std::size_t step = std::size_t{1} << (log_of(units - 1) - 3);
  return (units + step - 1) & ~(step - 1);
}

std::uint32_t Bins::round_down(std::uint32_t units) noexcept {
  return units <= 32 ? units : units & ~((std::uint32_t{1} << (log_of(units) - 3)) - 1);
}

unsigned Bins::class_of(std::uint32_t size) noexcept {
  if (size <= 32) return size - 1;
  const unsigned log = log_of(size - 1);
  return 32 + 8 * (log - 5) + ((size - 1) >> (log - 3)) - 8;
}

std::uint32_t Bins::size_of(unsigned at) noexcept {
  if (at < 32) return at + 1;
  return (9 + (at - 32) % 8) << ((at - 32) / 8 + 2);
}

std::uint32_t Bins::take(const Arena& arena, std::uint32_t size) noexcept {
  if (const unsigned at = class_of(size); first[at] != 0) return pop(*this, arena, at);
  if (rest_units < size) {
    if (size > max_size / 2) return 0;
    const unsigned at = next_filled(*this, class_of(2 * size));
    if (at == classes) return 0;
    const Offset cut = pop(*this, arena, at);
    put_rest(arena);
    rest = cut;
    rest_units = size_of(at);
  }
  const Offset offset = rest;
  rest += size;
  rest_units -= size;
  return offset;
}

void Bins::put_rest(const Arena& arena) noexcept {
  const std::uint32_t units = std::exchange(rest_units, 0);
  put(arena, rest, units);
}

void Bins::put(const Arena& arena, std::uint32_t offset, std::uint32_t units) noexcept {
  while (units > 0) {
    const std::uint32_t size = round_down(units);
    const unsigned at = class_of(size);
    store_32(arena.at(offset), first[at]);
    first[at] = offset;
    filled[at / 64] |= std::uint64_t{1} << (at % 64);
    offset += size;
    units -= size;
  }
}

}  // namespace midden::inline MIDDEN_ABI::containers::skiplist
