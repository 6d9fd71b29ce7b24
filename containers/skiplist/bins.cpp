#include "containers/skiplist/bins.hpp"

#include <bit>
#include <iterator>

#include "containers/skiplist/arena.hpp"

namespace midden::inline MIDDEN_ABI::containers::skiplist {

namespace {

// How many chunks of its own class an allocation looks at.
constexpr int tries = 4;

Bins::Chunk& chunk_at(const Arena& arena, Offset offset) noexcept {
  return *reinterpret_cast<Bins::Chunk*>(arena.at(offset));
}

unsigned class_of(std::uint32_t units) noexcept {
  if (units <= 32) return units - 2;
  const unsigned log = static_cast<unsigned>(std::bit_width(units)) - 1;
  return Bins::exact + 4 * (log - 5) + ((units >> (log - 2)) & 3);
}

// The first class from `from` on that has a chunk, or Bins::classes.
unsigned next_filled(const Bins& bins, unsigned from) noexcept {
  for (unsigned word = from / 64; word < std::size(bins.filled); ++word) {
    std::uint64_t bits = bins.filled[word];
    if (word == from / 64) bits &= ~std::uint64_t{0} << (from % 64);
    if (bits != 0) return word * 64 + static_cast<unsigned>(std::countr_zero(bits));
  }
  return Bins::classes;
}

}  // namespace

std::uint32_t Bins::take(const Arena& arena, std::uint32_t units) noexcept {
  const auto unlink = [&](unsigned at, std::uint32_t* link) {
    const Offset offset = *link;
    *link = chunk_at(arena, offset).next;
    if (first[at] == 0) filled[at / 64] &= ~(std::uint64_t{1} << (at % 64));
    return offset;
  };
  const auto fits = [units](std::uint32_t have) { return have == units || have >= 2 * units; };

  unsigned at = class_of(units);
  std::uint32_t* link = &first[at];
  for (int i = 0; i < tries && *link != 0 && !fits(chunk_at(arena, *link).units); ++i) {
    link = &chunk_at(arena, *link).next;
  }
  if (*link == 0 || !fits(chunk_at(arena, *link).units)) {
    at = next_filled(*this, class_of(2 * units) + (2 * units > 32 ? 1 : 0));
    if (at == classes) return 0;
    link = &first[at];
  }
  const std::uint32_t have = chunk_at(arena, *link).units;
  const Offset offset = unlink(at, link);
  if (have != units) put(arena, offset + units, have - units);
  return offset;
}

void Bins::put(const Arena& arena, std::uint32_t offset, std::uint32_t units) noexcept {
  const unsigned at = class_of(units);
  chunk_at(arena, offset) = {units, first[at]};
  first[at] = offset;
  filled[at / 64] |= std::uint64_t{1} << (at % 64);
}

}  // namespace midden::inline MIDDEN_ABI::containers::skiplist
