#include "containers/skiplist/levels.hpp"

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
  unsigned level = 1;
  while (level <= top.level && place.steps[level].index == 0) ++level;
  if (level > top.level) return false;
  Offset at = place.steps[level].node;
  unsigned index = --place.steps[level].index;
  while (level > 0) {
    at = node(at).target(index);
    index = node(at).count - 1u;
    place.steps[--level] = {at, index};
  }
  return true;
}

}  // namespace midden::inline MIDDEN_ABI::containers::skiplist
