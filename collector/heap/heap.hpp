#pragma once
// The heap: spaces of spans, what is free, and the verdict on each request for more.
//
//   LocalAllocator --acquire--> Space (swept or unswept spans) --> BlockSupply
//
// A request never starts a cycle. It is answered with memory, or with `cycle_needed`, and the
// runtime, which knows threads and policy, decides. With Effort::beyond_trigger the pacer's
// trigger is ignored, and only the hard limit or the system can refuse.
//
// Nor does a request sweep for long, as its thread waits for it, and others may wait for its thread to stop. After
// `sweep_budget` blocks without memory the heap grows by a span: what is not swept yet is left to the next requests,
// and the housekeeper, so the heap becomes larger by a span in so many blocks at most. Where it may not grow, and for
// large objects, the answer is `poll_needed`. Who polls and asks again goes on from there; with Effort::without_polls
// it sweeps to the end.
//
// Words. Large: above 256 KiB, one object to a span.
//
// Its functions stand in six files: heap.cpp allocates, heap_large.cpp large objects, heap_sweep.cpp
// sweeps, heap_return.cpp gives memory back, heap_types.cpp forgets types, heap_census.cpp counts.
//
// Invariants
//   1. Each block that was taken from the supply is in exactly one space's span.
//
// Threads: acquire, allocate_large, extend_large and commit_segment from any mutator; what takes StoppedWorld
// while it stands; look, return_until, has_unreturned and sweep_until on one thread at a time, while no
// cycle runs.
// Lock order: spaces_mutex_, a space's mutex, the supply's.

#include <atomic>
#include <cstdint>
#include <deque>
#include <limits>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include <midden/report.hpp>

#include "collector/heap/address_space.hpp"
#include "collector/heap/block_supply.hpp"
#include "collector/heap/pressure.hpp"
#include "collector/heap/returned_pages.hpp"
#include "collector/heap/space.hpp"
#include "collector/heap/type_table.hpp"
#include "collector/ports.hpp"

namespace midden::inline MIDDEN_ABI::collector {

class LocalAllocator;

enum class Effort : std::uint8_t { normal, beyond_trigger, without_polls };

// Blocks that a request may sweep before the heap grows, or its thread polls: about 0.1 ms.
inline constexpr std::size_t sweep_budget = 64;

struct HeapLimits {
  std::size_t reserve = std::size_t{256} << 30;  // address space, in bytes
  std::size_t heap_max = std::numeric_limits<std::size_t>::max();
};

class Heap {
 public:
  // `checked`: each slot handed out is noted, and free memory is poisoned, for HeapWalk and Verifier.
  Heap(PageSource& pages, const HeapLimits& limits, bool checked);
  ~Heap();
  Heap(const Heap&) = delete;
  Heap& operator=(const Heap&) = delete;

  AddressSpace& address_space() { return space_; }
  const AddressSpace& address_space() const { return space_; }
  TypeTable& types() { return types_; }
  bool checked() const { return checked_; }
  std::uint64_t cycle() const { return cycle_.load(std::memory_order_relaxed); }
  Colour live_colour() const { return colour_of_cycle(cycle_); }

  // --- allocation ---------------------------------------------------------------------------

  // The space for objects of this type and class: the type's own or the shared one.
  Space& space_for(Type& type, SizeClass c);
  struct Span {
    OpenSpan open;
    Verdict verdict;
  };
  // A span of `space` with a free slot; the caller owns it until the next cycle or `give_back`.
  Span acquire(Space& space, Effort effort);
  void give_back(Space& space, OpenSpan open);
  struct Large {
    std::byte* memory;
    Verdict verdict;
  };
  // Zeroed memory for one object above max_small_bytes.
  Large allocate_large(Type& type, std::size_t bytes, Effort effort);
  // Makes a large object, no segment, longer where it is, by zeroed memory behind it. False, and nothing
  // changed, where that cannot be had: another object's, or beyond a limit.
  bool extend_large(void* object, std::size_t bytes);
  // Counts bytes outside of the heap that the host has declared, or, below zero, no longer declares.
  void count_external(std::int64_t change);
  // Whether a cycle is needed before more objects, or external bytes, come; `wanted`: so many bytes at once.
  bool objects_due(std::uint64_t wanted = 0) const { return over_trigger(allocated_, trigger_, wanted); }
  bool external_due() const { return over_trigger(external_declared_, external_trigger_); }
  // A large segment's owner will touch its first `bytes` bytes: counts them. `object` is its start.
  Verdict commit_segment(void* object, std::uint64_t bytes, Effort effort);
  // Gives back the whole pages of these bytes, which read as zeros then, where `begin` lies in a large segment that is
  // alive. Any thread.
  void discard_in_segment(std::byte* begin, std::size_t bytes);
  // Bytes [begin, end) of a span that the caller owns are no free slots of it any more: their pages do
  // not count as returned. Relaxed: a sum.
  void note_used(const Block& head, std::size_t begin, std::size_t end) {
    const std::size_t pages = ReturnedPages(space_, head.first).forget(begin, end);
    if (pages > 0) [[unlikely]]
      returned_pages_.fetch_sub(pages, std::memory_order_relaxed);
  }
  // Counts bytes handed to mutators.
  void count_allocated(std::uint64_t bytes);

  // --- the cycle ----------------------------------------------------------------------------

  // Sweeps what must be swept before colours rotate, outside of the pause.
  void sweep_overdue();
  // Makes the next cycle's colour the live one.
  void begin_cycle(const StoppedWorld&) { cycle_.store(cycle() + 1, std::memory_order_relaxed); }
  // Takes back what mutators own; all spans are to be swept again.
  void reclaim(const StoppedWorld&);
  // Frees the ids of retired types of which marking found no object.
  void drop_retired(const StoppedWorld&);
  void set_triggers(const Triggers& triggers);
  // Gives the memory of free blocks back to the system where more than `bytes` are committed.
  void discard_above(std::uint64_t bytes) { blocks_.discard_above(bytes); }
  // Sweeps and releases free spans until the clock says `deadline_ns`; true when all is swept.
  bool sweep_until(std::uint64_t deadline_ns);

  // --- returning memory to the system ---------------------------------------------------------

  // Notes what has not been needed since the last look: that is what is returned next.
  void look();
  // Returns it, until the clock says `deadline_ns`; true when all of it is.
  bool return_until(std::uint64_t deadline_ns);
  // Whether free memory is left that a later look may find to be unneeded.
  bool has_unreturned() const;

  // --- questions ----------------------------------------------------------------------------

  // The type of the object that starts at `object`. Requires: it does.
  Type& type_of(const void* object) const;
  // Whether the last marking, or this one, has found the object. Requires: `object` is the start of one.
  bool marked(const void* object) const { return space_.metadata(object).has(live_colour()); }
  void prefetch_mark(const void* object) const { space_.prefetch_metadata(object); }
  // The start of the object or free slot that has this byte; null where none has.
  const void* slot_around(const void* address) const;
  // Whether an object or free slot starts exactly there; false for addresses outside of the heap.
  bool is_slot(const void* address) const { return address != nullptr && slot_around(address) == address; }
  std::size_t slot_bytes_of(const void* object) const { return space_.head_of(object).slot_bytes; }

  // Since the last cycle.
  Pressure new_bytes() const {
    return {.allocated = allocated_.load(std::memory_order_relaxed),
            .arena = arena_allocated_.load(std::memory_order_relaxed),
            .external = external_declared_.load(std::memory_order_relaxed)};
  }
  std::uint64_t take_allocated() { return allocated_.exchange(0, std::memory_order_relaxed); }
  std::uint64_t committed_bytes() const { return blocks_.figures().committed_bytes; }
  // Committed, without the blocks that are free.
  std::uint64_t held_bytes() const { return blocks_.figures().held_bytes; }
  std::uint64_t take_sweep_ns();
  HeapReport report() const;
  // By type and slot size, those with the most free bytes first. While no cycle runs.
  std::vector<SpaceReport> census();

  void retire(Type& type);
  const std::deque<Space>& spaces(const StoppedWorld&) const { return spaces_; }
  template <class F>
  void for_each_free_run(F&& f) const {
    blocks_.for_each_free_run(f);
  }

 private:
  friend class LocalAllocator;

  Space& shared_space(SizeClass c);
  Space& add_space(SpaceShape shape);  // under spaces_mutex_
  void promote(Type& type, SizeClass c);
  using Count = std::atomic<std::uint64_t>;
  bool over_trigger(const Count& bytes, const Count& trigger, std::uint64_t wanted = 0) const;
  static std::size_t budget_of(Effort effort) {
    return effort == Effort::without_polls ? std::numeric_limits<std::size_t>::max() : sweep_budget;
  }
  // Blocks in a row for a span, from the pool, other spaces' dead, or the frontier. What it sweeps it takes
  // from `budget`.
  BlockIndex take_blocks(const BlockSupply::Wanted& wanted, std::size_t& budget, Verdict& verdict);
  // Hands a span to its space, or, where that throws, back to the supply.
  void add_span(Space& space, BlockIndex first);
  void init_span(BlockIndex first, Space& space, std::size_t slot_bytes, std::size_t blocks, TypeId type,
                 PlanWord plan);
  // Each sweeps a span and answers how many of its slots are free.
  std::uint32_t sweep_small(Block& head);
  std::uint32_t sweep_large(Block& head);
  // Sweeps the next unswept span of a locked space; one that is wholly free leaves it. Returns how many
  // blocks became free.
  std::size_t sweep_and_keep(Space& space);
  // The same for a space that is not locked. None: all is swept.
  std::optional<std::size_t> sweep_next(Space& space);
  // Span by span: others get some of them meanwhile.
  void sweep_rest(Space& space);
  // Frees dead large objects: so many blocks of them, as far as `budget` goes.
  void sweep_large_for(std::size_t blocks, std::size_t& budget);
  // Frees those that begin in these blocks.
  void sweep_large_at(BlockIndex begin, std::size_t blocks);
  bool trim_next(Space& space);
  void release_span(Block& head);
  // Null behind the last. Spaces are never taken away.
  Space* find_space(std::size_t number) const;
  // Makes whole blocks zero: an object may grow into what is behind it in its last one.
  void clear_large(BlockIndex first, std::size_t blocks, bool segment);
  // By id: whether marking found an object of the type.
  std::vector<bool> types_alive() const;
  void forget(Type& type);

  const bool checked_;
  AddressSpace space_;
  TypeTable types_;
  // Changes only while the world is stopped, which orders it for mutators; reports are read by any.
  std::atomic<std::uint64_t> cycle_{0};

  mutable std::mutex spaces_mutex_;
  mutable std::deque<Space> spaces_;  // grows only
  std::vector<Space*> vacant_;        // empty ones of types that are gone
  // Any thread. Acquire and release: who finds a shared space sees it made.
  std::atomic<Space*> shared_[size_class_count] = {};
  std::vector<Type*> retired_;

  BlockSupply blocks_;

  // Where returning memory goes on.
  struct Returning {
    std::size_t space = 0;
    std::size_t blocks = 0;
  };
  Returning returning_;

  Space* large_ = nullptr;
  std::mutex allocators_mutex_;
  std::vector<LocalAllocator*> allocators_;

  // Any thread, relaxed: what a space has is asked under its mutex.
  std::atomic<std::size_t> reclaim_cursor_{0};  // spaces before it have nothing unswept
  // Any thread, relaxed: sums and thresholds that are read as estimates.
  std::atomic<std::uint64_t> allocated_{0};
  std::atomic<std::uint64_t> allocated_total_{0};
  std::atomic<std::uint64_t> arena_allocated_{0};
  std::atomic<std::uint64_t> external_declared_{0};
  std::atomic<std::uint64_t> trigger_{no_trigger};
  std::atomic<std::uint64_t> arena_trigger_{no_trigger};
  std::atomic<std::uint64_t> external_trigger_{no_trigger};
  std::atomic<std::uint64_t> together_trigger_{no_trigger};
  std::atomic<std::uint64_t> ahead_trigger_{no_trigger};
  std::atomic<std::uint64_t> sweep_ns_{0};
  std::atomic<std::uint64_t> returned_pages_{0};  // in partly used spans
};

}  // namespace midden::inline MIDDEN_ABI::collector
