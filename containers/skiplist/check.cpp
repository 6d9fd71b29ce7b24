// The self-check of a list: walks every level, every entry and all free memory, and says in
// words which invariant of towers.hpp, node.hpp or arena.hpp does not hold.
//
// It takes memory of its own and time in proportion to the map; it is for tests and for the
// checked build.

#include <algorithm>
#include <iterator>
#include <string>
#include <vector>

#include "containers/skiplist/search.hpp"
#include "containers/skiplist/towers.hpp"

namespace midden::inline MIDDEN_ABI::containers::skiplist {

namespace {

struct Extent {
  Offset begin;
  std::size_t bytes;
  const char* what;
};

}  // namespace

class Check {
 public:
  explicit Check(const Towers& towers) noexcept : towers_(towers) {}

  std::string run(std::size_t entries, Offset waiting) {
    std::size_t found = 0;
    if (!towers_.empty()) {
      std::vector<Offset> level_nodes{towers_.top_.node};
      for (unsigned level = towers_.top_.level; problems_.size() < enough; --level) {
        found = check_level(level_nodes, level);
        if (level == 0) break;
        level_nodes = children(level_nodes);
      }
    }
    if (found != entries)
      problem(std::to_string(found) + " entries in the leaves, " + std::to_string(entries) + " counted");
    check_memory(waiting);
    return problems_;
  }

 private:
  static constexpr std::size_t enough = 4096;  // characters of complaint

  void problem(const std::string& what) {
    if (problems_.size() < enough) problems_ += what + "\n";
  }
  void problem(Offset node, unsigned level, const std::string& what) {
    problem("level " + std::to_string(level) + ", node " + std::to_string(node) + ": " + what);
  }

  std::vector<Offset> children(const std::vector<Offset>& nodes) const {
    std::vector<Offset> below;
    for (const Offset at : nodes) {
      const Node& n = towers_.node(at);
      for (unsigned i = 0; i < n.count; ++i) below.push_back(n.word(i).target);
    }
    return below;
  }

  // Returns how many words the level has.
  std::size_t check_level(const std::vector<Offset>& nodes, unsigned level) {
    std::size_t words = 0;
    for (std::size_t i = 0; i < nodes.size() && problems_.size() < enough; ++i) {
      const Node& n = towers_.node(nodes[i]);
      keep(nodes[i], Node::bytes(n.capacity), "node");
      if (i == 0 && n.low != 0) problem(nodes[i], level, "the first node has a low");
      if (n.high != (i + 1 < nodes.size() ? towers_.node(nodes[i + 1]).low : 0)) {
        problem(nodes[i], level, "high is not where the next node begins");
      }
      check_node(nodes[i], level);
      words += n.count;
    }
    return words;
  }

  void check_node(Offset at, unsigned level) {
    const Node& n = towers_.node(at);
    const bool alone = level == 0 && towers_.top_.level == 0;
    if (n.count > n.capacity || n.count < (level == 0 ? 1 : 2)) problem(at, level, "a wrong number of words");
    if (n.capacity != Node::max_words && !alone) problem(at, level, "not of full capacity");
    if (level > 0 && towers_.node(n.word(0).target).low != n.low)
      problem(at, level, "low is not that of its first word");
    if (level == 0 && n.low != 0 && n.word(0).target != n.low) check_orphan(at, n);
    for (unsigned i = Towers::first_word(level); i < n.count; ++i) {
      const Offset entry = towers_.entry_of(n, level, i);
      if (n.word(i).piece != towers_.piece_in(n, level, entry)) {
        problem(at, level, "a wrong piece in word " + std::to_string(i));
      }
      if (level == 0) check_entry(at, entry);
    }
  }

  void check_orphan(Offset at, const Node& leaf) {
    const std::byte* const bytes = towers_.entry(leaf.low);
    keep(leaf.low, towers_.layout().bytes(bytes), "orphan");
    if (compare(towers_.key(leaf.low), towers_.key(leaf.word(0).target)) > 0) problem(at, 0, "a key below the fence");
    if (previous_ != 0 && compare(towers_.key(previous_), towers_.key(leaf.low)) >= 0) {
      problem(at, 0, "a key of the leaf before is not below the fence");
    }
  }

  void check_entry(Offset leaf, Offset entry) {
    const std::byte* const bytes = towers_.entry(entry);
    keep(entry, towers_.layout().bytes(bytes), "entry");
    const Bytes key = towers_.layout().key(bytes);
    if (previous_ != 0 && compare(towers_.key(previous_), key) >= 0) problem(leaf, 0, "keys do not ascend");
    previous_ = entry;
  }

  void keep(Offset begin, std::size_t bytes, const char* what) {
    extents_.push_back({begin, Arena::allocation_bytes(bytes), what});
    in_use_ += Arena::allocation_bytes(bytes);
  }

  void keep_slab(const NodePool& pool) {
    Offset at = pool.slab();
    for (unsigned i = 0; i < pool.left(); ++i, at += NodePool::node_units) {
      keep(at, NodePool::node_bytes, "node of a slab");
    }
  }

  void check_memory(Offset waiting) {
    for (; waiting != 0; waiting = load_32(towers_.entry(waiting))) {
      keep(waiting, towers_.layout().bytes(towers_.entry(waiting)), "entry in limbo");
    }
    for (const NodePool& pool : {towers_.leaves_, towers_.index_nodes_}) {
      for (Offset at = pool.free(); at != 0; at = towers_.node(at).low) keep(at, NodePool::node_bytes, "free node");
      keep_slab(pool);
    }
    const Arena& arena = towers_.arena();
    if (in_use_ != arena.in_use()) {
      problem(std::to_string(in_use_) + " bytes are in use, " + std::to_string(arena.in_use()) + " counted");
    }
    if (const Bins* const bins = arena.bins(); bins != nullptr) {
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

  static std::string name(const Extent& e) {
    return std::string(e.what) + " at " + std::to_string(e.begin) + " of " + std::to_string(e.bytes) + " bytes";
  }

  const Towers& towers_;
  std::string problems_;
  std::vector<Extent> extents_;
  std::size_t in_use_ = 0;
  Offset previous_ = 0;
};

std::string Towers::check(std::size_t entries, Offset waiting) const { return Check(*this).run(entries, waiting); }

}  // namespace midden::inline MIDDEN_ABI::containers::skiplist
