// Writes: how nodes come, are divided, joined and go. A search has found the place before.

#include "containers/skiplist/towers.hpp"

#include <algorithm>

#include "containers/skiplist/search.hpp"

namespace midden::inline MIDDEN_ABI::containers::skiplist {

namespace {

// The leaf that is the whole list begins with room for 4 words; each next one has twice the bytes.
constexpr unsigned first_capacity = 4;
constexpr unsigned next_capacity(unsigned capacity) noexcept { return 2 * capacity + 2; }
static_assert(next_capacity(next_capacity(next_capacity(first_capacity))) == Node::max_words);

// A node with fewer words takes some from its neighbour, or joins it.
constexpr unsigned few_words = Node::max_words / 4;
// Two neighbours become one that can still take some words.
constexpr unsigned joined_words = Node::max_words * 3 / 4;

bool is_full(const Node& n) noexcept { return n.count == n.capacity; }

}  // namespace

// SplitMix64: a counter and a mixing function, so that any seed is as good as another.
std::uint32_t Towers::draw(std::uint32_t below) noexcept {
  random_ += 0x9E3779B97F4A7C15;
  std::uint64_t z = random_;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
  return static_cast<std::uint32_t>(((z >> 32) * below) >> 32);
}

bool Towers::leftmost(Offset node_at, unsigned level) const noexcept {
  return level == 0 ? node_at == first_ : node(node_at).low == 0;
}

Offset Towers::make_node(Memory& memory, unsigned level, unsigned capacity) {
  const bool full = capacity == Node::max_words;
  const Offset made = full ? pool(level).take(arena_, memory) : arena_.allocate(memory, Node::bytes(capacity));
  at(made) = Node{};
  at(made).capacity = static_cast<std::uint8_t>(capacity);
  return made;
}

void Towers::free_node(Offset freed, unsigned level) noexcept {
  const unsigned capacity = node(freed).capacity;
  if (capacity < Node::max_words) return arena_.release(freed, Node::bytes(capacity));
  pool(level).give_back(arena_, freed);
}

// Delegates, so that the nodes taken so far go back when the next one cannot be had.
Towers::Spare::Spare(Towers& towers, Memory& memory, const Place& place) : Spare(towers) {
  const auto add = [&](unsigned level, unsigned capacity) {
    nodes_[count_] = towers.make_node(memory, level, capacity);
    ++count_;
  };
  if (towers.empty()) {
    add(0, first_capacity);
  } else if (const Node& root = towers.node(towers.root_); root.capacity < Node::max_words) {
    if (is_full(root)) add(0, next_capacity(root.capacity));
  } else {
    unsigned level = 0;
    for (; level <= towers.height_ && is_full(towers.node(place.steps[level].node)); ++level)
      add(level, Node::max_words);
    if (level > towers.height_) add(level, Node::max_words);
  }
}

Towers::Spare::~Spare() {
  for (; any(); ++taken_) towers_.free_node(nodes_[taken_], taken_);
}

void Towers::insert(const Place& place, Spare& spare, Offset entry) noexcept {
  if (empty()) {
    root_ = first_ = spare.take();
    return at(root_).insert(0, {piece_of(key(entry), 0), entry});
  }
  if (spare.any() && node(root_).capacity < Node::max_words) {
    return grow_only_leaf(place, spare.take(), entry);
  }
  Word added{place.piece, entry};
  unsigned level = 0;
  for (; spare.any(); ++level) {
    if (level > height_) {
      const Word words[2] = {{0, root_}, added};
      root_ = spare.take();
      ++height_;
      return fill(root_, height_, words, 2, no_prefix);
    }
    added = divide(place.steps[level], level, added, spare.take());
  }
  const auto [node_at, index] = place.steps[level];
  const unsigned i = level == 0 ? index : index + 1;
  if (level > 0) added.piece = piece_in(node(node_at), level, first_entry(added.target, level - 1));
  at(node_at).insert(i, added);
  inserted(node_at, level, i);
}

void Towers::grow_only_leaf(const Place& place, Offset grown, Offset entry) noexcept {
  const Offset old = root_;
  const Node& leaf = node(old);
  Word words[Node::max_words];
  const unsigned i = place.leaf().index;
  std::copy_n(leaf.words(), i, words);
  words[i] = {place.piece, entry};
  std::copy_n(leaf.words() + i, leaf.count - i, words + i + 1);
  root_ = first_ = grown;
  fill(grown, 0, words, leaf.count + 1u, no_prefix);
  free_node(old, 0);
}

// Cuts a full node in two, with one word added. Returns the word for the right one. Where keys
// come in ascending or descending order, at the list's ends, the full half is left full.
Word Towers::divide(const Step& step, unsigned level, Word added, Offset right) noexcept {
  constexpr unsigned total = Node::max_words + 1;
  const Offset left = step.node;
  Node& l = at(left);
  Node& r = at(right);
  const unsigned i = level == 0 ? step.index : step.index + 1;
  if (level > 0) added.piece = piece_in(l, level, first_entry(added.target, level - 1));

  Word words[total];
  std::copy_n(l.words(), i, words);
  words[i] = added;
  std::copy_n(l.words() + i, l.count - i, words + i + 1);

  const unsigned fewest = level == 0 ? 1 : 2;
  unsigned cut = level == 0 ? total / 2 : total / 3 + draw(total / 3);
  if (i == first_word(level) && leftmost(left, level)) cut = fewest;
  if (i == total - 1 && l.next == 0) cut = total - fewest;

  const std::size_t prefix = l.prefix;
  r.next = l.next;
  l.next = right;
  if (level > 0) r.low = first_entry(words[cut].target, level - 1);
  fill(right, level, words + cut, total - cut, prefix);
  fill(left, level, words, cut, prefix);
  return {0, right};
}

void Towers::replace(const Place& place, Offset entry) noexcept {
  const auto [leaf, i] = place.leaf();
  at(leaf).word(i).target = entry;
  if (i == 0) first_key_changed(place, 1, entry);
}

void Towers::erase(const Place& place) noexcept {
  const auto [leaf_at, i] = place.leaf();
  Node& leaf = at(leaf_at);
  leaf.erase(i);
  if (leaf.count == 0 && height_ == 0) {
    free_node(leaf_at, 0);
    root_ = first_ = 0;
    return;
  }
  if (i == 0 && leaf.count > 0) first_key_changed(place, 1, leaf.word(0).target);
  if (!sample_has_prefix(leaf, 0)) choose_prefix(leaf_at, 0);
  if (leaf.count < few_words && height_ > 0) combine(place, 0);
}

// The node below step `level` begins with another entry: corrects the one word that has its key,
// and `low` of the nodes that begin with it. The left-most nodes have neither.
void Towers::first_key_changed(const Place& place, unsigned level, Offset entry) noexcept {
  for (; level <= height_; ++level) {
    const auto [node_at, i] = place.steps[level];
    if (i > 0) return rekey(node_at, level, i, entry);
    if (node(node_at).low == 0) return;
    at(node_at).low = entry;
  }
}

// Joins the node of step `level` with a neighbour under the same index node, or lets the two share
// their words; and so upward, as long as that leaves an index node with few words. Only the first
// and the last leaf of the list can be empty here: others have never been left with so few. So the
// left node's first key stays what it was, or has no word.
void Towers::combine(const Place& place, unsigned level) noexcept {
  const auto [parent_at, index] = place.steps[level + 1];
  Node& parent = at(parent_at);
  const unsigned i = index > 0 ? index - 1 : 0;
  const Offset left = parent.word(i).target;
  const Offset right = parent.word(i + 1).target;
  Node& l = at(left);
  Node& r = at(right);

  Word words[2 * Node::max_words];
  const unsigned total = l.count + r.count;
  std::copy_n(r.words(), r.count, std::copy_n(l.words(), l.count, words));
  const std::size_t prefix = level == 0 && l.prefix == r.prefix ? l.prefix : no_prefix;
  if (total <= joined_words) {
    l.next = r.next;
    fill(left, level, words, total, prefix);
    free_node(right, level);
    parent.erase(i + 1);
    if (!sample_has_prefix(parent, level + 1)) choose_prefix(parent_at, level + 1);
  } else {
    const unsigned cut = total / 2;
    if (level > 0) r.low = first_entry(words[cut].target, level - 1);
    fill(right, level, words + cut, total - cut, prefix);
    fill(left, level, words, cut, prefix);
    rekey(parent_at, level + 1, i + 1, first_entry(right, level));
  }
  if (parent_at != root_) {
    if (parent.count < few_words) combine(place, level + 1);
  } else if (parent.count == 1) {
    root_ = left;
    --height_;
    free_node(parent_at, level + 1);
  }
}

Towers::Step Towers::last_word() const noexcept {
  Offset node_at = root_;
  for (unsigned level = height_; level > 0; --level) node_at = node(node_at).word(node(node_at).count - 1u).target;
  return {node_at, node(node_at).count - 1u};
}

bool Towers::to_previous_leaf(Place& place) const noexcept {
  unsigned level = 1;
  while (level <= height_ && place.steps[level].index == 0) ++level;
  if (level > height_) return false;
  Offset node_at = place.steps[level].node;
  unsigned index = --place.steps[level].index;
  while (level > 0) {
    node_at = node(node_at).word(index).target;
    index = node(node_at).count - 1u;
    place.steps[--level] = {node_at, index};
  }
  return true;
}

void Towers::reset() noexcept {
  arena_.reset();
  root_ = first_ = 0;
  leaves_.reset();
  index_nodes_.reset();
  height_ = 0;
}

}  // namespace midden::inline MIDDEN_ABI::containers::skiplist
