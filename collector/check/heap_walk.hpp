#pragma once
// The heap walk: looks at every block, slot byte and list, and compares them with each other.
//
//   each block below the frontier   in the pool, or in one span of one space; never both
//   each span                       geometry of its space; head and tails agree; plan agrees
//   each metadata byte              zero unless a slot begins there; a known colour
//   each free block                 no metadata left behind
//
// Threads: while the world is stopped, after `Heap::reclaim`.

#include "collector/check/finding.hpp"
#include "collector/heap/heap.hpp"

namespace midden::inline MIDDEN_ABI::collector {

Checked walk_heap(Heap& heap, const StoppedWorld& stopped);

// The descriptor of a block as text, for messages.
std::string describe_block(const Heap& heap, BlockIndex index);
// The type and address of an object.
std::string describe_object(const Heap& heap, const void* object);

}  // namespace midden::inline MIDDEN_ABI::collector
