#include "containers/skiplist/levels.hpp"

#include <algorithm>

namespace midden::inline MIDDEN_ABI::containers::skiplist {

void Levels::to_begin(Top top, Place& place) const noexcept {
  Offset at = top.node;
  for (unsigned level = top.level; level > 0; --level) {
    place.steps[level] = {at, 0};
    at = node(at).target(0);
  }
  place.steps[0] = {at, 0};
}

void Levels::to_end(Top top, Place& place) const noexcept {
  Offset at = top.node;
  for (unsigned level = top.level; level > 0; --level) {
    const unsigned index = node(at).count - 1u;
    place.steps[level] = {at, index};
    at = node(at).target(index);
  }
  place.steps[0] = {at, node(at).count};
}

bool Levels::to_previous_leaf(Top top, Place& place) const noexcept {
  do {
    unsigned level = 1;
    while (level <= top.level && place.steps[level].index == 0) ++level;
    if (level > top.level) return false;
    Offset at = place.steps[level].node;
    unsigned index = --place.steps[level].index;
    while (level > 1) {
      at = node(at).target(index);
      index = node(at).count - 1u;
      place.steps[--level] = {at, index};
    }
    const Offset leaf = node(at).target(index);
    place.steps[0] = {leaf, node(leaf).count};
  } while (place.steps[0].index == 0);
  --place.steps[0].index;
  return true;
}

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
