#pragma once
// The grey objects of one worker: marked, not yet scanned; last in, first out.
//
//   | given away | oldest ............ newest |  free  |
//                  bottom_                     size_     capacity_
//
// Its worker pushes and pops at the new end. The oldest entries lead to the most work as a rule: they are
// the roots of what is left of a depth-first walk. So every second one is given away: were it the older
// half, that would be nearly all there is of a tree, and who gave it would wait next.
//
// The stack grows by doubling until `limit` entries or until the system refuses memory. Then
// `push` says no, and the worker falls back to flagging the object in its metadata byte.
//
// Threads: one worker; `give` under the team's mutex, while the receiver waits.

#include <algorithm>
#include <cstddef>
#include <limits>
#include <memory>
#include <new>
#include <utility>

#include <midden/build.hpp>

namespace midden::inline MIDDEN_ABI::collector {

template <class Entry>
class MarkStack {
 public:
  explicit MarkStack(std::size_t limit = std::numeric_limits<std::size_t>::max()) : limit_(limit) {}

  bool empty() const { return size_ == bottom_; }
  std::size_t size() const { return size_ - bottom_; }
  // False, and nothing changed, where the stack is full and cannot grow.
  bool push(Entry entry) {
    if (size_ == capacity_ && !make_room()) [[unlikely]]
      return false;
    entries_[size_++] = entry;
    return true;
  }
  // Requires: not empty.
  Entry pop() { return entries_[--size_]; }
  // Moves every second entry to the other stack, from the oldest on, up to `count`. Returns how many it took.
  std::size_t give(MarkStack& other, std::size_t count) {
    std::size_t given = 0;
    while (given < count && 2 * given < size() && other.push(entries_[bottom_ + 2 * given])) ++given;
    // Those between them close up to the newer ones.
    for (std::size_t left = std::min(given, size() - given); left-- > 0;) {
      entries_[bottom_ + given + left] = entries_[bottom_ + 2 * left + 1];
    }
    bottom_ += given;
    return given;
  }
  void release() {
    entries_.reset();
    size_ = bottom_ = capacity_ = 0;
  }
  std::size_t capacity() const { return capacity_; }

 private:
  // At the end of the entries: by moving them down where a quarter was given away, else by growing.
  bool make_room() {
    if (bottom_ > capacity_ / 4) {
      std::copy(entries_.get() + bottom_, entries_.get() + size_, entries_.get());
      size_ -= std::exchange(bottom_, 0);
      return true;
    }
    const std::size_t wanted = std::min(limit_, std::max(initial_entries, capacity_ * 2));
    if (wanted <= capacity_) return false;
    std::unique_ptr<Entry[]> larger(new (std::nothrow) Entry[wanted]);
    if (larger == nullptr) return false;
    std::copy(entries_.get() + bottom_, entries_.get() + size_, larger.get());
    size_ -= std::exchange(bottom_, 0);
    entries_ = std::move(larger);
    capacity_ = wanted;
    return true;
  }

  static constexpr std::size_t initial_entries = 4096;

  std::size_t limit_;
  std::unique_ptr<Entry[]> entries_;
  std::size_t bottom_ = 0;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace midden::inline MIDDEN_ABI::collector
