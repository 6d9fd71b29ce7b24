#include "containers/skiplist/node_pool.hpp"

#include <algorithm>
#include <bit>

namespace midden::inline MIDDEN_ABI::containers::skiplist {

Offset NodePool::take(Arena& arena, Memory& memory) {
  if (free_ != 0) {
    const Offset node = free_;
    free_ = reinterpret_cast<const Node*>(arena.at(node))->low;
    return node;
  }
  if (left_ == 0) {
    // A power of two, so that the arena adds nothing when it rounds the size up.
    const std::size_t wanted = std::clamp<std::size_t>(arena.in_use() / (64 * node_bytes), 1, largest_slab);
    const auto nodes = static_cast<std::uint8_t>(std::bit_floor(wanted));
    slab_ = arena.allocate_lines(memory, node_bytes * nodes);
    left_ = nodes;
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
