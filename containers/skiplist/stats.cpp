#include "containers/skiplist/stats.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "containers/skiplist/bytes.hpp"

namespace midden::inline MIDDEN_ABI::containers::skiplist {

namespace {

static_assert(Towers::max_levels <= MapStats::most_levels);

constexpr std::size_t most_sampled = 1024;  // nodes of a level
constexpr unsigned most_waiting = 4096;     // entries in limbo

std::size_t words_of(const Towers& towers, const std::vector<Offset>& nodes) {
  std::size_t words = 0;
  for (const Offset at : nodes) words += towers.node(at).count;
  return words;
}

// Of the nodes below these, all or an even sample.
std::vector<Offset> below(const Towers& towers, const std::vector<Offset>& nodes, std::size_t words) {
  const std::size_t count = std::min(words, most_sampled);
  std::vector<Offset> sample;
  sample.reserve(count);
  std::size_t word = 0;  // the number of the present node's first
  for (const Offset at : nodes) {
    const Node& node = towers.node(at);
    while (sample.size() < count && sample.size() * words / count < word + node.count) {
      sample.push_back(node.word(static_cast<unsigned>(sample.size() * words / count - word)).target);
    }
    word += node.count;
  }
  return sample;
}

}  // namespace

void add_levels(const Towers& towers, MapStats& stats) {
  if (towers.empty()) return;
  const auto [top, height] = towers.top();
  stats.levels = height + 1;
  std::vector<Offset> sample{top};
  double nodes = 1;
  for (unsigned level = height;; --level) {
    stats.nodes[level] = static_cast<std::size_t>(std::llround(nodes));
    const std::size_t words = words_of(towers, sample);
    if (level == 0) {
      std::size_t room = 0;
      for (const Offset at : sample) room += towers.node(at).capacity;
      stats.load = static_cast<double>(words) / static_cast<double>(room);
      return;
    }
    nodes *= static_cast<double>(words) / static_cast<double>(sample.size());
    sample = below(towers, sample, words);
  }
}

std::size_t bytes_in_limbo(const Towers& towers, Offset first) noexcept {
  std::size_t bytes = 0;
  unsigned entries = 0;
  for (Offset at = first; at != 0 && entries < most_waiting; at = load_32(towers.entry(at)), ++entries) {
    bytes += Arena::allocation_bytes(towers.layout().bytes(towers.entry(at)));
  }
  return bytes;
}

}  // namespace midden::inline MIDDEN_ABI::containers::skiplist
