#include "collector/heap/metadata.hpp"

#include <array>

#include "tests/support/catch.hpp"
#include "tests/support/seed.hpp"

namespace midden::collector {
namespace {

TEST_CASE("A slot is marked once in a cycle, and keeps its flags") {
  std::uint8_t byte = born_flag | pinned_flag;
  Metadata metadata(byte);
  for (std::uint64_t cycle = 0; cycle < 12; ++cycle) {
    const Colour colour = colour_of_cycle(cycle);
    CAPTURE(cycle);
    CHECK_FALSE(metadata.has(colour));
    CHECK(metadata.mark(colour));
    CHECK(metadata.has(colour));
    CHECK_FALSE(metadata.mark(colour));
    CHECK((byte & ~colour_mask) == (born_flag | pinned_flag));
  }
}

TEST_CASE("Colours are never 0, differ between neighbouring cycles and come round again") {
  for (std::uint64_t cycle = 0; cycle < 12; ++cycle) {
    CHECK(colour_of_cycle(cycle) >= 1);
    CHECK(colour_of_cycle(cycle) <= mark_colours);
    CHECK(colour_of_cycle(cycle) != colour_of_cycle(cycle + 1));
    CHECK(colour_of_cycle(cycle) == colour_of_cycle(cycle + mark_colours));
  }
}

TEST_CASE("Flags are set and cleared without touching the colour") {
  std::uint8_t byte = 2;
  Metadata metadata(byte);
  metadata.set(waiting_flag);
  metadata.set(pinned_flag);
  CHECK(byte == (2 | waiting_flag | pinned_flag));
  metadata.clear(waiting_flag);
  CHECK(byte == (2 | pinned_flag));
  metadata.reset();
  CHECK(byte == 0);
}

TEST_CASE("A word of metadata says the same as its bytes") {
  auto random = test_generator(1);
  for (int round = 0; round < 10'000; ++round) {
    alignas(8) std::array<std::uint8_t, 8> bytes{};
    const std::uint64_t sparse = random() % 3;
    for (std::uint8_t& byte : bytes) byte = random() % 3 < sparse ? 0 : static_cast<std::uint8_t>(random());
    const MetadataWord word = MetadataWord::load(bytes.data());
    bool empty = true;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      const std::uint64_t bit = std::uint64_t{0x80} << (8 * i);
      empty = empty && bytes[i] == 0;
      REQUIRE(((word.set() & bit) != 0) == (bytes[i] != 0));
      for (Colour colour = 1; colour <= 3; ++colour) {
        REQUIRE(((word.without(colour) & bit) != 0) == ((bytes[i] & colour_mask) != colour));
      }
    }
    REQUIRE(word.empty() == empty);
    std::uint32_t set = 0;
    for (std::size_t i = bytes.size(); i-- > 0;) {
      set += bytes[i] != 0;
      REQUIRE(MetadataWord::count(word.set_from(i)) == set);
    }
    if (!empty) REQUIRE(bytes[MetadataWord::first_of(word.set())] != 0);
  }
}

}  // namespace
}  // namespace midden::collector
