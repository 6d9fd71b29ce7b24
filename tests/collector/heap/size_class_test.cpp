#include "collector/heap/size_class.hpp"

#include "collector/heap/block.hpp"
#include "tests/support/catch.hpp"

namespace midden::collector {
namespace {

// The classes written as a list, from their description alone.
std::vector<std::size_t> all_slots() {
  std::vector<std::size_t> slots;
  for (std::size_t bytes = 16; bytes <= 128; bytes += 8) slots.push_back(bytes);
  for (std::size_t bytes = 144; bytes <= 1024; bytes += 16) slots.push_back(bytes);
  for (std::size_t low = 1024; low < max_small_bytes; low *= 2) {
    for (std::size_t step = 1; step <= 8; ++step) slots.push_back(low + step * low / 8);
  }
  return slots;
}

TEST_CASE("The classes are the ones that the drawing shows") {
  const std::vector<std::size_t> slots = all_slots();
  REQUIRE(slots.size() == size_class_count);
  for (SizeClass c = 0; c < size_class_count; ++c) REQUIRE(class_bytes(c) == slots[c]);
}

TEST_CASE("Each size up to 256 KiB gets the smallest slot that holds it") {
  const std::vector<std::size_t> slots = all_slots();
  std::size_t next = 0;
  std::size_t wrong = 0;
  for (std::size_t bytes = 1; bytes <= max_small_bytes; ++bytes) {
    while (slots[next] < bytes) ++next;
    wrong += class_bytes(class_of(bytes, 8)) != slots[next];
  }
  CHECK(wrong == 0);
}

TEST_CASE("With an alignment of 16 each slot is the smallest multiple of 16 that holds the object") {
  std::size_t wrong = 0;
  for (std::size_t bytes = 1; bytes <= max_small_bytes; ++bytes) {
    const std::size_t slot = class_bytes(class_of(bytes, 16));
    const std::size_t without = class_bytes(class_of(bytes, 8));
    wrong += slot != round_up(without, 16);
  }
  CHECK(wrong == 0);
}

TEST_CASE("A slot wastes at most an eighth above 128 bytes, and with its span's tail a quarter") {
  for (std::size_t bytes = 129; bytes <= max_small_bytes; ++bytes) {
    const std::size_t slot = class_bytes(class_of(bytes, 8));
    const std::size_t span = span_blocks_for(slot) * block_bytes;
    const std::size_t used = span / slot * bytes;
    // REQUIRE counts each call, which for so many is slow.
    if ((slot - bytes) * 8 > slot || (span - used) * 4 > span) {
      CAPTURE(bytes, slot, span);
      REQUIRE(false);
    }
  }
  SUCCEED();
}

TEST_CASE("The slot number of every offset in every span is exact, whatever the alignment") {
  for (std::size_t alignment = 8; alignment <= 4096; alignment *= 2) {
    for (SizeClass c = 0; c < size_class_count; ++c) {
      const std::size_t slot = round_up(class_bytes(c), alignment);
      const std::size_t span = span_blocks_for(slot) * block_bytes;
      const std::uint64_t reciprocal = reciprocal_of(slot);
      CAPTURE(alignment, slot, span);
      REQUIRE(slot <= max_small_bytes);
      REQUIRE(span <= std::size_t{1} << 19);
      REQUIRE(span % slot * 8 <= span);
      std::size_t wrong = 0;
      // The ends of every slot, and one past the tail by as much as a search may ask.
      for (std::size_t begin = 0; begin < span + slot; begin += slot) {
        wrong += slot_of(begin, reciprocal) != begin / slot;
        wrong += slot_of(begin + slot - 1, reciprocal) != begin / slot;
      }
      REQUIRE(wrong == 0);
    }
  }
}

}  // namespace
}  // namespace midden::collector
