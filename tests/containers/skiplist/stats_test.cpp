// Figures of a list: its levels, exact or from a sample, and what waits for cursors.

#include "containers/skiplist/stats.hpp"

#include "tests/containers/skiplist/list_kit.hpp"

using namespace skiplist_test;
using midden::MapStats;

namespace {

MapStats stats_of(const Towers& towers) {
  MapStats stats;
  add_levels(towers, towers.top(), stats);
  return stats;
}

}  // namespace

TEST_CASE("The nodes of each level are the words of the level above") {
  TestList<WordKey> list;
  CHECK(stats_of(list.list.towers()).levels == 0);
  std::mt19937_64 random = test_generator(30);
  for (std::size_t n = 1; n <= 30'000; ++n) {
    list.assign(big_endian_string(random()), "12345678");
    if ((n & (n - 1)) != 0 && n != 30'000) continue;
    const MapStats stats = stats_of(list.list.towers());
    CHECK(stats.levels == list.list.towers().top().level + 1);
    CHECK(stats.nodes[stats.levels - 1] == 1);
    CHECK(stats.nodes[0] == leaves_of(list.list.towers()).size());
    if (n < 64) continue;
    const double slots = static_cast<double>(stats.nodes[0] * midden::containers::skiplist::Node::max_words);
    CHECK(stats.load == Approx(static_cast<double>(n) / slots));
  }
}

TEST_CASE("The leaves of a large list are estimated within a twentieth") {
  TestList<WordKey> list;
  std::mt19937_64 random = test_generator(31);
  for (int n = 0; n < 150'000; ++n) list.assign(big_endian_string(random()), "12345678");
  const MapStats stats = stats_of(list.list.towers());
  const auto leaves = static_cast<double>(leaves_of(list.list.towers()).size());
  REQUIRE(leaves > 3 * 1024);
  CHECK(static_cast<double>(stats.nodes[0]) == Approx(leaves).epsilon(0.05));
  CHECK(stats.load == Approx(150'000 / (Node::max_words * leaves)).epsilon(0.05));
}

TEST_CASE("Entries that wait for a cursor are counted until it closes") {
  TestList<VariableKey> list;
  for (std::uint64_t n = 0; n < 100; ++n) list.assign(Form<VariableKey>::bytes(n), "12345678");
  const auto waiting = [&] { return bytes_in_limbo(list.list.towers(), list.list.limbo()); };
  CHECK(waiting() == 0);
  Cursor cursor;
  list.list.first(cursor);
  const std::size_t in_use = list.list.bytes_in_use();
  for (std::uint64_t n = 0; n < 50; ++n) list.erase(Form<VariableKey>::bytes(n));
  CHECK(waiting() > 50 * 25);
  CHECK(list.list.bytes_in_use() == in_use);
  const std::size_t held = waiting();
  list.list.close(cursor);
  list.erase("another");
  CHECK(waiting() == 0);
  CHECK(list.list.bytes_in_use() == in_use - held);
}
