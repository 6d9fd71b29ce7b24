#include "containers/skiplist/check.hpp"

#include <algorithm>

#include "containers/skiplist/chain.hpp"
#include "containers/skiplist/entry_index.hpp"
#include "containers/skiplist/search.hpp"
#include "containers/skiplist/towers.hpp"

namespace midden::inline MIDDEN_ABI::containers::skiplist {

void Check::problem(const std::string& what) {
  if (problems_.size() < enough) problems_ += what + "\n";
}
void Check::problem(Offset node, unsigned level, const std::string& what) {
  problem("level " + std::to_string(level) + ", node " + std::to_string(node) + ": " + what);
}

void Check::check_levels(std::size_t entries) {
  std::size_t found = 0;
  if (top_.node != 0) {
    std::vector<Offset> nodes{top_.node};
    for (unsigned level = top_.level; problems_.size() < enough; --level) {
      found = check_level(nodes, level);
      if (level == 0) break;
      nodes = children(nodes);
    }
  }
  if (found != entries) {
    problem(std::to_string(found) + " entries in the leaves, " + std::to_string(entries) + " counted");
  }
}

std::vector<Offset> Check::children(const std::vector<Offset>& nodes) const {
  std::vector<Offset> below;
  for (const Offset at : nodes) {
    const Node& n = levels_.node(at);
    for (unsigned i = 0; i < n.count; ++i) below.push_back(n.target(i));
  }
  return below;
}

// Returns how many words the level has.
std::size_t Check::check_level(const std::vector<Offset>& nodes, unsigned level) {
  std::size_t words = 0;
  for (std::size_t i = 0; i < nodes.size() && problems_.size() < enough; ++i) {
    const Node& n = levels_.node(nodes[i]);
    keep(nodes[i], Node::bytes(n.capacity), "node");
    if (i == 0 && n.low != 0) problem(nodes[i], level, "the first node has a low");
    if (n.high != (i + 1 < nodes.size() ? levels_.node(nodes[i + 1]).low : 0)) {
      problem(nodes[i], level, "high is not where the next node begins");
    }
    check_node(nodes[i], level);
    words += n.count;
  }
  return words;
}

void Check::check_node(Offset at, unsigned level) {
  const Node& n = levels_.node(at);
  const bool alone = level == 0 && top_.level == 0;
  const unsigned fewest = full_ ? (level == 0 ? 1 : 2) : (level == 0 ? 0 : 1);
  if (n.count > n.capacity || n.count < fewest) problem(at, level, "a wrong number of words");
  if (n.capacity != Node::max_words && !alone) problem(at, level, "not of full capacity");
  if (n.lock != Node::free) problem(at, level, n.is_dead() ? "dead" : "locked");
  if (level > 0 && levels_.node(n.word(0).target).low != n.low) problem(at, level, "low is not that of its first word");
  if (level == 0 && n.low != 0) check_fence(at, n);
  for (unsigned i = Levels::first_word(level); i < n.count; ++i) {
    const Offset entry = levels_.entry_of(n, level, i);
    if (n.word(i).piece != levels_.piece_in(n, level, entry)) {
      problem(at, level, "a wrong piece in word " + std::to_string(i));
    }
    if (level == 0) check_entry(at, entry);
  }
}

void Check::check_fence(Offset at, const Node& leaf) {
  if (leaf.count > 0 && leaf.word(0).target == leaf.low) return;  // an entry as any
  keep_entry(leaf.low, Chain(levels_.entry(leaf.low)).is_chained(), "orphan");
  if (leaf.count > 0 && compare(levels_.key(leaf.low), levels_.key(leaf.word(0).target)) > 0) {
    problem(at, 0, "a key below the fence");
  }
  if (previous_ != 0 && compare(levels_.key(previous_), levels_.key(leaf.low)) >= 0) {
    problem(at, 0, "a key of the leaf before is not below the fence");
  }
}

void Check::check_entry(Offset leaf, Offset entry) {
  keep_entry(entry, Chain(levels_.entry(entry)).is_chained(), "entry");
  const Bytes key = levels_.key(entry);
  if (previous_ != 0 && compare(levels_.key(previous_), key) >= 0) problem(leaf, 0, "keys do not ascend");
  previous_ = entry;
  if (levels_.layout().reference && EntryIndex(levels_.layout().value(levels_.entry(entry))).has_left()) {
    problem(leaf, 0, "an entry whose index has left it");
  }
}

void Check::keep(Offset begin, std::size_t bytes, const char* what) {
  keep_part(begin, Arena::allocation_bytes(bytes), what);
}
void Check::keep_entry(Offset entry, bool chained, const char* what) {
  const EntryMemory memory = EntryMemory::of(levels_.layout(), levels_.arena(), entry, chained);
  keep_part(memory.begin, memory.bytes, what);
  if (!levels_.layout().reference) return;
  const EntryIndex index(levels_.layout().value(levels_.entry(entry)));
  if (!index.has_left()) keep_index(index.get());
}
void Check::check_indices(std::size_t taken) {
  std::sort(indices_.begin(), indices_.end());
  const auto twice = std::adjacent_find(indices_.begin(), indices_.end());
  if (twice != indices_.end()) problem("index " + std::to_string(*twice) + " has two owners");
  if (indices_.size() != taken) {
    problem(std::to_string(indices_.size()) + " indices have owners, " + std::to_string(taken) + " are taken");
  }
}
void Check::keep_part(Offset begin, std::size_t bytes, const char* what) {
  extents_.push_back({begin, bytes, what});
  in_use_ += bytes;
}

void Check::keep_pool(const NodePool& pool) {
  for (Offset at = pool.free(); at != 0; at = levels_.node(at).low) keep(at, NodePool::node_bytes, "free node");
  Offset at = pool.slab();
  for (unsigned i = 0; i < pool.left(); ++i, at += NodePool::node_units) {
    keep(at, NodePool::node_bytes, "node of a slab");
  }
}

void Check::check_memory() {
  const Arena& arena = levels_.arena();
  if (in_use_ != arena.in_use()) {
    problem(std::to_string(in_use_) + " bytes are in use, " + std::to_string(arena.in_use()) + " counted");
  }
  for (const Bins* const bins : arena.all_bins()) {
    if (bins == nullptr) continue;
    if (bins->rest_units > 0) extents_.push_back({bins->rest, std::size_t{4} * bins->rest_units, "rest of a chunk"});
    for (unsigned i = 0; i < Bins::classes; ++i) {
      const bool filled = (bins->filled[i / 64] >> (i % 64) & 1) != 0;
      if (filled != (bins->first[i] != 0)) problem("bin " + std::to_string(i) + ": the bit is wrong");
      for (Offset at = bins->first[i]; at != 0; at = load_32(arena.at(at))) {
        extents_.push_back({at, std::size_t{4} * Bins::size_of(i), "chunk"});
      }
    }
  }
  std::sort(extents_.begin(), extents_.end(), [](const Extent& a, const Extent& b) { return a.begin < b.begin; });
  for (std::size_t i = 0; i < extents_.size(); ++i) {
    const Extent& e = extents_[i];
    if (!arena.handed_out(e.begin, e.bytes)) problem(name(e) + " lies outside the arena");
    if (i > 0 && extents_[i - 1].begin + extents_[i - 1].bytes / 4 > e.begin) {
      problem(name(e) + " overlaps the " + name(extents_[i - 1]));
    }
  }
}

std::string Check::name(const Extent& e) {
  return std::string(e.what) + " at " + std::to_string(e.begin) + " of " + std::to_string(e.bytes) + " bytes";
}

std::string Towers::check(std::size_t entries, Offset waiting) const {
  Check check(*this, top_, true);
  check.check_levels(entries);
  for (; waiting != 0; waiting = load_32(entry(waiting))) check.keep_entry(waiting, false, "entry in limbo");
  check.keep_pool(leaves_);
  check.keep_pool(index_nodes_);
  check.check_memory();
  return check.problems();
}

}  // namespace midden::inline MIDDEN_ABI::containers::skiplist
