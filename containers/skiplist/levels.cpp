#include "containers/skiplist/levels.hpp"

#include <algorithm>

namespace midden::inline MIDDEN_ABI::containers::skiplist {

// Leaves are cut in the middle, index nodes where the draw says. Where keys come in ascending or descending
// order, at the list's ends, the full half is left full.
Levels::Overfull Levels::overfill(const Node& n, unsigned level, unsigned i, Word added, Draws& draws) const noexcept {
  constexpr unsigned total = Overfull::total;
  const unsigned first = first_word(level);
  const unsigned fewest = first + 1;
  if (level > 0) added.piece = piece_in(n, level, node(added.target).low);
  Overfull all;
  std::copy_n(n.words(), i, all.words);
  all.words[i] = added;
  std::copy_n(n.words() + i, n.count - i, all.words + i + 1);
  all.cut = level == 0 ? total / 2 : total / 3 + draws.below(total / 3);
  if (i == first && n.low == 0) all.cut = fewest;
  if (i == total - 1 && n.high == 0) all.cut = total - fewest;
  return all;
}

Levels::Pair Levels::pair(const Node& l, const Node& r, unsigned level) const noexcept {
  Pair pair;
  pair.total = l.count + r.count;
  std::copy_n(r.words(), r.count, std::copy_n(l.words(), l.count, pair.words));
  pair.prefix = level == 0 && l.prefix == r.prefix ? l.prefix : no_prefix;
  pair.orphan = level == 0 && (r.count == 0 || r.target(0) != r.low) ? r.low : 0;
  return pair;
}

void Levels::fill_two(Node& left, Node& right, unsigned level, const Word* words, unsigned count, unsigned cut,
                      Offset low, Offset high, std::size_t prefix) noexcept {
  const Offset fence = level == 0 ? words[cut].target : node(words[cut].target).low;
  left.low = low;
  left.high = right.low = fence;
  right.high = high;
  fill(right, level, words + cut, count - cut, prefix);
  fill(left, level, words, cut, prefix);
}

}  // namespace midden::inline MIDDEN_ABI::containers::skiplist
