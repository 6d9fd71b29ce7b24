#pragma once
// The self-check of a list: walks every level, every entry and all free memory, and says in
// words which invariant of levels.hpp, node.hpp or arena.hpp does not hold.
//
// It takes memory of its own and time in proportion to the map; it is for tests and for the
// checked build. Nobody writes meanwhile.

#include <cstddef>
#include <string>
#include <vector>

#include "containers/skiplist/levels.hpp"
#include "containers/skiplist/node_pool.hpp"

namespace midden::inline MIDDEN_ABI::containers::skiplist {

class Check {
 public:
  // `full`: whether nodes have all the words that Towers promises.
  Check(const Levels& levels, Levels::Top top, bool full) noexcept : levels_(levels), top_(top), full_(full) {}

  // The nodes, and that they hold so many entries.
  void check_levels(std::size_t entries);

  // Memory that the list has beside its nodes and entries; in use, but for chunks.
  void keep(Offset begin, std::size_t bytes, const char* what);
  void keep_entry(Offset entry, bool chained, const char* what);
  void keep_part(Offset begin, std::size_t bytes, const char* what);  // of any size
  void keep_pool(const NodePool& pool);

  // With many writers, an index that no entry has. At last: that so many have one owner each.
  void keep_index(std::uint32_t index) { indices_.push_back(index); }
  void check_indices(std::size_t taken);

  // At last: the bins, and that no two pieces of memory overlap.
  void check_memory();

  void problem(const std::string& what);
  const std::string& problems() const noexcept { return problems_; }

 private:
  static constexpr std::size_t enough = 4096;  // characters of complaint

  struct Extent {
    Offset begin;
    std::size_t bytes;
    const char* what;
  };

  void problem(Offset node, unsigned level, const std::string& what);
  std::vector<Offset> children(const std::vector<Offset>& nodes) const;
  std::size_t check_level(const std::vector<Offset>& nodes, unsigned level);
  void check_node(Offset at, unsigned level);
  void check_fence(Offset at, const Node& leaf);
  void check_entry(Offset leaf, Offset entry);
  static std::string name(const Extent& extent);

  const Levels& levels_;
  const Levels::Top top_;
  const bool full_;
  std::string problems_;
  std::vector<Extent> extents_;
  std::size_t in_use_ = 0;
  std::vector<std::uint32_t> indices_;
  Offset previous_ = 0;
};

}  // namespace midden::inline MIDDEN_ABI::containers::skiplist
