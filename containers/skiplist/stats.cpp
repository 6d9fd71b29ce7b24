#include "containers/skiplist/stats.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "containers/skiplist/bytes.hpp"

namespace midden::inline MIDDEN_ABI::containers::skiplist {

namespace {

static_assert(Levels::max_levels <= MapStats::most_levels);

constexpr std::size_t most_sampled = 1024;  // nodes of a level
constexpr unsigned most_waiting = 4096;     // entries in limbo

std::size_t words_of(const Levels& levels, const std::vector<Offset>& nodes) {
  std::size_t words = 0;
  for (const Offset at : nodes) words += levels.node(at).count;
  return words;
}

// Of the nodes below these, all or an even sample.
std::vector<Offset> below(const Levels& levels, const std::vector<Offset>& nodes, std::size_t words) {
  const std::size_t count = std::min(words, most_sampled);
  std::vector<Offset> sample;
  sample.reserve(count);
  std::size_t word = 0;  // the number of the present node's first
  for (const Offset at : nodes) {
    const Node& node = levels.node(at);
    while (sample.size() < count && sample.size() * words / count < word + node.count) {
      sample.push_back(node.target(static_cast<unsigned>(sample.size() * words / count - word)));
    }
    word += node.count;
  }
  return sample;
}

}  // namespace

void add_levels(const Levels& levels, Levels::Top top, MapStats& stats) {
  if (top.node == 0) return;
  stats.levels = top.level + 1;
  std::vector<Offset> sample{top.node};
  double nodes = 1;
  for (unsigned level = top.level;; --level) {
    stats.nodes[level] = static_cast<std::size_t>(std::llround(nodes));
    const std::size_t words = words_of(levels, sample);
    if (level == 0) {
      std::size_t room = 0;
      for (const Offset at : sample) room += levels.node(at).capacity;
      stats.load = static_cast<double>(words) / static_cast<double>(room);
      return;
    }
    nodes *= static_cast<double>(words) / static_cast<double>(sample.size());
    sample = below(levels, sample, words);
  }
}

std::size_t bytes_in_limbo(const Levels& levels, Offset first) noexcept {
  std::size_t bytes = 0;
  unsigned entries = 0;
  for (Offset at = first; at != 0 && entries < most_waiting; at = load_32(levels.entry(at)), ++entries) {
    bytes += Arena::allocation_bytes(levels.layout().bytes(levels.entry(at)));
  }
  return bytes;
}

}  // namespace midden::inline MIDDEN_ABI::containers::skiplist
