#pragma once
// Views: which version of a node those see who go down through a list.
//
//   as it is   the node that the word leads to: all there is in a list with one writer
//   live       the same, with many writers; its stamp is settled before anything in it is read
//   past       the version that a snapshot sees (shared/versions.hpp)
//
// A view is called with what an edge leads to, and answers with the node to read. It may be of another level
// only where the edge is the top. The same for the entry that a leaf's word leads to: `entry`. Where only its key is
// read, any version does.
//
// Threads: values, used by one.

#include "containers/skiplist/arena.hpp"

namespace midden::inline MIDDEN_ABI::containers::skiplist {

class Levels;

struct AsItIs {
  Offset operator()(const Levels&, Offset node) const noexcept { return node; }
  Offset entry(const Levels&, Offset entry) const noexcept { return entry; }
};

}  // namespace midden::inline MIDDEN_ABI::containers::skiplist
