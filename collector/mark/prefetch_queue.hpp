#pragma once
// Two short first-in first-out queues: what waits in them waits for its memory to come.
//
//   Delay   what goes in pushes out what went in `length` entries before; places may be empty,
//           which is null. Cheaper while it is full, which that of edges nearly always is
//   Fifo    push and pop as one likes
//
// Threads: one marking worker.

#include <array>
#include <bit>
#include <cstddef>
#include <utility>

#include <midden/build.hpp>

namespace midden::inline MIDDEN_ABI::collector {

template <class Entry, std::size_t length>
class Delay {
 public:
  // Takes one in, and out the one that has waited its time, or null.
  Entry exchange(Entry entry) { return std::exchange(ring_[at_++ % length], entry); }
  // Takes out the oldest, or null where there is none.
  Entry pop() {
    for (std::size_t i = 0; i < length; ++i) {
      if (Entry entry = exchange(nullptr)) return entry;
    }
    return nullptr;
  }

 private:
  static_assert(std::has_single_bit(length), "so that the count may be taken modulo the length");

  std::size_t at_ = 0;
  std::array<Entry, length> ring_{};
};

template <class Entry, std::size_t length>
class Fifo {
 public:
  bool empty() const { return popped_ == pushed_; }
  std::size_t size() const { return pushed_ - popped_; }
  bool full() const { return pushed_ - popped_ == length; }
  // Requires: not full.
  void push(Entry entry) { ring_[pushed_++ % length] = entry; }
  // Requires: not empty.
  Entry pop() { return ring_[popped_++ % length]; }

 private:
  static_assert(std::has_single_bit(length), "so that the counts may be taken modulo the length");

  std::size_t pushed_ = 0;
  std::size_t popped_ = 0;
  std::array<Entry, length> ring_{};
};

}  // namespace midden::inline MIDDEN_ABI::collector
