// The self-check: it finds what is wrong. Damage is done to the bytes of a sound list.

#include <cstring>

#include "containers/skiplist/search.hpp"
#include "tests/containers/skiplist/list_kit.hpp"

using namespace skiplist_test;

namespace {

// A list of towers alone, with its parts within reach.
struct Victim {
  Victim() {
    for (std::uint64_t i = 0; i < 3000; ++i) {
      const WordKey key(i * 0x9E3779B97F4A7C15);
      Towers::Place place;
      if (!towers.empty()) towers.locate(key, place);
      Towers::Spare spare(towers, memory, place);
      const Offset entry = towers.arena().allocate(memory, 20);
      store_32(towers.entry(entry), 0);
      key.store(towers.entry(entry));
      towers.insert(place, spare, entry);
    }
  }
  Node& leaf() { return node(leaves_of(towers)[1]); }
  Node& node(Offset at) { return const_cast<Node&>(towers.node(at)); }
  Node& parent_of_leaf() {
    Towers::Place place;
    towers.locate(WordKey(std::uint64_t{1} << 63), place);
    return node(place.steps[1].node);
  }
  bool finds(const std::string& text, std::size_t entries = 3000) const {
    const std::string problems = towers.check(entries, 0);
    INFO(problems);
    return problems.find(text) != std::string::npos;
  }

  TestMemory memory;
  Towers towers{Form<WordKey>::layout, 1, Arena::max_segments};
};

}  // namespace

TEST_CASE("The check finds nothing in a sound list, and damage of each kind") {
  Victim victim;
  REQUIRE(victim.towers.check(3000, 0) == "");
  SECTION("a wrong count of entries") { CHECK(victim.finds("3000 entries in the leaves, 2999 counted", 2999)); }
  SECTION("a wrong piece") {
    ++victim.leaf().word(3).piece;
    CHECK(victim.finds("a wrong piece in word 3"));
  }
  SECTION("a wrong piece in an index node") {
    ++victim.parent_of_leaf().word(1).piece;
    CHECK(victim.finds("level 1"));
  }
  SECTION("two entries that changed places") {
    std::swap(victim.leaf().word(1), victim.leaf().word(2));
    CHECK(victim.finds("keys do not ascend"));
  }
  SECTION("fences with a gap between them") {
    victim.leaf().high = victim.leaf().word(5).target;
    CHECK(victim.finds("high is not where the next node begins"));
  }
  SECTION("a fence that is not that of the first node below") {
    victim.parent_of_leaf().low = victim.leaf().word(5).target;
    CHECK(victim.finds("low is not that of its first word"));
  }
  SECTION("a key below the fence") {
    victim.leaf().low = victim.leaf().word(5).target;
    CHECK(victim.finds("a key below the fence"));
  }
  SECTION("an empty leaf") {
    victim.leaf().count = 0;
    CHECK(victim.finds("a wrong number of words"));
  }
  SECTION("an entry that is held twice") {
    victim.leaf().word(4).target = victim.leaf().word(3).target;
    CHECK(victim.finds("overlaps"));
  }
  SECTION("an entry that was given back too soon") {
    victim.towers.arena().release(victim.leaf().word(0).target, 20);
    CHECK(victim.finds("overlaps"));
    CHECK(victim.finds("bytes are in use"));
  }
  SECTION("memory that nobody holds") {
    victim.towers.arena().allocate(victim.memory, 48);
    CHECK(victim.finds("bytes are in use"));
  }
}
