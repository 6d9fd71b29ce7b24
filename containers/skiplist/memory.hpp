#pragma once
// Where a skip list's memory comes from: the one thing it asks of its surroundings.
//
// Whoever owns a list passes a Memory to each call that writes. In the runtime it makes leaf
// objects of the heap and keeps them alive from the map's state; in a test it may be calloc.
//
// What it does not do: it takes no segment back. They live until the owner drops all of them,
// after List::clear or at the list's end.

#include <cstddef>
#include <cstdint>

#include <midden/build.hpp>

namespace midden::inline MIDDEN_ABI::containers::skiplist {

// Where pages go on which nothing lies.
class Pages {
 public:
  virtual ~Pages() = default;
  // Nobody needs what these bytes are, which begin and end with pages; from then on they may be anything, and touched.
  // One that does nothing keeps them.
  virtual void discard(std::byte*, std::size_t) noexcept {}
};

class Memory : public Pages {
 public:
  // Segment `index` (0..26): `bytes` bytes that stay where they are. Best when they begin at a
  // cache line. May throw, std::bad_alloc say: the operation that asked has changed nothing yet.
  virtual std::byte* segment(unsigned index, std::size_t bytes) = 0;

  // Nothing shows the entry any more whose value was this index of a reference. Called only
  // for lists whose layout says that values are references.
  virtual void drop_reference(std::uint32_t index) noexcept = 0;
};

}  // namespace midden::inline MIDDEN_ABI::containers::skiplist
