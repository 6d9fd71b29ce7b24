#include "containers/skiplist/shared/held.hpp"

#include <midden/fault.hpp>

#include "containers/skiplist/chain.hpp"
#include "containers/skiplist/shared/stripe.hpp"
#include "containers/skiplist/shared/versions.hpp"

namespace midden::inline MIDDEN_ABI::containers::skiplist {

// An index has none: those of its value are the column's.
std::size_t Held::bytes_of(const Levels& levels, const Piece& piece) noexcept {
  if (piece.kind != Kind::entry) return piece.kind == Kind::node ? NodePool::node_bytes : 0;
  const bool chained = Chain(levels.entry(piece.at)).is_chained();
  return EntryMemory::of(levels.layout(), levels.arena(), piece.at, chained).bytes;
}

// A snapshot passes through younger nodes, and entries that lead on, on its way to its own; it comes to no other entry
// that is younger.
std::uint32_t Held::needed_since(const Levels& levels, const Piece& piece) noexcept {
  if (piece.kind != Kind::entry) return 0;
  const Chain chain(levels.entry(piece.at));
  return chain.is_chained() && chain.prev_seen() != 0 ? 0 : chain.stamp_seen();
}

void Held::add(Levels& levels, Stripe& stripe, const Piece& piece) noexcept {
  add_to(filling_, levels, stripe, piece);
  if (page(levels, filling_).count == page_pieces) make_due(levels, filling_);
}

void Held::add_to(Offset& list, Levels& levels, Stripe& stripe, const Piece& piece) noexcept {
  if (list == 0 || page(levels, list).count == page_pieces) {
    const Offset made = stripe.take_node(levels);
    page(levels, made).next = list;
    page(levels, made).count = 0;
    list = made;
  }
  page(levels, list).add(piece);
  bytes_ += bytes_of(levels, piece);
}

// Puts all pages of that list in front of those that are due.
void Held::make_due(const Levels& levels, Offset& list) noexcept {
  while (list != 0) {
    const Offset moved = list;
    list = page(levels, moved).next;
    page(levels, moved).next = due_;
    due_ = moved;
  }
}

bool Held::is_due(const Levels& levels, std::uint32_t closes) noexcept {
  if (due_ == 0 && closes != closes_) {
    closes_ = closes;
    make_due(levels, filling_);
    make_due(levels, keeping_);
  }
  return due_ != 0;
}

void Held::review(Levels& levels, Stripe& stripe, const Look& look) noexcept {
  const Offset at = due_;
  const Page taken = page(levels, at);
  due_ = taken.next;
  stripe.give_node(levels, at);
  for (std::uint32_t i = 0; i < taken.count; ++i) {
    if (taken.kind[i] != Kind::index) levels.arena().prefetch(taken.at[i]);
  }
  for (std::uint32_t i = 0; i < taken.count; ++i) {
    const Piece piece = taken.piece(i);
    bytes_ -= bytes_of(levels, piece);
    if (look.any_in(needed_since(levels, piece), piece.death) && !broken(Defect::version_pruned)) {
      add_to(keeping_, levels, stripe, piece);
    } else {
      retire(levels, stripe, piece);
    }
  }
}

void Held::retire(Levels& levels, Stripe& stripe, const Piece& piece) noexcept {
  switch (piece.kind) {
    case Kind::node:
      return stripe.retire_node(levels, piece.at);
    case Kind::entry:
      return stripe.retire_entry(levels, piece.at);
    case Kind::index:
      return stripe.retire_index(piece.at);
  }
}

}  // namespace midden::inline MIDDEN_ABI::containers::skiplist
