#pragma once
// Held: nodes, entries and indices that have left the list, and that snapshots may still need.
//
//   piece    one of them, and its death: the stamp of the version that came without it
//   page     a free node used as a list of 41 pieces
//
//    left the list ──▶ filling ──full──▶ due ──a look at the snapshots──▶ limbo (stripe.hpp)
//                                         ▲               │ needed
//                                    one has closed       ▼
//                                         └───────────── kept
//
// A piece is looked at when its page is full, and again when snapshots have closed, two pages by an operation: what
// one snapshot of long ago holds back does not make others' memory wait, nor an operation long.
//
// Entries have their birth in their version word. Nodes and chained entries need none: a snapshot passes through
// younger ones. An index that its entry has left alone counts as one that was always there.
//
// Threads: as the stripe that it belongs to.

#include <cstddef>
#include <cstdint>

#include "containers/skiplist/levels.hpp"
#include "containers/skiplist/node_pool.hpp"

namespace midden::inline MIDDEN_ABI::containers::skiplist {

class Look;
struct Stripe;

class Held {
 public:
  enum class Kind : std::uint8_t { node, entry, index };
  struct Piece {
    Kind kind;
    std::uint32_t at;  // the index, or where it is
    std::uint32_t death;
  };
  // More than one operation lets leave the list: so it needs one node for a page at most.
  static constexpr unsigned page_pieces = 41;
  struct Page {
    Piece piece(unsigned i) const noexcept { return {kind[i], at[i], death[i]}; }
    void add(const Piece& piece) noexcept {
      kind[count] = piece.kind;
      at[count] = piece.at;
      death[count++] = piece.death;
    }

    Offset next;
    std::uint32_t count;
    std::uint32_t at[page_pieces];
    std::uint32_t death[page_pieces];
    Kind kind[page_pieces];
  };
  static_assert(sizeof(Page) <= NodePool::node_bytes);

  bool empty() const noexcept { return filling_ == 0 && due_ == 0 && keeping_ == 0; }
  std::size_t bytes() const noexcept { return bytes_; }

  // The stripe has a free node.
  void add(Levels& levels, Stripe& stripe, const Piece& piece) noexcept;

  // Lets the page that is being filled be looked at, too.
  void end_filling(const Levels& levels) noexcept { make_due(levels, filling_); }
  // `closes`: how many snapshots have closed. Whether there is a page to look at.
  bool is_due(const Levels& levels, std::uint32_t closes) noexcept;
  // Takes that page apart: what the snapshots need is kept, the rest retired.
  void review(Levels& levels, Stripe& stripe, const Look& look) noexcept;

  // Calls f(offset, page) for each.
  template <class F>
  void for_each_page(const Levels& levels, F&& f) const {
    for (const Offset first : {filling_, due_, keeping_}) {
      for (Offset at = first; at != 0; at = page(levels, at).next) f(at, page(levels, at));
    }
  }

 private:
  static Page& page(const Levels& levels, Offset at) noexcept { return *reinterpret_cast<Page*>(levels.entry(at)); }
  static std::size_t bytes_of(const Levels& levels, const Piece& piece) noexcept;
  static std::uint32_t needed_since(const Levels& levels, const Piece& piece) noexcept;
  static void retire(Levels& levels, Stripe& stripe, const Piece& piece) noexcept;
  void add_to(Offset& list, Levels& levels, Stripe& stripe, const Piece& piece) noexcept;
  void make_due(const Levels& levels, Offset& list) noexcept;

  Offset filling_ = 0;  // one page
  Offset due_ = 0;
  Offset keeping_ = 0;  // the first may have room
  std::size_t bytes_ = 0;
  std::uint32_t closes_ = 0;  // when the kept ones were made due
};

}  // namespace midden::inline MIDDEN_ABI::containers::skiplist
