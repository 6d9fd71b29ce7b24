#pragma once
// Where spans get their blocks from, and what the limits allow.
//
//   take ──▶ BlockPool (free blocks) ──▶ frontier of the AddressSpace
//
// committed: bytes of blocks in use and of free blocks not known to be zero, the tables' share of
// each, the type columns of spans in use, and what large segments declared.
//
// Free blocks that hold memory are given back to the system when they have not been needed for a
// while: at each look, as many as were free all the time since the look before (the low-water mark
// that tcmalloc's caches use). Blocks that come and go are kept. Those of a dead object of 1 MiB or more
// count as if they had been free all the time. Nobody waits for the system: it is called without the
// lock, a few blocks at a time.
//
// Invariants
//   1. Each block below the frontier is in the pool, or was taken, or is on its way to the system.
//   2. committed_bytes <= heap_max.
//   3. The tables' bytes of a free block are zero, so that they are given back with it.
//
// Threads: any. Its mutex is the last in the heap's order.

#include <cstddef>
#include <cstdint>
#include <mutex>

#include "collector/heap/address_space.hpp"
#include "collector/heap/block_pool.hpp"

namespace midden::inline MIDDEN_ABI::collector {

enum class Verdict : std::uint8_t { memory, cycle_needed, poll_needed, limit_reached, out_of_memory };

class BlockSupply {
 public:
  BlockSupply(AddressSpace& space, std::size_t heap_max) : space_(space), heap_max_(heap_max), pool_(space) {}

  enum class Use : std::uint8_t { objects, segment };
  enum class Source : std::uint8_t { pool, frontier };
  struct Wanted {
    std::size_t blocks = 0;
    Use use = Use::objects;
    std::size_t column_bytes = 0;
  };
  // The first of so many blocks in a row, or no_block: with Verdict::memory where only the pool was
  // asked and has none, else with what stood in the way. Throws std::bad_alloc, and nothing changed.
  BlockIndex take(const Wanted& wanted, Source source, Verdict& verdict);
  // Takes the blocks from `begin` on, which are behind a run that was taken and become part of it. False,
  // and nothing changed, where they are not free, or a limit, the system or the host's memory does not allow it.
  bool take_behind(BlockIndex begin, std::size_t blocks);
  // Takes a run back. Its descriptors say BlockState::free, and `zero` or not; its column has no memory.
  void put(BlockIndex first, std::size_t blocks, std::size_t column_bytes = 0) noexcept;
  // Takes a segment's run back, of which `committed` bytes were declared.
  void put_segment(BlockIndex first, std::size_t blocks, std::uint64_t committed) noexcept;
  // A segment's owner will touch `more` bytes. False where the limit does not allow it.
  bool commit_segment(std::uint64_t more);

  // Gives the memory of free blocks back where more than `bytes` are committed.
  void discard_above(std::uint64_t bytes);
  // How many blocks with memory were free all the time since the last look.
  std::size_t look();
  // Gives back up to `blocks` of them, a few at a time, the highest first. Returns how many.
  // The pool has them again at the end.
  std::size_t give_back(std::size_t blocks);

  struct Figures {
    std::uint64_t committed_bytes = 0;
    std::uint64_t used_bytes = 0;  // blocks that hold objects
    std::uint64_t free_bytes = 0;  // free blocks with memory
    std::uint64_t held_bytes = 0;  // committed, without those and their tables
    std::uint64_t segment_bytes = 0;
  };
  Figures figures() const;

  template <class F>
  void for_each_free_run(F&& f) const {
    const std::lock_guard lock(mutex_);
    pool_.for_each_run(f);
  }

 private:
  void take_in(BlockIndex first, std::size_t blocks) noexcept;
  // Moves the frontier by at least so many blocks, into the pool. False, and nothing changed, where the
  // system has no more. Throws std::bad_alloc, likewise.
  bool extend(std::size_t blocks);
  // As take; `surplus` as fits_limit says.
  BlockIndex try_take(const Wanted& wanted, Source source, Verdict& verdict, std::size_t& surplus);
  // Whether the hard limit allows `more` bytes beyond what is taken. Where it would if the system had some
  // free blocks back, or gets them just now, `surplus` is how many.
  bool fits_limit(std::uint64_t more, std::size_t& surplus) const;
  // Calls attempt(surplus) again and again, which takes the lock, and gives the surplus back without it.
  template <class Try>
  auto within_limit(Try&& attempt);
  std::uint64_t committed() const;

  AddressSpace& space_;
  const std::size_t heap_max_;

  std::mutex giving_;  // held while blocks are on their way to the system; before mutex_
  mutable std::mutex mutex_;
  // Under it.
  BlockPool pool_;
  std::uint64_t segment_blocks_ = 0;     // of large segments
  std::uint64_t segment_committed_ = 0;  // likewise
  std::uint64_t column_bytes_ = 0;       // of spans in use
  std::size_t on_their_way_ = 0;         // blocks that the system is getting back, and the pool will have again
  std::size_t least_dirty_ = 0;          // free blocks with memory: the fewest since the last look
};

}  // namespace midden::inline MIDDEN_ABI::collector
