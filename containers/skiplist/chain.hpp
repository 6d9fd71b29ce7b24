#pragma once
// Chain: the versions of one entry, of those that SharedList makes where an entry is overwritten while a snapshot
// may be open.
//
//    word of a leaf ──▶ entry, stamp 9 ── prev ──▶ entry, stamp 7 ── prev ──▶ entry, born at 2
//
//    | next | prev | version | key, value ...           chained: the version has its highest bit set
//       4      4    ▲ 4
//                   └ the offset of an entry leads here, chained or not
//
//   version   31 bits: the entry's stamp, since when it has been there, in snapshots; all ones while nobody has said
//             so. Of one that is not chained the birth: the clock before it could be reached, and the end of its chain
//   prev      the entry that it has overwritten, where a snapshot may need that
//   next      links those in limbo. One that is not chained is linked by its version
//
// The rules of stamps and prevs are those of nodes (shared/versions.hpp).
//
// Threads: any; each access says what it pairs with.

#include <cstddef>
#include <cstdint>

#include "containers/skiplist/arena.hpp"
#include "containers/skiplist/entry.hpp"

namespace midden::inline MIDDEN_ABI::containers::skiplist {

class Chain {
 public:
  static constexpr std::uint32_t mark = std::uint32_t{1} << 31;
  static constexpr std::uint32_t pending = 0xFFFFFFFF;
  // What a chained entry has in front.
  static constexpr std::size_t bytes = 8;
  static constexpr Offset units = bytes / Arena::unit_bytes;

  explicit Chain(std::byte* entry) noexcept : version_(reinterpret_cast<std::uint32_t*>(entry)) {}

  // Of one that is in a list, or held; nobody asks of one in limbo.
  bool is_chained() const noexcept { return (word() & mark) != 0; }

  // The stamp, or `pending`. Acquires from settle(): the clock is at least that.
  std::uint32_t stamp_seen() const noexcept {
    const std::uint32_t seen = word();
    return seen == pending ? pending : seen & ~mark;
  }
  // What the stamp is from now on: `clock`, or what another has said before. Releases to stamp_seen().
  std::uint32_t settle(std::uint32_t clock) noexcept {
    std::uint32_t seen = pending;
    const bool first =
        __atomic_compare_exchange_n(version_, &seen, clock | mark, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
    return first ? clock : seen & ~mark;
  }

  // Of a chained one. The holder of the leaf may set it anew, while others follow it. Releases to the load: what is
  // there can be read.
  Offset prev_seen() const noexcept { return __atomic_load_n(version_ - 1, __ATOMIC_ACQUIRE); }
  void set_prev(Offset older) noexcept { __atomic_store_n(version_ - 1, older, __ATOMIC_RELEASE); }

  // What lets the entry be the next one of its chain, before anybody sees it.
  void begin(Offset older) noexcept {
    *version_ = pending;
    version_[-1] = older;
  }

  // In limbo. Relaxed: one thread links, but readers who found the entry before may look at the version still.
  void link(Offset next, bool chained) noexcept {
    __atomic_store_n(chained ? version_ - 2 : version_, next, __ATOMIC_RELAXED);
  }
  Offset linked(bool chained) const noexcept { return chained ? version_[-2] : *version_; }

 private:
  std::uint32_t word() const noexcept { return __atomic_load_n(version_, __ATOMIC_ACQUIRE); }

  std::uint32_t* version_;
};

// The memory of an entry: where it begins, and what the arena gave.
struct EntryMemory {
  Offset begin;
  std::size_t bytes;

  static EntryMemory of(const Layout& layout, const Arena& arena, Offset entry, bool chained) noexcept {
    const std::size_t plain = layout.bytes(arena.at(entry));
    if (!chained) return {entry, Arena::allocation_bytes(plain)};
    return {entry - Chain::units, Arena::allocation_bytes(plain + Chain::bytes)};
  }
};

}  // namespace midden::inline MIDDEN_ABI::containers::skiplist
