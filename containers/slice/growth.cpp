#include "containers/slice/growth.hpp"

#include <algorithm>
#include <bit>
#include <limits>

namespace midden::inline MIDDEN_ABI::containers {

namespace {

constexpr std::size_t most = std::numeric_limits<std::size_t>::max();
constexpr std::size_t fine_end = 128;
constexpr std::size_t even_end = 1024;
constexpr std::size_t step_end = std::size_t{256} << 10;
constexpr std::size_t page = 4096;
// Bytes of the smallest array that geometric growth makes: below, the header would be most of it.
constexpr std::size_t first_bytes = 64;

// Saturating, so that what is too large stays too large.
std::size_t times(std::size_t a, std::size_t b) {
  std::size_t product = 0;
  return __builtin_mul_overflow(a, b, &product) ? most : product;
}
std::size_t plus(std::size_t a, std::size_t b) {
  std::size_t sum = 0;
  return __builtin_add_overflow(a, b, &sum) ? most : sum;
}
std::size_t round_up(std::size_t value, std::size_t power_of_two) {
  const std::size_t enough = plus(value, power_of_two - 1);
  return enough == most ? most : enough & ~(power_of_two - 1);
}

std::size_t bytes_for(const ArrayShape& shape, std::size_t elements) {
  return plus(times(elements, shape.element_bytes), shape.header_bytes);
}

std::size_t go_capacity(std::size_t capacity, std::size_t needed) {
  if (needed > times(capacity, 2)) return needed;
  if (capacity < 256) return times(capacity, 2);
  while (capacity < needed) capacity = plus(capacity, plus(capacity, 3 * 256) / 4);
  return capacity;
}

}  // namespace

std::size_t slot_bytes(std::size_t bytes, std::size_t alignment) {
  const std::size_t wide = alignment > 16 ? alignment : 1;
  bytes = round_up(std::max<std::size_t>(bytes, 16), wide);
  if (bytes <= fine_end) {
    bytes = round_up(bytes, alignment > 8 ? 16 : 8);
  } else if (bytes <= even_end) {
    bytes = round_up(bytes, 16);
  } else if (bytes <= step_end) {
    bytes = round_up(bytes, std::bit_floor(bytes - 1) / 8);
  } else {
    bytes = round_up(bytes, page);
  }
  return round_up(bytes, wide);
}

std::size_t fill_slot(const ArrayShape& shape, std::size_t needed) {
  const std::size_t slot = slot_bytes(bytes_for(shape, needed), shape.alignment);
  if (slot == most) return needed;
  return (slot - shape.header_bytes) / shape.element_bytes;
}

std::size_t next_capacity(Growth growth, const ArrayShape& shape, std::size_t capacity, std::size_t needed) {
  std::size_t wanted = needed;
  if (growth == Growth::geometric) {
    const std::size_t before = capacity == 0 ? 0 : bytes_for(shape, capacity);
    const std::size_t bytes = std::max({first_bytes, times(before, 2), bytes_for(shape, needed)});
    wanted = (bytes - shape.header_bytes) / shape.element_bytes;
  } else if (growth == Growth::go) {
    wanted = go_capacity(capacity, needed);
  }
  return fill_slot(shape, std::max(needed, wanted));
}

}  // namespace midden::inline MIDDEN_ABI::containers
