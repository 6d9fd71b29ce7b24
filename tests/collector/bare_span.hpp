#pragma once
// One span in a bare address space: slots and their metadata, no heap around them.

#include <cstdint>

#include "collector/heap/address_space.hpp"
#include "tests/collector/fake_pages.hpp"

namespace midden::collector_tests {

using namespace collector;

class BareSpan {
 public:
  BareSpan(std::size_t slot_bytes, std::size_t blocks) : space(pages, commit_bytes) {
    REQUIRE(space.extend(first + blocks));
    for (std::size_t i = 0; i < blocks; ++i) {
      space.block(static_cast<BlockIndex>(first + i)) =
          Block{.state = i == 0 ? BlockState::head : BlockState::tail,
                .first = first,
                .blocks = static_cast<std::uint32_t>(blocks),
                .slots = static_cast<std::uint32_t>(blocks * block_bytes / slot_bytes),
                .slot_bytes = slot_bytes,
                .reciprocal = reciprocal_of(slot_bytes)};
    }
  }

  Block& head() { return space.block(first); }
  std::byte* slot(std::uint32_t number) { return space.begin_of(first) + number * head().slot_bytes; }
  Metadata metadata(std::uint32_t number) { return space.metadata(slot(number)); }

  static constexpr BlockIndex first = 3;  // blocks before it must stay untouched
  FakePages pages;
  AddressSpace space;
};

}  // namespace midden::collector_tests
