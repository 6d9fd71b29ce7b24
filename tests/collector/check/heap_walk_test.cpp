#include "collector/check/heap_walk.hpp"

#include <functional>
#include <string>
#include <vector>

#include "tests/collector/heap_only.hpp"

namespace midden::collector_tests {
namespace {

// A heap with spans of every kind, each of which a test may break.
struct Walked : HeapOnly {
  Walked() {
    small = make(add({.name = "small", .size = 48, .alignment = 64}));
    wide = make(add({.name = "wide", .size = 40'000, .alignment = 64}));
    large = make(add(leaf_of(300'000)));
    shared = make(add(leaf_of(100)));
    survive({small, wide, large, shared});
  }
  Checked walk() { return walk_heap(heap, world.stop()); }
  AddressSpace& space() { return heap.address_space(); }
  // A block of the pool: the last is one.
  BlockIndex free_block() { return space().frontier() - 1; }

  std::byte *small, *wide, *large, *shared;
};

TEST_CASE("A sound heap passes") {
  Walked w;
  CHECK_FALSE(w.walk().has_value());
  REQUIRE(w.head_of(w.wide).blocks > 1);
  REQUIRE(w.head_of(w.shared).shared);
  const HeapOnly empty;
}

TEST_CASE("Each defect is found, and its block described") {
  struct Defect {
    std::string what;
    std::function<void(Walked&)> plant;
  };
  const std::vector<Defect> defects{
      {"a space's sweep position lies behind its spans", [](Walked& w) { w.head_of(w.small).space->next_unswept = 2; }},
      {"a space lists a block behind the frontier",
       [](Walked& w) { w.head_of(w.small).space->spans.push_back(w.space().frontier()); }},
      {"a space lists a block that is no head",
       [](Walked& w) { w.head_of(w.small).space->spans.push_back(w.free_block()); }},
      {"a space lists a block that is no head",
       [](Walked& w) { w.head_of(w.wide).space->spans.push_back(w.head_of(w.wide).first + 1); }},
      {"a space lists a block that is no head", [](Walked& w) { w.head_of(w.small).state = BlockState::free; }},
      {"a span stands in another space's list",
       [](Walked& w) { w.head_of(w.small).space->spans.push_back(w.head_of(w.wide).first); }},
      {"a span stands in another space's list", [](Walked& w) { w.head_of(w.small).space = w.head_of(w.wide).space; }},
      {"a span differs from its space in size", [](Walked& w) { w.head_of(w.small).slot_bytes = 48; }},
      {"a span differs from its space in size", [](Walked& w) { w.head_of(w.wide).blocks -= 1; }},
      {"a span reaches behind the frontier", [](Walked& w) { w.head_of(w.large).blocks = 1'000'000; }},
      {"a span's slots do not fit it", [](Walked& w) { w.head_of(w.small).slots += 1; }},
      {"a span's slots do not fit it", [](Walked& w) { w.head_of(w.small).slots = 0; }},
      {"a span's tail does not point to its head",
       [](Walked& w) { w.space().block(w.head_of(w.wide).first + 1).first = w.block_of(w.small); }},
      {"a span's tail does not point to its head",
       [](Walked& w) { w.space().block(w.head_of(w.large).first + 4).state = BlockState::free; }},
      {"a span's blocks disagree about its slots",
       [](Walked& w) { w.space().block(w.head_of(w.wide).first + 1).type += 1; }},
      {"a span's blocks disagree about its slots",
       [](Walked& w) { w.space().block(w.head_of(w.wide).first + 1).slot_bytes += 64; }},
      {"a span's blocks disagree about its slots",
       [](Walked& w) { w.space().block(w.head_of(w.wide).first + 1).shared = true; }},
      {"a block's plan is not that of its slots",
       [](Walked& w) { w.space().plan(w.block_of(w.small)) = PlanWord::shared(); }},
      {"a block's plan is not that of its slots",
       [](Walked& w) { w.space().plan(w.head_of(w.large).first + 2) = PlanWord(); }},
      {"a metadata byte is set where no slot begins",
       [](Walked& w) { w.space().metadata(w.small + 16).set(born_flag); }},
      {"a metadata byte is set where no slot begins",
       [](Walked& w) { w.space().metadata(w.small + block_bytes - granule_bytes).set(born_flag); }},
      {"a metadata byte is set where no slot begins",
       [](Walked& w) { w.space().metadata(w.large + 4 * block_bytes).set(born_flag); }},
      {"the pool holds a block that is not free",
       [](Walked& w) { w.space().block(w.free_block()).state = BlockState::tail; }},
      {"a free block has metadata left behind",
       [](Walked& w) { w.space().metadata_of(w.free_block())[granules_per_block - 1] = 1; }},
      {"a block belongs to nobody", [](Walked& w) { w.head_of(w.small).space->spans.clear(); }},
      {"a block belongs to two",
       [](Walked& w) { w.head_of(w.small).space->spans.push_back(w.head_of(w.small).first); }},
  };
  for (std::size_t i = 0; i < defects.size(); ++i) {
    CAPTURE(i, defects[i].what);
    Walked w;
    REQUIRE_FALSE(w.walk().has_value());
    defects[i].plant(w);
    const Checked found = w.walk();
    REQUIRE(found.has_value());
    CHECK(found->what == defects[i].what);
    CHECK(found->structure.rfind("block ", 0) == 0);
  }
}

// With three colours all values of the two bits are colours.
TEST_CASE("A colour that the build does not have is found") {
  Walked w;
  w.space().metadata(w.small).set(colour_mask);
  const Checked found = w.walk();
  CHECK(found.has_value() == (mark_colours < 3));
  if (found) CHECK(found->what == "a slot has an unknown colour");
}

TEST_CASE("The description of a block says what one looks for first") {
  Walked w;
  const BlockIndex block = w.head_of(w.wide).first;
  const std::string text = describe_block(w.heap, block + 1);
  CAPTURE(text);
  CHECK(text.find("block " + std::to_string(block + 1) + " at 0x") == 0);
  CHECK(text.find("tail, span of ") != std::string::npos);
  CHECK(text.find(" from " + std::to_string(block)) != std::string::npos);
  CHECK(text.find("swept in cycle 0 of 1") != std::string::npos);
  CHECK(describe_block(w.heap, w.block_of(w.shared)).find("(shared)") != std::string::npos);
  CHECK(describe_block(w.heap, w.space().frontier()).find("behind the frontier") != std::string::npos);
}

}  // namespace
}  // namespace midden::collector_tests
