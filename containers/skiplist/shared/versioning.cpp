// What becomes of nodes and entries that a write has replaced, and of the copy that it has stored.
//
// "Gone" is a node whose words no snapshot gets to, neither one that is open nor one to come. The rules, T5 and those
// around it, are argued in tests/containers/skiplist/protocol.hpp.

#include <algorithm>

#include <midden/fault.hpp>

#include "containers/skiplist/key.hpp"
#include "containers/skiplist/shared/towers.hpp"

namespace midden::inline MIDDEN_ABI::containers::skiplist {

// Before the copy is stored: it has no stamp yet, leads to what it replaces, and is locked; new nodes know which of
// their words dead ones have, too.
template <class Key>
void SharedTowers::begin_version(Change<Key>& change) noexcept {
  Node& copy = at(change.copy);
  copy.stamp = Node::pending;
  copy.prev = change.layers[change.height].dead;
  for (unsigned level = 0; level <= change.height + 1; ++level) {
    const Offset first = level == 0 ? change.added : change.layers[level - 1].made[0];
    const Offset second = level == 0 ? 0 : change.layers[level - 1].made[1];
    for (const Offset made : change.layers[level].made) {
      if (made == 0) continue;
      std::uint64_t carried = 0;
      for (unsigned i = 0; i < node(made).count; ++i) {
        const Offset target = node(made).target(i);
        if (target != first && target != second) carried |= std::uint64_t{1} << i;
      }
      at(made).set_carried(carried);
    }
  }
}

// After it was stored.
template <class Key>
void SharedTowers::finish(Change<Key>& change) noexcept {
  Stripe& stripe = change.stripe;
  if (!stripe.plain) return finish_version(change);
  drop_entry(stripe, change.erased, change.erased == node(change.layers[0].dead).low, true, 0);
  if (change.orphan != 0) stripe.retire_entry(*this, change.orphan);
  for (unsigned level = 0; level <= change.height; ++level) {
    const Layer& layer = change.layers[level];
    stripe.retire_node(*this, layer.dead);
    if (layer.neighbour != 0) stripe.retire_node(*this, layer.neighbour);
  }
}

template <class Key>
void SharedTowers::finish_version(Change<Key>& change) noexcept {
  Stripe& stripe = change.stripe;
  for (unsigned level = 0; level <= change.height; ++level) {
    at(change.layers[level].dead).die(Node::dead);
    if (change.layers[level].neighbour != 0) at(change.layers[level].neighbour).die(Node::dead);
  }
  Node& copy = at(change.copy);
  const Node& old = node(change.layers[change.height].dead);
  const std::uint32_t death = versions_.settle(copy);
  bool gone = !any_between(stripe, old.stamp_seen(), death);
  if (gone) copy.set_prev(old.prev_seen());
  // One that was carried leads to its prev still.
  drop_node(stripe, change.layers[change.height].dead, gone && !change.was_carried, death);
  for (unsigned level = change.height; level > 0; --level) {
    const Node& above = node(change.layers[level].dead);
    const Layer& below = change.layers[level - 1];
    if (gone) inherit(change.layers[level], above);
    if (below.neighbour != 0) {
      const bool neighbour_gone = gone && !above.carries(below.neighbour_index);
      if (neighbour_gone) inherit(below, node(below.neighbour));
      drop_node(stripe, below.neighbour, neighbour_gone, death);
    }
    gone = gone && !above.carries(below.index);
    drop_node(stripe, below.dead, gone, death);
  }
  const Node& leaf = node(change.layers[0].dead);
  if (gone) inherit(change.layers[0], leaf);
  drop_entry(stripe, change.erased, change.erased == leaf.low, gone && !leaf.carries(change.place.leaf().index), death);
  drop_entry(stripe, change.orphan, false, false, death);
  // Only now may the copy be replaced, and what is new below it.
  for (unsigned level = 0; level <= change.height + 1; ++level) {
    for (const Offset made : change.layers[level].made) {
      if (made != 0) at(made).unlock();
    }
  }
}

// Whether a snapshot lies, or may lie, between two versions. One that was seen is there still while none has closed:
// then no look is needed, which has a fence.
bool SharedTowers::any_between(Stripe& stripe, std::uint32_t birth, std::uint32_t death) const noexcept {
  if (birth == death) return false;
  const std::uint32_t closes = versions_.closes();
  if (birth <= stripe.open && stripe.open < death && stripe.open_since == closes) return true;
  const Look look = versions_.look(*this);
  stripe.open = look.oldest();
  stripe.open_since = closes;
  return look.any_in(birth, death);
}

// The word leads to another entry now, which leads to the old one.
void SharedTowers::finish_overwrite(Node& leaf, unsigned index, Stripe& stripe, Offset old_at) noexcept {
  Chain chain(entry(leaf.target(index)));
  const Chain old(entry(old_at));
  const std::uint32_t death = versions_.settle(chain);
  bool gone = !any_between(stripe, old.stamp_seen(), death);
  if (gone) chain.set_prev(old.is_chained() ? old.prev_seen() : 0);
  // A dead leaf leads to it still.
  if (leaf.end_carried(index)) gone = false;
  // Before others may retire a fence.
  drop_entry(stripe, old_at, old_at == leaf.low, gone, death);
  leaf.unlock();
}

// Of the words that new nodes have from one that is gone, only those are carried still that were so in it.
void SharedTowers::inherit(const Layer& layer, const Node& gone) noexcept {
  for (const Offset made : layer.made) {
    if (made == 0 || node(made).carried() == 0) continue;
    Node& n = at(made);
    std::uint64_t carried = n.carried();
    unsigned from = 0;  // both have their words in the same order
    for (unsigned i = 0; i < n.count; ++i) {
      if ((carried >> i & 1) == 0) continue;
      unsigned k = from;
      while (k < gone.count && gone.target(k) != n.target(i)) ++k;
      if (k == gone.count) continue;  // the neighbour's
      if (!gone.carries(k)) carried &= ~(std::uint64_t{1} << i);
      from = k + 1;
    }
    n.set_carried(carried);
  }
}

void SharedTowers::drop_node(Stripe& stripe, Offset dead, bool gone, std::uint32_t death) noexcept {
  gone ? stripe.retire_node(*this, dead) : stripe.hold_node(*this, dead, death);
}

// One that is not chained goes by its own time as well, whatever leads to it: it is the end of its chain. Of a fence
// only its index goes.
void SharedTowers::drop_entry(Stripe& stripe, Offset left, bool is_fence, bool gone, std::uint32_t death) noexcept {
  if (left == 0 || (is_fence && stripe.column == nullptr)) return;
  const Chain chain(entry(left));
  if (!is_fence) {
    const bool is_held = !gone && (chain.is_chained() || chain.stamp_seen() != death);
    if (broken(Defect::column_early) && stripe.column != nullptr) {
      stripe.column->clear(EntryIndex(layout().value(entry(left))).get());
    }
    return is_held ? stripe.hold_entry(*this, left, death) : stripe.retire_entry(*this, left);
  }
  // Snapshots that pass through a chained one do not look at its value.
  const bool is_held = !gone && any_between(stripe, chain.stamp_seen(), death);
  EntryIndex index(layout().value(entry(left)));
  index.leave();
  is_held ? stripe.hold_index(*this, index.get(), death) : stripe.retire_index(index.get());
}

template void SharedTowers::begin_version(Change<WordKey>&) noexcept;
template void SharedTowers::begin_version(Change<FixedKey>&) noexcept;
template void SharedTowers::begin_version(Change<VariableKey>&) noexcept;
template void SharedTowers::finish(Change<WordKey>&) noexcept;
template void SharedTowers::finish(Change<FixedKey>&) noexcept;
template void SharedTowers::finish(Change<VariableKey>&) noexcept;

}  // namespace midden::inline MIDDEN_ABI::containers::skiplist
