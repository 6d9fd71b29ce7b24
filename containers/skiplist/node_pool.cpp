#include "containers/skiplist/node_pool.hpp"

#include <algorithm>
#include <bit>

namespace midden::inline MIDDEN_ABI::containers::skiplist {

// A power of two, so that the arena adds nothing when it rounds the size up.
std::size_t NodePool::slab_nodes(const Arena& arena) noexcept {
  return std::bit_floor(std::clamp<std::size_t>(arena.in_use() / (64 * node_bytes), 1, largest_slab));
}

Offset NodePool::take(Arena& arena, Memory& memory) {
  if (free_ != 0) return pop(arena);
  if (left_ == 0) {
    const std::size_t nodes = slab_nodes(arena);
    slab_ = arena.allocate_lines(memory, node_bytes * nodes);
    left_ = nodes & 63U;
  }
  --left_;
  const Offset node = slab_;
  slab_ += node_units;
  return node;
}

bool NodePool::release_surplus(Arena& arena, unsigned nodes) noexcept {
  unsigned given = 0;
  for (; given < nodes; ++given) {
    const std::size_t free = std::size_t{count_} * node_bytes;
    if (free < std::max(least_surplus, arena.in_use() / 2)) break;
    arena.release(pop(arena), node_bytes);
  }
  return given > 0;
}

void NodePool::give_back(Arena& arena, Offset node) noexcept {
  reinterpret_cast<Node*>(arena.at(node))->low = free_;
  free_ = node;
  ++count_;
}

Offset NodePool::pop(const Arena& arena) noexcept {
  const Offset node = free_;
  free_ = reinterpret_cast<const Node*>(arena.at(node))->low;
  --count_;
  return node;
}

}  // namespace midden::inline MIDDEN_ABI::containers::skiplist
