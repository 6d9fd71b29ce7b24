#pragma once
// NodePool: nodes of full capacity for one kind of level, the leaves or all levels above.
//
//   slab   1 to 32 nodes side by side, at most a 64th of the arena
//   free   nodes that were given back, linked by `low`
//
// Cut from the arena one by one, nodes would lie among the entries, and each on a page of its own:
// in a large map a search then waits for the translation of addresses about as long as for the
// bytes. From slabs an insertion takes 0.93 of the time, a hit 0.97.
//
// Threads: as the arena. It gives slabs back by nodes, and those only where far too many are free.

#include <cstdint>

#include "containers/skiplist/arena.hpp"
#include "containers/skiplist/node.hpp"

namespace midden::inline MIDDEN_ABI::containers::skiplist {

class NodePool {
 public:
  static constexpr std::size_t largest_slab = 32;
  static constexpr std::size_t least_surplus = std::size_t{64} << 10;
  static constexpr std::size_t node_bytes = Node::bytes(Node::max_words);
  static constexpr Offset node_units = node_bytes / Arena::unit_bytes;

  // A node whose bytes are anything. Throws what Arena::allocate throws.
  Offset take(Arena& arena, Memory& memory);
  // Nodes of the slab that it would take next.
  static std::size_t slab_nodes(const Arena& arena) noexcept;
  // Whether `take` needs nothing from the arena.
  bool has_some() const noexcept { return free_ != 0 || left_ != 0; }
  void give_back(Arena& arena, Offset node) noexcept;
  // Where most of what the arena has allocated are free nodes: gives so many of them back to it, at most. Whether it
  // has given any.
  bool release_surplus(Arena& arena, unsigned nodes) noexcept;
  void reset() noexcept { *this = NodePool(); }

  // For checks: the nodes given back, and the rest of the slab.
  Offset free() const noexcept { return free_; }
  Offset slab() const noexcept { return slab_; }
  unsigned left() const noexcept { return left_; }

 private:
  Offset pop(const Arena& arena) noexcept;

  Offset free_ = 0;
  Offset slab_ = 0;               // its next node
  std::uint32_t left_ : 6 = 0;    // nodes in it
  std::uint32_t count_ : 26 = 0;  // nodes that were given back: no arena has room for more
};

}  // namespace midden::inline MIDDEN_ABI::containers::skiplist
