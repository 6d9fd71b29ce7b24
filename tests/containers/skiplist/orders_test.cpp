// Orders of insertion and of erasure that were chosen to spoil an ordered map: it stays low and
// filled. What it has become is read from its figures; nothing here measures time.

#include <algorithm>
#include <functional>
#include <set>
#include <type_traits>

#include "containers/skiplist/stats.hpp"
#include "tests/containers/map_suite.hpp"
#include "tests/containers/skiplist/list_kit.hpp"

using midden::Attach;
using midden::MapStats;
using midden::Runtime;

namespace {

constexpr std::uint64_t key_count = 100'000;

template <bool concurrent, class K>
using Ordered =
    std::conditional_t<concurrent, midden::ConcurrentOrderedMap<K, std::int64_t>, midden::OrderedMap<K, std::int64_t>>;

using Order = std::function<std::uint64_t(std::uint64_t)>;

// The i-th key to insert.
const std::pair<const char*, Order> orders[] = {
    {"sorted", [](std::uint64_t i) { return i; }},
    {"reverse", [](std::uint64_t i) { return key_count - 1 - i; }},
    {"from both ends inward", [](std::uint64_t i) { return i % 2 == 0 ? i / 2 : key_count - 1 - i / 2; }},
    {"from the middle outward",
     [](std::uint64_t i) { return i % 2 == 0 ? key_count / 2 + i / 2 : key_count / 2 - 1 - i / 2; }},
    {"up on the even, down on the odd",
     [](std::uint64_t i) { return i < key_count / 2 ? 2 * i : 2 * (key_count - 1 - i) + 1; }},
    {"a hundred ascending runs", [](std::uint64_t i) { return i % 100 * (key_count / 100) + i / 100; }},
    {"a hundred descending runs", [](std::uint64_t i) { return (i % 100 + 1) * (key_count / 100) - 1 - i / 100; }},
};

template <class M>
midden::Root<M> make_map() {
  using K = typename M::Key;
  using V = typename M::Value;
  if constexpr (std::is_same_v<M, midden::OrderedMap<K, V>>) {
    return midden::make_ordered_map<K, V>({.backend = "skiplist"});
  } else {
    return midden::make_concurrent_ordered_map<K, V>({.backend = "skiplist"});
  }
}

template <class M, class Make>
MapStats stats_of(const Order& order, Make&& key) {
  const auto map = make_map<M>();
  for (std::uint64_t i = 0; i < key_count; ++i) map->insert_or_assign(key(order(i)), 0);
  REQUIRE(map->size() == key_count);
  return map->stats();
}

}  // namespace

TEMPLATE_TEST_CASE("Whatever the order of insertion, an ordered map stays low and half filled", "", std::false_type,
                   std::true_type) {
  constexpr bool concurrent = TestType::value;
  Runtime runtime(map_config());
  Attach here(runtime);
  for (const auto& [name, order] : orders) {
    INFO(name);
    const MapStats words = stats_of<Ordered<concurrent, std::int64_t>>(
        order, [](std::uint64_t n) { return static_cast<std::int64_t>(n); });
    CHECK(words.levels <= 5);
    CHECK(words.load > 0.45);
    const MapStats texts = stats_of<Ordered<concurrent, std::string_view>>(
        order, [](std::uint64_t n) { return skiplist_test::big_endian_string(n); });
    CHECK(texts.levels == words.levels);
    CHECK(texts.load > 0.45);
  }
}

TEMPLATE_TEST_CASE("Maps with the same keys in the same order have other nodes above their leaves", "", std::false_type,
                   std::true_type) {
  using M = Ordered<TestType::value, std::int64_t>;
  Runtime runtime(map_config());
  Attach here(runtime);
  std::set<std::vector<std::size_t>> shapes;
  std::vector<midden::Root<M>> maps;
  for (int i = 0; i < 8; ++i) {
    maps.push_back(make_map<M>());
    for (std::uint64_t n = 0; n < 30'000; ++n) maps.back()->insert_or_assign(Kind<std::int64_t>::make(n), 0);
    const MapStats stats = maps.back()->stats();
    shapes.emplace(stats.nodes.begin() + 1, stats.nodes.end());
  }
  CHECK(shapes.size() > 1);
}

TEST_CASE("Who erases the first key of every leaf, over and over, leaves no thin towers") {
  using namespace skiplist_test;
  TestList<WordKey> list;
  std::mt19937_64 random = test_generator(910);
  for (int i = 0; i < 40'000; ++i) list.assign(big_endian_string(random()), "12345678");
  MapStats stats;
  while (list.list.size() > 2000) {
    std::vector<std::string> firsts;
    const Towers& towers = list.list.towers();
    for (const Offset at : leaves_of(towers)) {
      firsts.push_back(as_string(list.list.layout().key(towers.entry(towers.node(at).word(0).target))));
    }
    for (const std::string& key : firsts) REQUIRE(list.erase(key));
    stats = {};
    add_levels(towers, towers.top(), stats);
    REQUIRE(stats.load > 0.24);  // a leaf with fewer words joins its neighbour
    REQUIRE(stats.levels <= 4);
  }
  CHECK(stats.levels <= 3);
  CHECK(list.list.check() == "");
}
