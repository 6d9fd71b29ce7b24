#include "containers/slice/growth.hpp"

#include <midden/midden.hpp>
#include <midden/slice_array.hpp>

#include <cstdint>

#include "tests/containers/slice/elements.hpp"
#include "tests/support/catch.hpp"

namespace {

using midden::Growth;
using midden::containers::ArrayShape;
using midden::containers::fill_slot;
using midden::containers::next_capacity;
using midden::containers::slot_bytes;

constexpr ArrayShape words{.header_bytes = 16, .element_bytes = 8, .alignment = 8};

struct Appends {
  std::size_t arrays = 0;
  std::size_t copied = 0;
  std::size_t capacity = 0;
};

Appends append_one_by_one(Growth growth, const ArrayShape& shape, std::size_t count) {
  Appends result;
  for (std::size_t length = 0; length < count; ++length) {
    if (length < result.capacity) continue;
    result.capacity = next_capacity(growth, shape, result.capacity, length + 1);
    result.copied += length;
    ++result.arrays;
  }
  return result;
}

template <std::size_t Alignment>
struct alignas(Alignment) Aligned {
  std::byte bytes[Alignment];
  static constexpr midden::Leaf midden_leaf{};
};

// Compares the arithmetic with what a cycle says one live array takes.
template <class T>
void compare_with_heap(midden::Runtime& runtime, std::size_t elements) {
  using Array = midden::detail::SliceArray<T>;
  const midden::Root<Array> array = Array::make(midden::detail::here(), elements);
  runtime.collect();
  CAPTURE(sizeof(T), alignof(T), elements);
  CHECK(slot_bytes(sizeof(Array) + elements * sizeof(T), alignof(Array)) == runtime.last_cycle().live_bytes);
}

}  // namespace

TEST_CASE("A slot holds what is asked for, and asking for the slot changes nothing") {
  for (const std::size_t alignment : {8U, 16U, 32U, 64U, 256U, 1024U, 4096U}) {
    std::size_t before = 0;
    for (std::size_t bytes = 1; bytes < 600'000; bytes += 1 + bytes / 97) {
      const std::size_t slot = slot_bytes(bytes, alignment);
      CAPTURE(alignment, bytes, slot);
      REQUIRE(slot >= bytes);
      REQUIRE(slot >= before);
      REQUIRE(slot % alignment == 0);
      REQUIRE(slot_bytes(slot, alignment) == slot);
      before = slot;
    }
  }
}

TEST_CASE("The sizes of slots are the collector's") {
  midden::Runtime runtime(quiet());
  const midden::Attach here(runtime);
  for (std::size_t bytes = 1; bytes < 600'000; bytes += 1 + bytes / 13) compare_with_heap<std::uint8_t>(runtime, bytes);
  for (const std::size_t bytes : {112U, 113U, 1008U, 1009U, 262'128U, 262'129U, 266'224U, 266'225U}) {
    compare_with_heap<std::uint8_t>(runtime, bytes);
  }
  for (std::size_t elements = 1; elements < 2'000; elements += 1 + elements / 5) {
    compare_with_heap<Aligned<16>>(runtime, elements);
    compare_with_heap<Aligned<32>>(runtime, elements);
    compare_with_heap<Aligned<64>>(runtime, elements);
    compare_with_heap<Aligned<512>>(runtime, elements);
    compare_with_heap<Aligned<4096>>(runtime, elements / 8 + 1);
  }
}

TEST_CASE("An array fills its slot") {
  CHECK(fill_slot(words, 1) == 1);
  CHECK(fill_slot(words, 15) == 16);          // 136 bytes have a slot of 144
  CHECK(fill_slot(words, 127) == 142);        // 1032 bytes, 1152
  CHECK(fill_slot(words, 40'000) == 40'446);  // 320,016 bytes, 79 pages
  const ArrayShape bytes{.header_bytes = 16, .element_bytes = 1, .alignment = 8};
  CHECK(fill_slot(bytes, 1) == 8);
  const ArrayShape aligned{.header_bytes = 64, .element_bytes = 64, .alignment = 64};
  CHECK(fill_slot(aligned, 1) == 1);
  CHECK(fill_slot(aligned, 17) == 17);
}

TEST_CASE("Every policy gives what is asked for") {
  for (const Growth growth : {Growth::geometric, Growth::go, Growth::exact}) {
    for (const std::size_t element : {1U, 3U, 8U, 24U, 1000U}) {
      const ArrayShape shape{.header_bytes = 16, .element_bytes = element, .alignment = 8};
      for (std::size_t capacity = 0; capacity < 100'000; capacity += 1 + capacity / 3) {
        for (const std::size_t more : {std::size_t{1}, std::size_t{7}, capacity + 1, 3 * capacity + 5}) {
          CAPTURE(midden::name(growth), element, capacity, more);
          CHECK(next_capacity(growth, shape, capacity, capacity + more) >= capacity + more);
        }
      }
    }
  }
}

TEST_CASE("Geometric growth doubles the bytes of the array") {
  CHECK(next_capacity(Growth::geometric, words, 0, 1) == 6);       // 64 bytes
  CHECK(next_capacity(Growth::geometric, words, 6, 7) == 14);      // 128
  CHECK(next_capacity(Growth::geometric, words, 14, 15) == 30);    // 256
  CHECK(next_capacity(Growth::geometric, words, 14, 200) == 206);  // 1616 bytes, a slot of 1664
  const Appends million = append_one_by_one(Growth::geometric, words, 1'000'000);
  CHECK(million.arrays == 18);
  CHECK(million.copied < 1'050'000);
}

TEST_CASE("The rule of Go doubles small arrays and grows large ones by a quarter") {
  CHECK(next_capacity(Growth::go, words, 0, 1) == 1);
  CHECK(next_capacity(Growth::go, words, 1, 2) == 2);
  CHECK(next_capacity(Growth::go, words, 4, 100) == 100);
  CHECK(next_capacity(Growth::go, words, 254, 255) == 510);     // doubled, 508, with the slot's rest
  CHECK(next_capacity(Growth::go, words, 1024, 1025) == 1534);  // 1024 + 448, with the slot's rest
  const Appends million = append_one_by_one(Growth::go, words, 1'000'000);
  CHECK(million.arrays > 30);
  CHECK(million.copied > 4'000'000);
  CHECK(million.copied < 4'500'000);
}

TEST_CASE("Exact growth gives no more than the slot holds") {
  CHECK(next_capacity(Growth::exact, words, 10, 11) == fill_slot(words, 11));
  CHECK(next_capacity(Growth::exact, words, 1000, 1001) == fill_slot(words, 1001));
}

TEST_CASE("Capacities that no memory has are passed on as they are") {
  const std::size_t most = SIZE_MAX;
  for (const Growth growth : {Growth::geometric, Growth::go, Growth::exact}) {
    CAPTURE(midden::name(growth));
    CHECK(next_capacity(growth, words, 10, most) == most);
    CHECK(next_capacity(growth, words, 10, most / 8) == most / 8);
    CHECK(next_capacity(growth, words, most / 4, most / 2) == most / 2);
  }
  CHECK(slot_bytes(most, 8) == most);
  CHECK(slot_bytes(most - 5, 4096) == most);
}
