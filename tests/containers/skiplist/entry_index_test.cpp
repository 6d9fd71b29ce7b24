#include "containers/skiplist/entry_index.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "tests/support/catch.hpp"

using midden::containers::skiplist::Bytes;
using midden::containers::skiplist::EntryIndex;

TEST_CASE("An index is read back from any address, also when it has left its entry") {
  for (const std::uint32_t index : {0U, 1U, 0x7FU, 0x80U, 0x12345678U, EntryIndex::none - 1}) {
    for (const std::size_t at : {0U, 1U, 2U, 3U}) {
      std::byte memory[8] = {};
      const auto bytes = EntryIndex::encode(index);
      std::copy(bytes.begin(), bytes.end(), memory + at);
      EntryIndex held(Bytes{memory + at, EntryIndex::bytes});
      CHECK(held.get() == index);
      CHECK_FALSE(held.has_left());
      held.leave();
      CHECK(held.get() == index);
      CHECK(held.has_left());
    }
  }
}
