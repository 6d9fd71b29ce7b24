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

Offset SharedTowers::make_node(Stripe& stripe, Offset low, Offset high) noexcept {
  const Offset made = stripe.take_node(*this);
  at(made) = Node{.low = low, .high = high, .lock = Node::free, .prefix = 0, .count = 0, .capacity = Node::max_words};
  return made;
}

Offset SharedTowers::copy_node(Stripe& stripe, const Node& of) noexcept {
  const Offset made = make_node(stripe, of.low, of.high);
  Node& n = at(made);
  n.prefix = of.prefix;
  n.count = of.count;
  std::copy_n(of.words(), of.count, n.words());
  return made;
}

bool SharedTowers::plant(Stripe& stripe, Offset entry) noexcept {
  const Offset made = make_node(stripe, 0, 0);
  at(made).insert(0, {piece_of(key(entry), 0), entry});
  const std::lock_guard lock(top_lock_);
  if (top().node != 0) {
    stripe.give_node(*this, made);
    return false;
  }
  store_top({made, 0});
  return true;
}

void SharedTowers::replace(const Place& place, Stripe& stripe, Offset entry) noexcept {
  const auto [leaf_at, i] = place.leaf();
  Node& leaf = at(leaf_at);
  const Offset old = leaf.target(i);
  leaf.replace(i, entry);
  leaf.unlock();
  if (old != leaf.low) stripe.retire_entry(*this, old);
}

template <class Key>
void SharedTowers::insert(Top top, const Key& key, Place& place, Stripe& stripe, Offset entry) noexcept {
  Change<Key> change{key, top, place, stripe};
  const auto [leaf_at, i] = place.leaf();
  const Node& leaf = node(leaf_at);
  const Word added{place.piece, entry};
  if (leaf.count < Node::max_words) {
    const Offset copy = copy_node(stripe, leaf);
    at(copy).insert(i, added);
    inserted(at(copy), 0, i);
    replace_one(change, 0, leaf_at, copy);
  } else {
    const Overfull all = overfill(leaf, 0, i, added, stripe.draws);
    const Offset left = make_node(stripe, 0, 0);
    const Offset right = make_node(stripe, 0, 0);
    fill_two(at(left), at(right), 0, all.words, Overfull::total, all.cut, leaf.low, leaf.high, leaf.prefix);
    replace_by_two(change, 0, leaf_at, left, right);
  }
  stripe.retire_node(*this, leaf_at);
}

template <class Key>
void SharedTowers::erase(Top top, const Key& key, Place& place, Stripe& stripe) noexcept {
  Change<Key> change{key, top, place, stripe};
  const auto [leaf_at, i] = place.leaf();
  const Node& leaf = node(leaf_at);
  const Offset erased = leaf.target(i);
  const Offset copy = copy_node(stripe, leaf);
  Node& n = at(copy);
  n.erase(i);
  if (!sample_has_prefix(n, 0)) choose_prefix(n, 0);
  if (erased != leaf.low) stripe.retire_entry(*this, erased);
  shrink(change, 0, leaf_at, copy);
  stripe.retire_node(*this, leaf_at);
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
      if (top().node == child) return {0, 0};
      top_lock_.unlock();
    }
    change.top = top();
    Known known;
    leaf_for(change.top, change.key, known, &change.place);
  }
}

template <class Key>
void SharedTowers::replace_one(Change<Key>& change, unsigned level, Offset old, Offset by) noexcept {
  const Edge edge = lock_edge(change, level, old);
  if (edge.node == 0) {
    store_top({by, level});
    top_lock_.unlock();
  } else {
    at(edge.node).replace(edge.index, by);
    at(edge.node).unlock();
  }
}

template <class Key>
void SharedTowers::replace_by_two(Change<Key>& change, unsigned level, Offset old, Offset left, Offset right) noexcept {
  const Edge edge = lock_edge(change, level, old);
  const Word added{0, right};
  if (edge.node == 0) {
    const Offset above = make_node(change.stripe, 0, 0);
    const Word words[2] = {{0, left}, added};
    fill(at(above), level + 1, words, 2, no_prefix);
    store_top({above, level + 1});
    return top_lock_.unlock();
  }
  Node& n = at(edge.node);
  const unsigned i = edge.index + 1;
  if (n.count < Node::max_words) {
    const Offset copy = copy_node(change.stripe, n);
    Node& c = at(copy);
    c.word(edge.index).target = left;
    c.insert(i, {piece_in(c, level + 1, node(right).low), right});
    inserted(c, level + 1, i);
    replace_one(change, level + 1, edge.node, copy);
  } else {
    Overfull all = overfill(n, level + 1, i, added, change.stripe.draws);
    all.words[edge.index].target = left;
    const Offset first = make_node(change.stripe, 0, 0);
    const Offset second = make_node(change.stripe, 0, 0);
    fill_two(at(first), at(second), level + 1, all.words, Overfull::total, all.cut, n.low, n.high, n.prefix);
    replace_by_two(change, level + 1, edge.node, first, second);
  }
  change.stripe.retire_node(*this, edge.node);
}

// Replaces a node by one with fewer words, which joins its neighbour where it has few and the neighbour is not
// locked by others.
template <class Key>
void SharedTowers::shrink(Change<Key>& change, unsigned level, Offset old, Offset by) noexcept {
  const Edge edge = lock_edge(change, level, old);
  const Node& n = at(by);
  if (edge.node == 0) {
    if (level == 0 && n.count == 0) {
      store_top({});
      change.stripe.give_node(*this, by);
    } else if (level > 0 && n.count == 1) {
      store_top({n.target(0), level - 1});
      change.stripe.give_node(*this, by);
    } else {
      store_top({by, level});
    }
    return top_lock_.unlock();
  }
  if (n.count < few_words && join(change, level, by, edge)) return;
  at(edge.node).replace(edge.index, by);
  at(edge.node).unlock();
}

// `by`, which nobody has seen yet, and the neighbour of the node that it is for become one or share
// their words.
template <class Key>
bool SharedTowers::join(Change<Key>& change, unsigned level, Offset by, const Edge& edge) noexcept {
  const Node& parent = node(edge.node);
  if (parent.count < 2 || change.stripe.node_count < nodes_for_join) return false;
  const bool to_left = edge.index > 0;
  const Offset neighbour = parent.target(to_left ? edge.index - 1 : 1);
  if (!try_lock(at(neighbour))) return false;
  Stripe& stripe = change.stripe;
  const Node& l = node(to_left ? neighbour : by);
  const Node& r = node(to_left ? by : neighbour);
  const unsigned i = to_left ? edge.index : 1;  // of the right one in the parent
  if (level == 0 && (r.count == 0 || r.target(0) != r.low)) stripe.retire_entry(*this, r.low);

  Word words[2 * Node::max_words];
  const unsigned total = l.count + r.count;
  std::copy_n(r.words(), r.count, std::copy_n(l.words(), l.count, words));
  const std::size_t prefix = level == 0 && l.prefix == r.prefix ? l.prefix : no_prefix;
  const Offset above = copy_node(stripe, parent);
  Node& a = at(above);
  const Offset left = make_node(stripe, l.low, r.high);
  if (total <= joined_words) {
    fill(at(left), level, words, total, prefix);
    a.word(i - 1).target = left;
    a.erase(i);
    if (!sample_has_prefix(a, level + 1)) choose_prefix(a, level + 1);
  } else {
    const Offset right = make_node(stripe, 0, 0);
    fill_two(at(left), at(right), level, words, total, total / 2, l.low, r.high, prefix);
    a.word(i - 1).target = left;
    a.word(i).target = right;
    rekey(a, level + 1, i, node(right).low);
  }
  shrink(change, level + 1, edge.node, above);
  stripe.retire_node(*this, edge.node);
  stripe.retire_node(*this, neighbour);
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
