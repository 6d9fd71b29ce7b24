#pragma once
// A short first-in first-out queue: what waits in it waits for its memory to come.
//
//   push ──▶ | newest ... oldest | ──▶ pop        a ring, addressed by two counts
//
// Threads: one marking worker.

#include <array>
#include <bit>
#include <cstddef>

#include <midden/build.hpp>

namespace midden::inline MIDDEN_ABI::collector {

template <class Entry, std::size_t length>
class PrefetchQueue {
 public:
  bool empty() const { return popped_ == pushed_; }
  bool full() const { return pushed_ - popped_ == length; }
  // Requires: not full.
  void push(Entry entry) { ring_[pushed_++ % length] = entry; }
  // Requires: not empty.
  Entry pop() { return ring_[popped_++ % length]; }
  // How many were ever pushed.
  std::size_t pushed() const { return pushed_; }

 private:
  static_assert(std::has_single_bit(length), "so that the counts may be taken modulo the length");

  std::size_t pushed_ = 0;
  std::size_t popped_ = 0;
  std::array<Entry, length> ring_{};
};

}  // namespace midden::inline MIDDEN_ABI::collector
