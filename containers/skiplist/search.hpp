#pragma once
// How a key finds its place: from the top down, one node a level.
//
// The code is made for each form of key, in list.cpp and in shared/. What keys share is in levels.hpp.

#include <algorithm>

#include "containers/skiplist/key.hpp"
#include "containers/skiplist/levels.hpp"

namespace midden::inline MIDDEN_ABI::containers::skiplist {

template <class Key>
Levels::Probe Levels::probe(const Key& key, const Node& n, unsigned level, std::size_t known) const noexcept {
  if (n.prefix > known) [[unlikely]] {
    const std::byte* const middle = entry(entry_of(n, level, sample(n, level)));
    const int side = key.compare_prefix(middle, known, n.prefix);
    if (side != 0) return {side < 0 ? piece_below : piece_above, false};
  }
  return {key.piece(n.prefix), true};
}

// The last word of an index node whose key is not above `key`.
template <class Key>
unsigned Levels::child_for(const Key& key, const Node& n, unsigned level, Known& known) const noexcept {
  const std::size_t both = known.both();
  const auto [piece, inside] = probe(key, n, level, both);
  unsigned above = n.rank(1, piece);
  if (above < n.count && n.word(above).piece == piece) [[unlikely]] {
    unsigned end = n.end_of(above, piece);
    while (above < end) {
      const unsigned middle = (above + end) / 2;
      if (key.compare(entry(entry_of(n, level, middle)), both) < 0) {
        end = middle;
      } else {
        above = middle + 1;
      }
    }
  }
  // A piece at either end of the range may stand for a key without the prefix: it tells nothing.
  const auto shared = [&, piece = piece, inside = inside](std::uint32_t other) -> std::size_t {
    if (other == piece_below || other == piece_above || !inside) return 0;
    return n.prefix + static_cast<unsigned>(std::countl_zero(piece ^ other)) / 8;
  };
  if (above > 1) known.low = shared(n.word(above - 1).piece);
  if (above < n.count) known.high = shared(n.word(above).piece);
  return above - 1;
}

template <class Key, class View>
Offset Levels::leaf_for(Top top, const Key& key, Known& known, Place* place, View view) const noexcept {
  Offset node_at = top.node;
  for (unsigned level = top.level; level > 0; --level) {
    const Node& n = node(node_at);
    const unsigned index = child_for(key, n, level, known);
    if (place != nullptr) place->steps[level] = {node_at, index};
    node_at = view(*this, n.target(index));
  }
  return node_at;
}

// The entry of that key in a leaf, or 0. `i` is the first word whose piece is not below the key's.
template <class Key>
Offset Levels::match(const Key& key, const Node& leaf, unsigned i, std::uint32_t piece,
                     std::size_t known) const noexcept {
  if (i == leaf.count || leaf.word(i).piece != piece) return 0;
  if (const Offset candidate = leaf.target(i); key.equal(entry(candidate))) return candidate;
  unsigned end = leaf.end_of(++i, piece);
  while (i < end) {
    const unsigned middle = (i + end) / 2;
    const Offset candidate = leaf.target(middle);
    const int order = key.compare(entry(candidate), known);
    if (order == 0) return candidate;
    if (order < 0) {
      end = middle;
    } else {
      i = middle + 1;
    }
  }
  return 0;
}

template <class Key, class View>
Offset Levels::find(Top top, const Key& key, View view) const noexcept {
  if (top.node == 0) return 0;
  Known known;
  const Node& leaf = node(leaf_for(top, key, known, nullptr, view));
  const std::uint32_t piece = probe(key, leaf, 0, known.both()).piece;
  const Offset found = match(key, leaf, leaf.rank(0, piece), piece, known.both());
  return found == 0 ? 0 : view.entry(*this, found);
}

// One level after the other for all keys, so that the memory that one waits for is on its way
// while the others are looked at. Keys that ascend go together as far as the first and the last of them do.
// Which version of a node is read is asked when that is read, not when it is fetched.
template <class Key, class View>
void Levels::leaves_for(Top top, const Key* keys, unsigned count, Known* known, Offset* nodes,
                        View view) const noexcept {
  std::fill_n(nodes, count, top.node);
  const auto step = [&](unsigned k, unsigned level) {
    const Node& n = node(view(*this, nodes[k]));
    nodes[k] = n.target(child_for(keys[k], n, level, known[k]));
    prefetch_node(nodes[k]);
  };
  const unsigned last = count - 1;
  unsigned level = top.level;
  if (count > 2 && std::is_sorted(keys, keys + count, [](const Key& a, const Key& b) { return b.above(a); })) {
    // Those between share of the lower fence what the last does, and of the upper one what the first does.
    const auto follow = [&] {
      std::fill(nodes + 1, nodes + last, nodes[0]);
      std::fill(known + 1, known + last, Known{known[last].low, known[0].high});
    };
    for (; level > 0 && nodes[0] == nodes[last]; --level) {
      follow();
      step(0, level);
      step(last, level);
    }
    if (nodes[0] == nodes[last]) {
      follow();
    } else {
      for (unsigned k = 1; k < last; ++k) step(k, level + 1);
    }
  }
  for (; level > 0; --level) {
    for (unsigned k = 0; k < count; ++k) step(k, level);
  }
}

template <class Key, class View>
void Levels::find_many(Top top, const Key* keys, unsigned count, const std::byte** entries, View view) const noexcept {
  if (top.node == 0) {
    std::fill_n(entries, count, nullptr);
    return;
  }
  Known known[max_group];
  Offset nodes[max_group];
  unsigned first[max_group];
  std::uint32_t pieces[max_group];
  leaves_for(top, keys, count, known, nodes, view);
  for (unsigned k = 0; k < count; ++k) {
    nodes[k] = view(*this, nodes[k]);
    const Node& leaf = node(nodes[k]);
    pieces[k] = probe(keys[k], leaf, 0, known[k].both()).piece;
    first[k] = leaf.rank(0, pieces[k]);
    if (first[k] < leaf.count) arena_.prefetch(leaf.target(first[k]));
  }
  for (unsigned k = 0; k < count; ++k) {
    const Offset found = match(keys[k], node(nodes[k]), first[k], pieces[k], known[k].both());
    entries[k] = found == 0 ? nullptr : entry(view.entry(*this, found));
  }
}

// Where in a leaf the key is or belongs.
template <class Key>
void Levels::locate_in(const Key& key, Offset leaf_at, std::size_t known, Place& place) const noexcept {
  const Node& leaf = node(leaf_at);
  place.piece = probe(key, leaf, 0, known).piece;
  place.found = false;
  unsigned i = leaf.rank(0, place.piece);
  unsigned end = leaf.end_of(i, place.piece);
  while (i < end) {
    const unsigned middle = (i + end) / 2;
    const int order = key.compare(entry(leaf.target(middle)), known);
    if (order > 0) {
      i = middle + 1;
    } else if (order < 0) {
      end = middle;
    } else {
      place.found = true;
      i = end = middle;
    }
  }
  place.steps[0] = {leaf_at, i};
}

template <class Key, class View>
void Levels::locate(Top top, const Key& key, Place& place, View view) const noexcept {
  Known known;
  const Offset leaf = leaf_for(top, key, known, &place, view);
  locate_in(key, leaf, known.both(), place);
}

// Asks pieces and one entry, which who has just written it has at hand: a key from elsewhere costs no more than that.
template <class Key>
bool Levels::locate_beside(const Key& key, Step beside, Place& place) const noexcept {
  const auto has_prefix = [](std::uint32_t piece) { return piece != piece_below && piece != piece_above; };
  const Node& leaf = node(beside.node);
  const Word word = leaf.word(beside.index);
  if (!has_prefix(word.piece)) return false;
  if (leaf.prefix > 0 && key.compare_prefix(entry(word.target), 0, leaf.prefix) != 0) return false;
  const std::uint32_t piece = key.piece(leaf.prefix);
  if (!has_prefix(piece)) return false;
  if (leaf.low != 0 && piece <= leaf.word(0).piece) return false;
  if (leaf.high != 0 && piece >= leaf.word(leaf.count - 1u).piece) return false;
  locate_in(key, beside.node, leaf.prefix, place);
  return true;
}

template <class View>
void Levels::to_begin(Top top, Place& place, View view) const noexcept {
  Offset at = top.node;
  for (unsigned level = top.level; level > 0; --level) {
    place.steps[level] = {at, 0};
    at = view(*this, node(at).target(0));
  }
  place.steps[0] = {at, 0};
}

template <class View>
void Levels::to_end(Top top, Place& place, View view) const noexcept {
  Offset at = top.node;
  for (unsigned level = top.level; level > 0; --level) {
    const unsigned index = node(at).count - 1u;
    place.steps[level] = {at, index};
    at = view(*this, node(at).target(index));
  }
  place.steps[0] = {at, node(at).count};
}

template <class View>
bool Levels::to_previous_leaf(Top top, Place& place, View view) const noexcept {
  do {
    unsigned level = 1;
    while (level <= top.level && place.steps[level].index == 0) ++level;
    if (level > top.level) return false;
    Offset at = place.steps[level].node;
    unsigned index = --place.steps[level].index;
    while (level > 1) {
      at = view(*this, node(at).target(index));
      index = node(at).count - 1u;
      place.steps[--level] = {at, index};
    }
    const Offset leaf = view(*this, node(at).target(index));
    place.steps[0] = {leaf, node(leaf).count};
  } while (place.steps[0].index == 0);
  --place.steps[0].index;
  return true;
}

}  // namespace midden::inline MIDDEN_ABI::containers::skiplist
