#include "containers/skiplist/shared/towers.hpp"

#include <algorithm>

#include "containers/skiplist/search.hpp"

namespace midden::inline MIDDEN_ABI::containers::skiplist {

bool SharedTowers::lock(Node& n) noexcept {
  for (Spin spin; !n.try_lock(); spin.wait()) {
    if (n.is_dead()) return false;
  }
  return true;
}

Offset SharedTowers::make_node(Stripe& stripe, unsigned level, Offset low, Offset high) noexcept {
  const Offset made = stripe.take_node(*this);
  // A version is locked until it is what it will be, with what came with it below (T2).
  at(made) = Node{.low = low,
                  .high = high,
                  .lock = stripe.plain ? Node::free : Node::held,
                  .stamp = stripe.birth,
                  .prev = 0,
                  .prefix = 0,
                  .count = 0,
                  .capacity = Node::max_words,
                  .carried_low = 0,
                  .carried_high = 0,
                  .level = static_cast<std::uint8_t>(level)};
  return made;
}

Offset SharedTowers::copy_node(Stripe& stripe, unsigned level, const Node& of) noexcept {
  const Offset made = make_node(stripe, level, of.low, of.high);
  Node& n = at(made);
  n.prefix = of.prefix;
  n.count = of.count;
  std::copy_n(of.words(), of.count, n.words());
  return made;
}

bool SharedTowers::plant(Stripe& stripe, Offset entry) noexcept {
  const Offset made = make_node(stripe, 0, 0, 0);
  Node& n = at(made);
  n.insert(0, {piece_of(key(entry), 0), entry});
  if (!stripe.plain) {
    n.stamp = Node::pending;
    n.prev = Node::nowhere;
  }
  {
    const std::lock_guard lock(top_lock_);
    if (top_ != 0) {
      stripe.give_node(*this, made);
      return false;
    }
    store_top(made);
  }
  if (!stripe.plain) {
    versions_.settle(n);
    n.unlock();
  }
  return true;
}

void SharedTowers::replace(const Place& place, Stripe& stripe, Offset entry) noexcept {
  const auto [leaf_at, i] = place.leaf();
  Node& leaf = at(leaf_at);
  const Offset old = leaf.target(i);
  if (!stripe.plain) Chain(this->entry(entry)).begin(old);
  leaf.replace(i, entry);
  if (!stripe.plain) return finish_overwrite(leaf, i, stripe, old);
  leaf.unlock();
  drop_entry(stripe, old, old == leaf.low, true, 0);
}

template <class Key>
void SharedTowers::insert(Top top, const Key& key, Place& place, Stripe& stripe, Offset entry) noexcept {
  Change<Key> change{key, top, place, stripe};
  const auto [leaf_at, i] = place.leaf();
  const Node& leaf = node(leaf_at);
  const Word added{place.piece, entry};
  change.added = entry;
  Layer& layer = change.layers[0];
  layer.dead = leaf_at;
  if (leaf.count < Node::max_words) {
    const Offset copy = layer.made[0] = copy_node(stripe, 0, leaf);
    at(copy).insert(i, added);
    inserted(at(copy), 0, i);
    replace_one(change, 0, copy);
  } else {
    const Overfull all = overfill(leaf, 0, i, added, stripe.draws);
    for (Offset& made : layer.made) made = make_node(stripe, 0, 0, 0);
    fill_two(at(layer.made[0]), at(layer.made[1]), 0, all.words, Overfull::total, all.cut, leaf.low, leaf.high,
             leaf.prefix);
    replace_by_two(change, 0);
  }
  finish(change);
}

template <class Key>
void SharedTowers::erase(Top top, const Key& key, Place& place, Stripe& stripe) noexcept {
  Change<Key> change{key, top, place, stripe};
  const auto [leaf_at, i] = place.leaf();
  const Node& leaf = node(leaf_at);
  const Offset erased = leaf.target(i);
  const Offset copy = copy_node(stripe, 0, leaf);
  Node& n = at(copy);
  n.erase(i);
  if (!sample_has_prefix(n, 0)) choose_prefix(n, 0);
  change.erased = erased;
  change.layers[0] = {.dead = leaf_at, .made = {copy, 0}};
  shrink(change, 0);
  finish(change);
}

// The edge that leads to `child`, a node of that level which is alive and locked by this thread.
template <class Key>
SharedTowers::Edge SharedTowers::lock_edge(Change<Key>& change, unsigned level, Offset child) noexcept {
  for (;;) {
    if (change.top.level > level) {
      const auto [node_at, index] = change.place.steps[level + 1];
      Node& n = at(node_at);
      if (lock(n)) {
        if (index < n.count && n.target(index) == child) return {node_at, index};
        n.unlock();
      }
    } else {
      top_lock_.lock();
      if (top_ == child) return {0, 0};
      top_lock_.unlock();
    }
    change.top = top();
    Known known;
    leaf_for(change.top, change.key, known, &change.place, view());
  }
}

// Stores `by` in the place of the level's dead node, of whose level it need not be, or 0. Unlocks the edge.
template <class Key>
void SharedTowers::store(Change<Key>& change, unsigned level, const Edge& edge, Offset by) noexcept {
  change.copy = by;
  change.height = level;
  if (!change.stripe.plain) begin_version(change);
  if (edge.node == 0) {
    store_top(by);
    return top_lock_.unlock();
  }
  Node& n = at(edge.node);
  n.replace(edge.index, by);
  change.was_carried = n.end_carried(edge.index);
  n.unlock();
}

template <class Key>
void SharedTowers::replace_one(Change<Key>& change, unsigned level, Offset by) noexcept {
  store(change, level, lock_edge(change, level, change.layers[level].dead), by);
}

template <class Key>
void SharedTowers::replace_by_two(Change<Key>& change, unsigned level) noexcept {
  const Edge edge = lock_edge(change, level, change.layers[level].dead);
  const Offset left = change.layers[level].made[0];
  const Word added{0, change.layers[level].made[1]};
  Layer& above = change.layers[level + 1];
  Stripe& stripe = change.stripe;
  if (edge.node == 0) {
    above.made[0] = make_node(stripe, level + 1, 0, 0);
    const Word words[2] = {{0, left}, added};
    fill(at(above.made[0]), level + 1, words, 2, no_prefix);
    return store(change, level, edge, above.made[0]);
  }
  const Node& n = node(edge.node);
  const unsigned i = edge.index + 1;
  change.layers[level].index = edge.index;
  above.dead = edge.node;
  if (n.count < Node::max_words) {
    const Offset copy = above.made[0] = copy_node(stripe, level + 1, n);
    Node& c = at(copy);
    c.word(edge.index).target = left;
    c.insert(i, {piece_in(c, level + 1, node(added.target).low), added.target});
    inserted(c, level + 1, i);
    replace_one(change, level + 1, copy);
  } else {
    Overfull all = overfill(n, level + 1, i, added, stripe.draws);
    all.words[edge.index].target = left;
    for (Offset& made : above.made) made = make_node(stripe, level + 1, 0, 0);
    fill_two(at(above.made[0]), at(above.made[1]), level + 1, all.words, Overfull::total, all.cut, n.low, n.high,
             n.prefix);
    replace_by_two(change, level + 1);
  }
}

// Replaces a node by the one made, with fewer words, which joins its neighbour where it has few and the neighbour is
// not locked by others.
template <class Key>
void SharedTowers::shrink(Change<Key>& change, unsigned level) noexcept {
  const Edge edge = lock_edge(change, level, change.layers[level].dead);
  Offset& by = change.layers[level].made[0];
  const Node& n = node(by);
  if (edge.node != 0) {
    if (n.count < few_words && join(change, level, edge)) return;
    return store(change, level, edge, by);
  }
  // The list has become empty, or lower; a version of the empty one keeps its leaf (T6).
  const bool is_empty = level == 0 && n.count == 0 && change.stripe.plain;
  if (!is_empty && (level == 0 || n.count > 1)) return store(change, level, edge, by);
  const Offset below = is_empty ? 0 : n.target(0);
  change.stripe.give_node(*this, by);
  by = 0;
  store(change, level, edge, below);
}

// What was made in place of the level's dead node, and that node's neighbour, become one or share their words.
template <class Key>
bool SharedTowers::join(Change<Key>& change, unsigned level, const Edge& edge) noexcept {
  const Node& parent = node(edge.node);
  Stripe& stripe = change.stripe;
  if (parent.count < 2 || stripe.node_count < nodes_for_join + stripe.nodes_to_hold()) return false;
  const bool to_left = edge.index > 0;
  const unsigned neighbour_index = to_left ? edge.index - 1 : 1;
  const Offset neighbour = parent.target(neighbour_index);
  if (!at(neighbour).try_lock()) return false;
  Layer& layer = change.layers[level];
  const Offset by = layer.made[0];
  layer.neighbour = neighbour;
  layer.index = edge.index;
  layer.neighbour_index = neighbour_index;
  const Node& l = node(to_left ? neighbour : by);
  const Node& r = node(to_left ? by : neighbour);
  const unsigned i = to_left ? edge.index : 1;  // of the right one in the parent
  const Pair both = pair(l, r, level);
  if (both.orphan != 0) change.orphan = both.orphan;

  Layer& above = change.layers[level + 1];
  above.dead = edge.node;
  above.made[0] = copy_node(stripe, level + 1, parent);
  Node& a = at(above.made[0]);
  const Offset left = layer.made[0] = make_node(stripe, level, l.low, r.high);
  if (both.total <= joined_words) {
    fill(at(left), level, both.words, both.total, both.prefix);
    a.word(i - 1).target = left;
    a.erase(i);
    if (!sample_has_prefix(a, level + 1)) choose_prefix(a, level + 1);
  } else {
    const Offset right = layer.made[1] = make_node(stripe, level, 0, 0);
    fill_two(at(left), at(right), level, both.words, both.total, both.total / 2, l.low, r.high, both.prefix);
    a.word(i - 1).target = left;
    a.word(i).target = right;
    rekey(a, level + 1, i, node(right).low);
  }
  shrink(change, level + 1);
  stripe.give_node(*this, by);
  return true;
}

template void SharedTowers::insert(Top, const WordKey&, Place&, Stripe&, Offset) noexcept;
template void SharedTowers::insert(Top, const FixedKey&, Place&, Stripe&, Offset) noexcept;
template void SharedTowers::insert(Top, const VariableKey&, Place&, Stripe&, Offset) noexcept;
template void SharedTowers::erase(Top, const WordKey&, Place&, Stripe&) noexcept;
template void SharedTowers::erase(Top, const FixedKey&, Place&, Stripe&) noexcept;
template void SharedTowers::erase(Top, const VariableKey&, Place&, Stripe&) noexcept;

}  // namespace midden::inline MIDDEN_ABI::containers::skiplist
