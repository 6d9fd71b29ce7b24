// Where to cut the list so that several threads can walk pieces of about even size.
//
// The words of one level stand for all that lies below them; the highest level with enough words
// is walked, and each weighs as much as the node below it has words itself. So a few words for each
// piece are read, not the list, and a piece is off by less than what two words stand for.

#include <vector>

#include "containers/skiplist/search.hpp"

namespace midden::inline MIDDEN_ABI::containers::skiplist {

namespace {
constexpr std::size_t words_per_piece = 8;
}

std::size_t Towers::separators(Offset* entries, std::size_t count) const {
  if (empty() || count == 0) return 0;
  struct Cut {
    Offset node;
    unsigned index;
    std::size_t before;  // weight of all words to the left
  };
  std::vector<Cut> words;
  std::size_t weight = 0;
  unsigned level = height_ + 1;
  Offset begin = root_;
  do {
    --level;
    words.clear();
    weight = 0;
    for (Offset at = begin; at != 0; at = node(at).next) {
      for (unsigned i = 0; i < node(at).count; ++i) {
        words.push_back({at, i, weight});
        weight += level == 0 ? 1u : node(node(at).word(i).target).count;
      }
    }
    begin = node(begin).word(0).target;
  } while (level > 0 && words.size() < words_per_piece * (count + 1));

  std::size_t found = 0;
  std::size_t word = 1;  // nothing lies left of the first
  for (std::size_t piece = 1; piece <= count; ++piece) {
    const std::size_t wanted = weight * piece / (count + 1);
    while (word < words.size() && words[word].before < wanted) ++word;
    if (word == words.size()) break;
    entries[found++] = entry_of(node(words[word].node), level, words[word].index);
    ++word;
  }
  return found;
}

}  // namespace midden::inline MIDDEN_ABI::containers::skiplist
