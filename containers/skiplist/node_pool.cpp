#include "containers/skiplist/node_pool.hpp"

#include <algorithm>
#include <bit>

namespace midden::inline MIDDEN_ABI::containers::skiplist {

// A power of two, so that the arena adds nothing when it rounds the size up.
std::size_t NodePool::slab_nodes(const Arena& arena) noexcept {
  return std::bit_floor(std::clamp<std::size_t>(arena.in_use() / (64 * node_bytes), 1, largest_slab));
}

Offset NodePool::take(Arena& arena, Memory& memory) {
  if (free_ != 0) {
    const Offset node = free_;
    free_ = reinterpret_cast<const Node*>(arena.at(node))->low;
    return node;
  }
  if (left_ == 0) {
    const std::size_t nodes = slab_nodes(arena);
    slab_ = arena.allocate_lines(memory, node_bytes * nodes);
    left_ = static_cast<std::uint8_t>(nodes);
  }
  --left_;
  const Offset node = slab_;
  slab_ += node_units;
  return node;
}

void NodePool::give_back(Arena& arena, Offset node) noexcept {
  reinterpret_cast<Node*>(arena.at(node))->low = free_;
  free_ = node;
}

}  // namespace midden::inline MIDDEN_ABI::containers::skiplist
