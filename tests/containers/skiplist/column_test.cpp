// Maps with references on the skip list: what their column costs, and that it keeps what it holds.

#include "containers/skiplist/column.hpp"

#include <vector>

#include <midden/map.hpp>
#include <midden/string.hpp>

#include "tests/containers/map_suite.hpp"

using midden::Attach;
using midden::Ref;
using midden::Root;
using midden::Runtime;
using midden::String;
using midden::containers::skiplist::Column;
using midden::containers::skiplist::single_reference;

namespace {

Ref<void>& ref(Column& column, std::uint32_t index) {
  return *midden::MapComposite::ref_at(static_cast<void*>(column.at(index)), 0);
}

}  // namespace

TEST_CASE("A column keeps its references while it grows, and knows those it got back") {
  midden::Config config = map_config();
  config.check = true;
  Runtime runtime(config);
  Attach here(runtime);
  const Root<Column> made = midden::make<Column>(single_reference());
  Column& column = *made;
  std::vector<std::uint32_t> indices;
  for (std::uint32_t i = 0; i < 30'000; ++i) {
    const std::uint32_t index = column.take(here);
    REQUIRE(ref(column, index) == nullptr);
    ref(column, index) = midden::make_string(std::to_string(i));
    indices.push_back(index);
    if (i == 5 || i == 100 || i == 8191 || i == 8192 || i == 20'000) runtime.collect();
  }
  for (std::uint32_t i = 0; i < indices.size(); ++i) {
    REQUIRE(*static_cast<String*>(ref(column, indices[i]).get()) == std::to_string(i));
  }
  for (std::uint32_t i = 0; i < indices.size(); i += 2) column.drop(indices[i]);
  const std::size_t bytes = column.bytes();
  for (std::uint32_t i = 0; i < indices.size(); i += 2) REQUIRE(ref(column, column.take(here)) == nullptr);
  CHECK(column.bytes() == bytes);
}

TEST_CASE("A small map with references is small") {
  Runtime runtime(map_config());
  Attach here(runtime);
  const auto map = midden::make_map<std::int64_t, Ref<String>>({.backend = "skiplist"});
  map->insert_or_assign(1, midden::make_string("one"));
  CHECK(map->stats().bytes < 2048);
  CHECK(*map->at(1) == "one");
}
