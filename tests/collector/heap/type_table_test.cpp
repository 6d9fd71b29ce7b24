#include "collector/heap/type_table.hpp"

#include <algorithm>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/support/catch.hpp"

namespace midden::collector {
namespace {

constexpr std::uint32_t offsets[] = {0, 16};
constexpr std::uint32_t first_word[] = {0};

TypeInfo pair_type() { return {.name = "pair", .size = 24, .refs = offsets}; }
TypeInfo array_type() {
  return {.name = "array", .size = 8, .element_size = 16, .element_refs = first_word, .used_offset = 0};
}

TEST_CASE("A type of the table is a copy, its name and offsets too") {
  TypeTable table;
  std::string name = "a name that is too long to stand inside of a string";
  std::vector<std::uint32_t> refs{8};
  Type& type = table.add({.name = name, .size = 16, .refs = refs});
  name.assign(name.size(), 'x');
  refs[0] = 0;
  CHECK(type.info().name == "a name that is too long to stand inside of a string");
  REQUIRE(type.info().refs.size() == 1);
  CHECK(type.info().refs[0] == 8);
  CHECK(type.plan().refs[0] == 8);
  CHECK(&table[type.id()] == &type);
}

TEST_CASE("A C++ type is found by its address, a run-time type is new each time it is added") {
  TypeTable table;
  const TypeInfo described = pair_type();
  const TypeInfo other = pair_type();
  Type& found = table.find(described);
  CHECK(&table.find(described) == &found);
  CHECK(&table.find(other) != &found);
  CHECK(&table.add(described) != &found);
  CHECK(&table.add(described) != &table.add(described));
}

TEST_CASE("Ids are never 0 and all different, over more than one chunk") {
  TypeTable table;
  std::vector<TypeId> ids;
  for (int i = 0; i < 2500; ++i) ids.push_back(table.add(pair_type()).id());
  std::sort(ids.begin(), ids.end());
  CHECK(ids.front() != no_type);
  CHECK(std::adjacent_find(ids.begin(), ids.end()) == ids.end());
  CHECK(table.all().size() == 2500);
}

TEST_CASE("The id of a type that was removed is given out again") {
  TypeTable table;
  Type& first = table.add(pair_type());
  Type& second = table.add(pair_type());
  const TypeId id = first.id();
  table.remove(first);
  CHECK(table.all() == std::vector<Type*>{&second});
  Type& third = table.add(array_type());
  CHECK(third.id() == id);
  CHECK(&table[id] == &third);
  CHECK(table[second.id()].info().name == "pair");
}

TEST_CASE("Plans of own spaces stay where they are as more are made") {
  TypeTable table;
  Type& type = table.add(array_type());
  const PlanWord first = type.make_plan(48);
  for (std::size_t bytes = 64; bytes < 64 + 1600; bytes += 16) static_cast<void>(type.make_plan(bytes));
  CHECK(first.plan().slot_bytes == 48);
  CHECK(first.plan().element_bytes == 16);
  CHECK_FALSE(first.is_leaf());
  CHECK(type.plan().slot_bytes == 0);
}

TEST_CASE("Only a type without references is a leaf") {
  TypeTable table;
  CHECK(table.add({.name = "leaf", .size = 8}).plan_word().is_leaf());
  CHECK(table.add({.name = "bytes", .size = 8, .element_size = 1}).plan_word().is_leaf());
  CHECK_FALSE(table.add(pair_type()).plan_word().is_leaf());
  CHECK_FALSE(table.add(array_type()).plan_word().is_leaf());
  CHECK_FALSE(table.add({.name = "scanned", .size = 8, .scan = [](Tracer&, const void*) {}}).plan_word().is_leaf());
}

TEST_CASE("A type with elements has a home for each class, others have one") {
  TypeTable table;
  Type& fixed = table.add(pair_type());
  Type& array = table.add(array_type());
  CHECK(&fixed.home(1) == &fixed.home(90));
  CHECK(&array.home(1) != &array.home(90));
}

TEST_CASE("A home earns its own space by what is put there between two cycles") {
  Home home;
  CHECK(home.own() == nullptr);
  CHECK_FALSE(home.note_shared(promotion_bytes, 1));
  CHECK(home.note_shared(1, 1));
  CHECK_FALSE(home.note_shared(promotion_bytes, 2));
  CHECK_FALSE(home.note_shared(promotion_bytes, 3));
}

TEST_CASE("A description that cannot be is refused, with its name and the reason") {
  constexpr std::uint32_t odd[] = {4};
  constexpr std::uint32_t far[] = {24};
  struct Case {
    TypeInfo type;
    std::string says;
  };
  const std::vector<Case> cases{
      {{.name = "", .size = 8}, "no name"},
      {{.name = "T", .size = 0}, "no size"},
      {{.name = "T", .size = 8, .alignment = 0}, "alignment"},
      {{.name = "T", .size = 8, .alignment = 24}, "alignment"},
      {{.name = "T", .size = 8, .alignment = 8192}, "alignment"},
      {{.name = "T", .size = std::size_t{1} << 41}, "1 TiB"},
      {{.name = "T", .size = 16, .refs = odd}, "multiple of 8"},
      {{.name = "T", .size = 24, .refs = far}, "outside"},
      {{.name = "T", .size = 8, .element_size = 24, .element_refs = far}, "outside"},
      {{.name = "T", .size = 8, .element_refs = first_word}, "outside"},
      {{.name = "T", .size = 8, .element_size = 12, .element_refs = first_word}, "multiple of 8"},
      {{.name = "T", .size = 12, .element_size = 8, .element_refs = first_word}, "multiple of 8"},
      {{.name = "T", .size = 8, .element_size = 8, .element_refs = first_word, .used_offset = 8}, "count"},
      {{.name = "T", .size = 16, .element_size = 8, .element_refs = first_word, .used_offset = 4}, "count"},
      {{.name = "T", .size = 8, .element_size = 8, .element_refs = first_word, .used_offset = SIZE_MAX - 7}, "count"},
      {{.name = "T", .size = 0, .element_size = 8, .element_refs = first_word}, "count"},
      {{.name = "T", .size = 8, .refs = first_word, .segment = true}, "segment"},
  };
  TypeTable table;
  for (std::size_t i = 0; i < cases.size(); ++i) {
    CAPTURE(i);
    try {
      table.add(cases[i].type);
      FAIL_CHECK("was accepted");
    } catch (const std::invalid_argument& refused) {
      const std::string what = refused.what();
      CAPTURE(what);
      CHECK(what.find("'" + std::string(cases[i].type.name) + "'") != std::string::npos);
      CHECK(what.find(cases[i].says) != std::string::npos);
    }
  }
  CHECK(table.all().empty());
}

TEST_CASE("A type may be nothing but elements where these hold no references") {
  TypeTable table;
  CHECK(table.add({.name = "text", .size = 0, .element_size = 1}).info().size == 0);
}

}  // namespace
}  // namespace midden::collector
