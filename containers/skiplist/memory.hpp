#pragma once
// Where a skip list's memory comes from: the one thing it asks of its surroundings.
//
// Whoever owns a list passes a Memory to each call that writes. In the runtime it makes leaf
// objects of the heap and keeps them alive from the map's state; in a test it may be calloc.
//
// What it does not do: it takes nothing back. Segments live until the owner drops all of them,
// after List::clear or at the list's end.

#include <cstddef>
#include <cstdint>

#include <midden/build.hpp>

namespace midden::inline MIDDEN_ABI::containers::skiplist {

class Memory {
 public:
  virtual ~Memory() = default;

  // Segment `index` (0..26): `bytes` bytes that stay where they are. Best when they begin at a
  // cache line. May throw, std::bad_alloc say: the operation that asked has changed nothing yet.
  virtual std::byte* segment(unsigned index, std::size_t bytes) = 0;

  // Nothing shows the entry any more whose value was this index of a reference. Called only
  // for lists whose layout says that values are references.
  virtual void drop_reference(std::uint32_t index) noexcept = 0;
};

}  // namespace midden::inline MIDDEN_ABI::containers::skiplist
