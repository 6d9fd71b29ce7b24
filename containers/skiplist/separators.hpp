#pragma once
// Where to cut the list so that several threads can walk pieces of about even size.
//
// The words of one level stand for all that lies below them; the highest level with enough words
// is walked, and each weighs as much as the node below it has words itself. So a few words for each
// piece are read, not the list, and a piece is off by less than what two words stand for.
//
// Threads: reading, as the list's.

#include <vector>

#include "containers/skiplist/search.hpp"

namespace midden::inline MIDDEN_ABI::containers::skiplist {

template <class View>
std::size_t Levels::separators(Top top, Offset* entries, std::size_t count, View view) const {
  constexpr std::size_t words_per_piece = 8;
  if (top.node == 0 || count == 0) return 0;
  struct Cut {
    Offset node;         // below the word, or an entry
    std::size_t before;  // weight of all words to the left
  };
  std::vector<Cut> words{{top.node, 0}};
  std::size_t weight = 0;
  unsigned level = top.level + 1;
  do {
    --level;
    std::vector<Cut> below;
    weight = 0;
    for (const Cut& word : words) {
      const Node& n = node(word.node);
      for (unsigned i = 0; i < n.count; ++i) {
        const Offset target = level == 0 ? n.target(i) : view(*this, n.target(i));
        below.push_back({target, weight});
        weight += level == 0 ? 1u : node(target).count;
      }
    }
    words.swap(below);
  } while (level > 0 && words.size() < words_per_piece * (count + 1));

  std::size_t found = 0;
  std::size_t word = 1;  // nothing lies left of the first
  for (std::size_t piece = 1; piece <= count; ++piece) {
    const std::size_t wanted = weight * piece / (count + 1);
    while (word < words.size() && words[word].before < wanted) ++word;
    if (word == words.size()) break;
    entries[found++] = level == 0 ? view.entry(*this, words[word].node) : node(words[word].node).low;
    ++word;
  }
  return found;
}

}  // namespace midden::inline MIDDEN_ABI::containers::skiplist
