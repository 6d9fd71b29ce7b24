// Which snapshots count as open, and since when.

#include "containers/skiplist/shared/versions.hpp"

#include <chrono>
#include <thread>

#include "tests/support/catch.hpp"

using namespace midden::containers::skiplist;

TEST_CASE("A snapshot that is being opened in the slot of an old one does not count as old") {
  const Levels levels({}, 1);
  Versions versions(Versions::most_clock);
  const auto no_writers = [] {};
  Versions::Slot* const slot = versions.claim(levels);
  REQUIRE(slot != nullptr);
  CHECK(versions.open_now(levels).count == 0);
  REQUIRE(versions.open(*slot, no_writers) != 0);
  const Versions::Open first = versions.open_now(levels);
  CHECK(first.count == 1);
  CHECK(first.oldest <= Versions::now());
  versions.close(*slot);
  std::this_thread::sleep_for(std::chrono::milliseconds(2));
  // As another thread leaves it that has claimed the slot and does not know yet what time it is.
  slot->word = 3;
  CHECK(versions.open_now(levels).count == 0);
  slot->word = 0;
  REQUIRE(versions.claim(levels) == slot);
  REQUIRE(versions.open(*slot, no_writers) != 0);
  const Versions::Open second = versions.open_now(levels);
  CHECK(second.count == 1);
  CHECK(second.oldest - first.oldest >= std::chrono::milliseconds(2));
}
