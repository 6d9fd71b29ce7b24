// Writes: how nodes come, are divided, joined and go. A search has found the place before.

#include "containers/skiplist/towers.hpp"

#include <algorithm>

#include "containers/skiplist/search.hpp"

namespace midden::inline MIDDEN_ABI::containers::skiplist {

namespace {

// The leaf that is the whole list begins with room for 4 words; each next one has twice the bytes.
constexpr unsigned first_capacity = 4;
constexpr unsigned next_capacity(unsigned capacity) noexcept { return std::min(2 * capacity + 4, Node::max_words); }
static_assert(Node::bytes(next_capacity(first_capacity)) == 2 * Node::bytes(first_capacity));

bool is_full(const Node& n) noexcept { return n.count == n.capacity; }

}  // namespace

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
  const auto [top, height] = towers.top_;
  if (top == 0) {
    add(0, first_capacity);
  } else if (const Node& only = towers.node(top); only.capacity < Node::max_words) {
    if (is_full(only)) add(0, next_capacity(only.capacity));
  } else {
    unsigned level = 0;
    for (; level <= height && is_full(towers.node(place.steps[level].node)); ++level) add(level, Node::max_words);
    if (level > height) add(level, Node::max_words);
  }
}

Towers::Spare::~Spare() {
  for (; any(); ++taken_) towers_.free_node(nodes_[taken_], taken_);
}

void Towers::insert(const Place& place, Spare& spare, Offset entry) noexcept {
  if (empty()) {
    top_ = {spare.take(), 0};
    return at(top_.node).insert(0, {piece_of(key(entry), 0), entry});
  }
  if (spare.any() && node(top_.node).capacity < Node::max_words) {
    return grow_only_leaf(place, spare.take(), entry);
  }
  Word added{place.piece, entry};
  unsigned level = 0;
  for (; spare.any(); ++level) {
    if (level > top_.level) {
      const Word words[2] = {{0, top_.node}, added};
      top_ = {spare.take(), level};
      return fill(at(top_.node), level, words, 2, no_prefix);
    }
    added = divide(place.steps[level], level, added, spare.take());
  }
  const auto [node_at, index] = place.steps[level];
  const unsigned i = level == 0 ? index : index + 1;
  Node& n = at(node_at);
  if (level > 0) added.piece = piece_in(n, level, node(added.target).low);
  n.insert(i, added);
  inserted(n, level, i);
}

void Towers::grow_only_leaf(const Place& place, Offset grown, Offset entry) noexcept {
  const Offset old = top_.node;
  const Node& leaf = node(old);
  Word words[Node::max_words];
  const unsigned i = place.leaf().index;
  std::copy_n(leaf.words(), i, words);
  words[i] = {place.piece, entry};
  std::copy_n(leaf.words() + i, leaf.count - i, words + i + 1);
  top_.node = grown;
  fill(at(grown), 0, words, leaf.count + 1u, no_prefix);
  free_node(old, 0);
}

// Cuts a full node in two, with one word added. Returns the word for the right one.
Word Towers::divide(const Step& step, unsigned level, Word added, Offset right) noexcept {
  Node& l = at(step.node);
  const unsigned i = level == 0 ? step.index : step.index + 1;
  const Overfull all = overfill(l, level, i, added, draws_);
  fill_two(l, at(right), level, all.words, Overfull::total, all.cut, l.low, l.high, l.prefix);
  return {0, right};
}

void Towers::replace(const Place& place, Offset entry) noexcept {
  at(place.leaf().node).word(place.leaf().index).target = entry;
}

Towers::Released Towers::erase(const Place& place) noexcept {
  const auto [leaf_at, i] = place.leaf();
  Node& leaf = at(leaf_at);
  const Offset erased = leaf.word(i).target;
  Released released{.left = is_fence(leaf_at, erased) ? 0 : erased};
  leaf.erase(i);
  if (leaf.count == 0 && top_.level == 0) {
    free_node(leaf_at, 0);
    top_ = {};
    return released;
  }
  if (!sample_has_prefix(leaf, 0)) choose_prefix(leaf, 0);
  if (leaf.count < few_words && top_.level > 0) {
    released.orphan = combine(place, 0);
    released.joined = true;
  }
  return released;
}

// Joins the node of step `level` with a neighbour under the same index node, or lets the two share
// their words; and so upward, as long as that leaves an index node with few words. Returns the orphan that
// is a fence no more, or 0.
Offset Towers::combine(const Place& place, unsigned level) noexcept {
  const auto [parent_at, index] = place.steps[level + 1];
  Node& parent = at(parent_at);
  const unsigned i = index > 0 ? index - 1 : 0;
  const Offset left = parent.word(i).target;
  const Offset right = parent.word(i + 1).target;
  Node& l = at(left);
  Node& r = at(right);
  const Pair both = pair(l, r, level);
  if (both.total <= joined_words) {
    l.high = r.high;
    fill(l, level, both.words, both.total, both.prefix);
    free_node(right, level);
    parent.erase(i + 1);
    if (!sample_has_prefix(parent, level + 1)) choose_prefix(parent, level + 1);
  } else {
    fill_two(l, r, level, both.words, both.total, both.total / 2, l.low, r.high, both.prefix);
    rekey(parent, level + 1, i + 1, r.low);
  }
  if (parent_at != top_.node) {
    if (parent.count < few_words) combine(place, level + 1);
  } else if (parent.count == 1) {
    top_ = {left, level};
    free_node(parent_at, level + 1);
  }
  return both.orphan;
}

void Towers::trim(Pages& pages) noexcept {
  constexpr unsigned work = 64;
  // Index nodes are too few to matter.
  leaves_.release_surplus(arena_, work);
  if (arena_.is_trim_due()) arena_.trim(pages, work);
}

void Towers::reset() noexcept {
  arena_.reset();
  top_ = {};
  leaves_.reset();
  index_nodes_.reset();
}

}  // namespace midden::inline MIDDEN_ABI::containers::skiplist
