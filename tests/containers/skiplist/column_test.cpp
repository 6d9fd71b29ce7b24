// Maps with references on the skip list: what their column costs, and that it keeps what it holds.

#include "containers/skiplist/column.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <random>
#include <thread>
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
using midden::containers::skiplist::EntryIndex;
using midden::containers::skiplist::single_reference;

namespace {

struct Wide {
  Ref<String> first;
  std::array<std::uint64_t, 2'000> rest{};

  static constexpr auto midden_refs = midden::refs<Wide>(&Wide::first);
};

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

TEST_CASE("A column keeps its values where they are, of whatever size they are") {
  Runtime runtime(map_config());
  Attach here(runtime);
  for (const midden::MapComposite* kind : {&single_reference(), &midden::detail::composite_of<Wide>()}) {
    const Root<Column> column = midden::make<Column>(*kind);
    std::vector<std::byte*> places;
    for (std::uint32_t i = 0; i < 10'000'000 / kind->bytes; ++i) places.push_back(column->at(column->take(here)));
    std::size_t moved = 0;
    for (std::uint32_t i = 0; i < places.size(); ++i) moved += column->at(i) != places[i];
    CHECK(moved == 0);
    std::sort(places.begin(), places.end());
    std::size_t overlap = 0;
    for (std::size_t i = 1; i < places.size(); ++i) overlap += places[i] < places[i - 1] + kind->bytes;
    CHECK(overlap == 0);
    CHECK(column->taken() == places.size());
  }
}

TEST_CASE("Threads that take indices of a column never have the same one") {
  Runtime runtime(shared_config());
  Attach here(runtime);
  const Root<Column> column = midden::make<Column>(single_reference());
  const auto node = midden::make_string("one");
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (unsigned t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      Attach own(runtime);
      std::mt19937_64 random = test_generator(1700 + t);
      std::uint32_t list = EntryIndex::none;
      unsigned count = 0;
      for (int i = 0; i < 3000; ++i) {
        if (random() % 2 == 0) {
          const unsigned taken = column->take_some(list, static_cast<unsigned>(1 + random() % 20));
          if (taken == 0) column->grow(own);
          std::uint32_t index = list;
          for (unsigned k = 0; k < taken; ++k, index = column->link(index)) {
            if (ref(*column, index) != nullptr) ++wrong;
            ref(*column, index) = node;
          }
          count += taken;
        } else if (count > 0) {
          const auto back = static_cast<unsigned>(1 + random() % count);
          std::uint32_t index = list;
          for (unsigned k = 0; k < back; ++k, index = column->link(index)) column->clear(index);
          column->give_back(list, back);
          count -= back;
        }
      }
      for (std::uint32_t index = list; count > 0; --count) {
        const std::uint32_t next = column->link(index);
        column->drop(index);
        index = next;
      }
    });
  }
  {
    const midden::Blocked blocked;
    for (std::thread& thread : threads) thread.join();
  }
  CHECK(wrong == 0);
  CHECK(column->taken() == 0);
}

TEST_CASE("A small map with references is small") {
  Runtime runtime(map_config());
  Attach here(runtime);
  const auto map = midden::make_map<std::int64_t, Ref<String>>({.backend = "skiplist"});
  map->insert_or_assign(1, midden::make_string("one"));
  CHECK(map->stats().bytes < 2048);
  CHECK(*map->at(1) == "one");
}
