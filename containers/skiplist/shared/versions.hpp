#pragma once
// Versions: which of them a snapshot sees, which snapshots are open, and whether writers have to care.
//
//   clock    counts snapshots: one at s sees what was stamped s or less
//   slot     where an open snapshot is registered: its s, or before that is known a bound, "at least this"
//   mode     plain: no snapshot is open. versioned: one may be. rising: nobody may rely on either
//
//    snapshot():  slot = bound ──▶ mode is versioned, or made so ──▶ s = clock++ ──▶ slot = s
//
// Where the mode is plain, writers change words in place and keep no versions. The first snapshot ends that: it raises
// the mode and waits for each writer that is at work, which takes as long as their operations. Later ones wait for
// nobody. A writer that finds no snapshot, twice, lets the mode be plain again.
//
// tests/containers/skiplist/protocol.hpp has the rules, and why they hold. F1 to F3 there are the fences here.
//
// Threads: any.

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>

#include "containers/skiplist/chain.hpp"
#include "containers/skiplist/levels.hpp"
#include "containers/skiplist/spin.hpp"

namespace midden::inline MIDDEN_ABI::containers::skiplist {

// What snapshots were open at some moment of the look.
class Look {
 public:
  // Whether one of them is, or may be, in [from, to).
  bool any_in(std::uint32_t from, std::uint32_t to) const noexcept;
  bool none() const noexcept { return oldest_ == no_snapshot; }
  // The oldest, where that was no bound; else no_snapshot.
  std::uint32_t oldest() const noexcept { return oldest_ < oldest_bound_ ? oldest_ : no_snapshot; }

  static constexpr std::uint32_t no_snapshot = 0xFFFFFFFF;

 private:
  friend class Versions;
  static constexpr std::size_t most_known = 64;

  void add(std::uint32_t at, bool is_bound) noexcept;

  std::uint32_t oldest_ = no_snapshot;
  std::uint32_t oldest_bound_ = no_snapshot;  // or of those that there was no room for
  std::size_t known_ = 0;
  std::array<std::uint32_t, most_known> at_;
};

class Versions {
 public:
  // Stamps have 31 bits. A snapshot past the limit is refused; less is for tests.
  static constexpr std::uint32_t most_clock = 0x7FFFFFFE;

  struct Slot {
    std::uint32_t word = 0;   // 0: free; else twice s, and 1 for a bound
    std::int64_t opened = 0;  // by now()
  };
  // Further slots, in the arena. It has no end before the list.
  struct Block {
    static constexpr std::size_t slots = 15;
    Offset next;
    Slot slot[slots];
  };

  explicit Versions(std::uint32_t limit) noexcept : limit_(limit) {}

  // Acquires from open(): whoever has a time has what came before the snapshot that made it.
  std::uint32_t clock() const noexcept { return __atomic_load_n(&clock_, __ATOMIC_ACQUIRE); }

  // Whether no snapshot is open, nor will be while the caller holds a stripe that it took before. Acquires from the
  // store of the mode.
  bool is_plain() const noexcept { return mode() == Mode::plain; }

  // The stamp of a Node or a Chain, which is settled now if it was not: by whoever comes there first (F1: the edge
  // before the clock, as open() has the clock before the edge).
  template <class Version>
  std::uint32_t settle(Version& version) const noexcept {
    const std::uint32_t seen = version.stamp_seen();
    return seen != Version::pending ? seen : settle_now(version);
  }

  // A free slot, as a bound; null where there is none, and a block must come.
  Slot* claim(const Levels& levels) noexcept;
  void add(Levels& levels, Offset block) noexcept;
  // The moment of the snapshot. `wait_for_writers` waits for each who may have seen the mode before. 0: the clock is
  // at its end, and the slot free again.
  template <class Wait>
  std::uint32_t open(Slot& slot, Wait&& wait_for_writers) noexcept {
    order();  // F2, F3: the slot before clock and mode
    if (mode() != Mode::versioned) {
      const std::lock_guard lock(flips_);
      if (mode() != Mode::versioned) {
        set_mode(Mode::rising);
        wait_for_writers();
        set_mode(Mode::versioned);
      }
    }
    return take_moment(slot);
  }
  // Releases to look(): what was read at s comes before any other use of that memory.
  void close(Slot& slot) noexcept {
    __atomic_store_n(&slot.word, 0, __ATOMIC_RELEASE);
    __atomic_fetch_add(&closes_, 1, __ATOMIC_RELEASE);
  }

  // How many were closed: where it has changed another look tells more. Acquires from close().
  std::uint32_t closes() const noexcept { return __atomic_load_n(&closes_, __ATOMIC_ACQUIRE); }
  Look look(const Levels& levels) const noexcept;

  // Lets the mode be plain if no snapshot is open. Waits for nobody.
  void lower(const Levels& levels) noexcept;

  struct Open {
    std::size_t count = 0;
    std::chrono::nanoseconds oldest{0};  // when it was opened
  };
  // Of a clock that goes on steadily.
  static std::chrono::nanoseconds now() noexcept { return std::chrono::steady_clock::now().time_since_epoch(); }
  // Without those that are being opened.
  Open open_now(const Levels& levels) const noexcept;

  // Calls f(block) for each block of the arena.
  template <class F>
  void for_each_block(const Levels& levels, F&& f) const {
    for (Offset at = first_block(); at != 0; at = block(levels, at).next) f(at);
  }

 private:
  enum class Mode : std::uint8_t { plain, rising, versioned };
  static constexpr std::size_t first_slots = 8;

  Mode mode() const noexcept { return mode_.load(std::memory_order_acquire); }
  // Releases to mode(); rising comes before a stripe's lock.
  void set_mode(Mode mode) noexcept { mode_.store(mode, std::memory_order_release); }
  // What stands before comes, for all threads, before what stands behind, where both sides have this.
  static void order() noexcept { __atomic_thread_fence(__ATOMIC_SEQ_CST); }

  template <class Version>
  std::uint32_t settle_now(Version& version) const noexcept;
  std::uint32_t take_moment(Slot& slot) noexcept;
  bool try_claim(Slot& slot) const noexcept;
  static std::uint32_t word(const Slot& slot) noexcept { return __atomic_load_n(&slot.word, __ATOMIC_ACQUIRE); }
  // Acquires from add().
  Offset first_block() const noexcept { return __atomic_load_n(&blocks_, __ATOMIC_ACQUIRE); }
  static Block& block(const Levels& levels, Offset at) noexcept { return *reinterpret_cast<Block*>(levels.entry(at)); }
  // Until f(slot) returns true; then that slot, else null.
  template <class F>
  Slot* find_slot(const Levels& levels, F&& f) const noexcept;

  const std::uint32_t limit_;
  std::uint32_t clock_ = 1;
  std::uint32_t closes_ = 0;
  std::atomic<Mode> mode_{Mode::plain};
  SpinLock flips_;  // of the mode
  Offset blocks_ = 0;
  mutable std::array<Slot, first_slots> slots_;
};

// What is current; its stamp is settled.
class Live {
 public:
  explicit Live(const Versions& versions) noexcept : versions_(&versions) {}
  Offset operator()(const Levels& levels, Offset node) const noexcept {
    versions_->settle(const_cast<Node&>(levels.node(node)));
    return node;
  }
  Offset entry(const Levels& levels, Offset entry) const noexcept {
    Chain chain(levels.entry(entry));
    versions_->settle(chain);
    return entry;
  }

 private:
  const Versions* versions_;
};

// What was current at s, where a snapshot of then is open.
class Past {
 public:
  Past(const Versions& versions, std::uint32_t s) noexcept : versions_(&versions), s_(s) {}
  // 0: there was no node. Only at the top.
  Offset operator()(const Levels& levels, Offset node) const noexcept {
    while (node != 0) {
      Node& n = const_cast<Node&>(levels.node(node));
      if (versions_->settle(n) <= s_) return node;
      node = n.prev_seen();
      if (node == Node::nowhere) return 0;
    }
    return 0;
  }
  // A chain ends in the entry that was there before there were snapshots, or came with its leaf.
  Offset entry(const Levels& levels, Offset entry) const noexcept {
    for (;;) {
      Chain chain(levels.entry(entry));
      if (!chain.is_chained() || versions_->settle(chain) <= s_) return entry;
      entry = chain.prev_seen();
    }
  }

 private:
  const Versions* versions_;
  std::uint32_t s_;
};

}  // namespace midden::inline MIDDEN_ABI::containers::skiplist
