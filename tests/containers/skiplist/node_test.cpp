// Node: its words.

#include "containers/skiplist/node.hpp"

#include <algorithm>
#include <vector>

#include "tests/containers/skiplist/list_kit.hpp"

using namespace skiplist_test;

namespace {

struct alignas(64) FullNode {
  Node node{};
  Word words[Node::max_words]{};
};

}  // namespace

TEST_CASE("A node's words stay sorted while they come and go, and ranks agree with a count") {
  FullNode full;
  Node& node = full.node;
  node.capacity = Node::max_words;
  std::vector<std::pair<std::uint32_t, Offset>> model;
  auto random = test_generator(6);
  for (int step = 0; step < 20000; ++step) {
    const auto piece = static_cast<std::uint32_t>(random() % 60);
    const unsigned rank = node.rank(0, piece);
    const auto below = static_cast<unsigned>(
        std::count_if(model.begin(), model.end(), [&](const auto& word) { return word.first < piece; }));
    const auto same = static_cast<unsigned>(
        std::count_if(model.begin(), model.end(), [&](const auto& word) { return word.first == piece; }));
    REQUIRE(rank == below);
    REQUIRE(node.end_of(rank, piece) == below + same);
    REQUIRE(node.rank(std::min<unsigned>(1, node.count), piece) == std::max(below, std::min<unsigned>(1, node.count)));
    const bool grow = model.size() < Node::max_words && random() % 2 == 0;
    if (grow) {
      const auto target = static_cast<Offset>(random());
      node.insert(rank, {piece, target});
      model.insert(model.begin() + rank, {piece, target});
    } else if (rank < model.size()) {
      node.erase(rank);
      model.erase(model.begin() + rank);
    }
    REQUIRE(node.count == model.size());
    for (unsigned i = 0; i < node.count; ++i) {
      REQUIRE(node.word(i).piece == model[i].first);
      REQUIRE(node.word(i).target == model[i].second);
    }
  }
}
