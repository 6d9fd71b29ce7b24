#pragma once
// A reader-writer lock of four bytes, for threads that are attached and do not stop while they hold it.
//
//   word   31       30        29 ............ 0
//          writer   waiting   readers
//
//   waiting   somebody sleeps until the word changes; new readers hold back, so that writers get in
//
// Holders reach no safepoint (DeferSafepoints), so who waits need not be Blocked: it waits for a short time
// and polls afterwards. It looks again a few times first, because most holders are gone by then, and sleeps if
// not, because on few processors the holder may need the one that it runs on.
//
// Invariants
//   1. A writer is alone.
//   2. `waiting` is up only while somebody holds the lock, or the last holder is about to wake all.
//
// Threads: any. Not recursive, also not for readers: a second lock may wait for a writer that waits for the first.
// It has no name and no owner, and does not say who holds it.

#include <atomic>
#include <cstdint>

#include <midden/build.hpp>

namespace midden::inline MIDDEN_ABI::containers::locked {

class Lock {
 public:
  Lock() = default;
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;

  void lock() noexcept {
    while (!try_lock()) wait(writer | readers);
  }
  bool try_lock() noexcept {
    std::uint32_t seen = peek();
    return (seen & (writer | readers)) == 0 && acquire(seen, seen | writer);
  }
  void unlock() noexcept {
    // All are woken: of several writers one gets in, and the others look again.
    if ((release_all() & waiting) != 0) word_.notify_all();
  }

  void lock_shared() noexcept {
    while (!try_lock_shared()) wait(writer | waiting);
  }
  // May fail where readers come and go at the same moment.
  bool try_lock_shared() noexcept {
    std::uint32_t seen = peek();
    return (seen & (writer | waiting)) == 0 && acquire(seen, seen + 1);
  }
  void unlock_shared() noexcept {
    if (release_one() != (waiting | 1)) return;
    forget_waiting();
    word_.notify_all();
  }

 private:
  static constexpr std::uint32_t writer = 1U << 31;
  static constexpr std::uint32_t waiting = 1U << 30;
  static constexpr std::uint32_t readers = waiting - 1;
  static constexpr int looks = 100;

  // Until the word has none of these bits, or has changed.
  void wait(std::uint32_t closed) noexcept {
    for (int i = 0; i < looks; ++i) {
      if ((peek() & closed) == 0) return;
      asm volatile("" : : : "memory");
    }
    std::uint32_t seen = peek();
    if ((seen & closed) == 0) return;
    if ((seen & waiting) == 0 && !note_waiting(seen)) return;
    word_.wait(seen | waiting, std::memory_order_relaxed);
  }

  // Relaxed: what it shows is tried with `acquire`, or waited upon.
  std::uint32_t peek() const noexcept { return word_.load(std::memory_order_relaxed); }
  // Pairs with release_all and release_one of those who held it before.
  bool acquire(std::uint32_t seen, std::uint32_t held) noexcept {
    return word_.compare_exchange_strong(seen, held, std::memory_order_acquire, std::memory_order_relaxed);
  }
  // The writer leaves, and with it the note that somebody waits.
  std::uint32_t release_all() noexcept { return word_.exchange(0, std::memory_order_release); }
  // A reader leaves. Its release orders its reads before what the next writer does.
  std::uint32_t release_one() noexcept { return word_.fetch_sub(1, std::memory_order_release); }
  // Relaxed, both: nothing but the word itself is handed over; a sleeper looks again at what it shows.
  bool note_waiting(std::uint32_t seen) noexcept {
    return word_.compare_exchange_strong(seen, seen | waiting, std::memory_order_relaxed);
  }
  void forget_waiting() noexcept { word_.fetch_and(~waiting, std::memory_order_relaxed); }

  std::atomic<std::uint32_t> word_{0};
};
static_assert(sizeof(Lock) == 4);

// Holds it for a scope: to write, or to read.
class Writing {
 public:
  explicit Writing(Lock& lock) noexcept : lock_(lock) { lock_.lock(); }
  ~Writing() { lock_.unlock(); }
  Writing(const Writing&) = delete;
  Writing& operator=(const Writing&) = delete;

 private:
  Lock& lock_;
};

class Reading {
 public:
  explicit Reading(Lock& lock) noexcept : lock_(lock) { lock_.lock_shared(); }
  ~Reading() { lock_.unlock_shared(); }
  Reading(const Reading&) = delete;
  Reading& operator=(const Reading&) = delete;

 private:
  Lock& lock_;
};

}  // namespace midden::inline MIDDEN_ABI::containers::locked
