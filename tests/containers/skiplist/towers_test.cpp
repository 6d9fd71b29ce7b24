// Towers: order of insertion, height, filling, and the words of index nodes as keys go.

#include "containers/skiplist/towers.hpp"

#include <algorithm>
#include <functional>
#include <set>

#include "containers/skiplist/search.hpp"
#include "tests/containers/skiplist/list_kit.hpp"

using namespace skiplist_test;

namespace {

constexpr std::uint32_t key_count = 20000;

using Order = std::vector<std::uint32_t>;

Order ascending() {
  Order order(key_count);
  for (std::uint32_t i = 0; i < key_count; ++i) order[i] = i;
  return order;
}
Order descending() {
  Order order = ascending();
  std::reverse(order.begin(), order.end());
  return order;
}
// Up on the even numbers, down on the odd ones.
Order organ_pipe() {
  Order order;
  for (std::uint32_t i = 0; i < key_count; i += 2) order.push_back(i);
  for (std::uint32_t i = key_count; i-- > 0;) {
    if (i % 2 != 0) order.push_back(i);
  }
  return order;
}
// From both ends inward.
Order zigzag() {
  Order order;
  for (std::uint32_t i = 0; i < key_count / 2; ++i) order.insert(order.end(), {i, key_count - 1 - i});
  return order;
}
Order inside_out() {
  Order order = zigzag();
  std::reverse(order.begin(), order.end());
  return order;
}
Order shuffled() {
  Order order = ascending();
  auto random = test_generator(10);
  std::shuffle(order.begin(), order.end(), random);
  return order;
}

// Towers with their memory, entries of 8-byte keys, and nothing around.
struct Bare {
  explicit Bare(std::uint64_t seed) : towers(Form<WordKey>::layout, seed, Arena::max_segments) {}

  void insert(std::uint64_t number) {
    const WordKey key(number);
    Towers::Place place;
    place.found = false;
    if (!towers.empty()) towers.locate(key, place);
    REQUIRE_FALSE(place.found);
    Towers::Spare spare(towers, memory, place);
    const Offset entry = towers.arena().allocate(memory, towers.layout().bytes(8, 8));
    std::memset(towers.entry(entry), 0, 20);
    key.store(towers.entry(entry));
    towers.insert(place, spare, entry);
    ++size;
  }
  void erase(std::uint64_t number) {
    Towers::Place place;
    towers.locate(WordKey(number), place);
    REQUIRE(place.found);
    const Towers::Released released = towers.erase(place);
    for (const Offset entry : {released.left, released.orphan}) {
      if (entry != 0) towers.arena().release(entry, towers.layout().bytes(towers.entry(entry)));
    }
    --size;
  }
  // The number of words of each leaf, in order.
  std::vector<unsigned> leaves() const {
    std::vector<unsigned> words;
    for (const Offset at : leaves_of(towers)) words.push_back(towers.node(at).count);
    return words;
  }
  std::string check() const { return towers.check(size, 0); }

  TestMemory memory;
  Towers towers;
  std::size_t size = 0;
};

}  // namespace

TEST_CASE("Every order of insertion ends in the same sequence, and every order of erasure in nothing") {
  const std::vector<std::function<Order()>> orders{ascending, descending, organ_pipe, zigzag, inside_out, shuffled};
  for (std::size_t in = 0; in < orders.size(); ++in) {
    const std::size_t out = (in + 1) % orders.size();
    CAPTURE(in, out);
    Bare bare(test_generator(11)());
    for (const std::uint32_t number : orders[in]()) {
      bare.insert(number);
      if (bare.size % 1999 == 0) REQUIRE(bare.check() == "");
    }
    REQUIRE(bare.check() == "");
    for (std::uint32_t number = 0; number < key_count; ++number) REQUIRE(bare.towers.find(WordKey(number)) != 0);
    CHECK(bare.towers.find(WordKey(key_count)) == 0);
    for (const std::uint32_t number : orders[out]()) {
      bare.erase(number);
      if (bare.size % 1999 == 0) REQUIRE(bare.check() == "");
    }
    CHECK(bare.towers.empty());
    CHECK(bare.check() == "");
  }
}

TEST_CASE("Leaves of ascending and of descending keys are full but for the last") {
  for (const bool up : {true, false}) {
    Bare bare(1);
    for (const std::uint32_t number : up ? ascending() : descending()) bare.insert(number);
    const std::vector<unsigned> words = bare.leaves();
    CHECK(words.size() == (key_count + Node::max_words - 1) / Node::max_words);
    const auto full = std::count(words.begin(), words.end(), Node::max_words);
    CHECK(static_cast<std::size_t>(full) >= words.size() - 1);
  }
}

TEST_CASE("Leaves of shuffled keys are two thirds full on average") {
  Bare bare(test_generator(12)());
  for (const std::uint32_t number : shuffled()) bare.insert(number);
  const double average = static_cast<double>(key_count) / static_cast<double>(bare.leaves().size());
  CHECK(average > 0.64 * Node::max_words);
  CHECK(average < 0.76 * Node::max_words);
}

TEST_CASE("Leaves with few words join, so that an emptied map keeps no empty towers") {
  Bare bare(test_generator(13)());
  for (const std::uint32_t number : shuffled()) bare.insert(number);
  for (std::uint32_t number = 0; number < key_count; ++number) {
    if (number % 50 != 0) bare.erase(number);
  }
  REQUIRE(bare.check() == "");
  const std::vector<unsigned> words = bare.leaves();
  CHECK(words.size() < 5 * key_count / 50 / Node::max_words);
}

TEST_CASE("The same keys in the same order make other towers with another seed") {
  const auto lows = [](std::uint64_t seed) {
    Bare bare(seed);
    for (const std::uint32_t number : shuffled()) bare.insert(number);
    // The nodes over the first leaf's right neighbours: where the level above was cut.
    std::set<unsigned> depths;
    std::vector<unsigned> indices;
    for (std::uint32_t number = 0; number < key_count; number += 97) {
      Towers::Place place;
      bare.towers.locate(WordKey(number), place);
      indices.push_back(place.steps[1].index);
    }
    return indices;
  };
  CHECK(lows(1) == lows(1));
  CHECK(lows(1) != lows(2));
}

TEST_CASE("An insertion that cannot get all its nodes gives back those it got") {
  auto random = test_generator(15);
  int failed = 0;
  for (int round = 0; round < 6; ++round) {
    Bare bare(random());
    for (const std::uint32_t number : shuffled()) {
      Towers::Place place;
      if (!bare.towers.empty()) bare.towers.locate(WordKey(number), place);
      const auto full = [&](unsigned level) {
        return bare.towers.node(place.steps[level].node).count == Node::max_words;
      };
      if (bare.size > 3000 && full(0) && full(1)) {
        // Takes all there is but what the slabs have left; two levels divide.
        Arena& arena = bare.towers.arena();
        bare.memory.fail_at = 1;
        std::vector<std::pair<Offset, std::size_t>> hoard;
        for (std::size_t bytes = NodePool::node_bytes << 16; bytes >= NodePool::node_bytes; bytes /= 2) {
          try {
            for (;;) hoard.emplace_back(arena.allocate(bare.memory, bytes), bytes);
          } catch (const std::bad_alloc&) {
          }
        }
        try {
          Towers::Spare spare(bare.towers, bare.memory, place);
        } catch (const std::bad_alloc&) {
          ++failed;
        }
        for (const auto& [at, bytes] : hoard) arena.release(at, bytes);
        REQUIRE(bare.check() == "");
        bare.memory.fail_at = 0;
      }
      bare.insert(number);
    }
    CHECK(bare.check() == "");
  }
  CHECK(failed > 5);
}

TEST_CASE("Going back leaf by leaf sees every leaf") {
  Bare bare(test_generator(14)());
  CHECK(bare.towers.empty());
  for (const std::uint32_t number : shuffled()) bare.insert(number);
  std::size_t seen = 1;
  Towers::Place place;
  bare.towers.locate(WordKey(key_count), place);
  const std::vector<Offset> leaves = leaves_of(bare.towers);
  CHECK(place.leaf().node == leaves.back());
  while (bare.towers.to_previous_leaf(place)) {
    ++seen;
    CHECK(place.leaf().index + 1u == bare.towers.node(place.leaf().node).count);
  }
  CHECK(place.leaf().node == leaves.front());
  CHECK(seen == leaves.size());
}
