#pragma once
// The grey objects: marked, not yet scanned; last in, first out.
//
// The stack grows by doubling until `limit` entries or until the system refuses memory. Then
// `push` says no, and the marker falls back to flagging the object in its metadata byte.
//
// Threads: one marking worker.

#include <algorithm>
#include <cstddef>
#include <limits>
#include <memory>
#include <new>

#include <midden/build.hpp>

namespace midden::inline MIDDEN_ABI::collector {

template <class Entry>
class MarkStack {
 public:
  explicit MarkStack(std::size_t limit = std::numeric_limits<std::size_t>::max()) : limit_(limit) {}

  bool empty() const { return size_ == 0; }
  // False, and nothing changed, where the stack is full and cannot grow.
  bool push(Entry entry) {
    if (size_ == capacity_ && !grow()) [[unlikely]]
      return false;
    entries_[size_++] = entry;
    return true;
  }
  // Requires: not empty.
  Entry pop() { return entries_[--size_]; }
  void release() {
    entries_.reset();
    size_ = capacity_ = 0;
  }
  std::size_t capacity() const { return capacity_; }

 private:
  bool grow() {
    const std::size_t wanted = std::min(limit_, std::max(initial_entries, capacity_ * 2));
    if (wanted <= capacity_) return false;
    std::unique_ptr<Entry[]> larger(new (std::nothrow) Entry[wanted]);
    if (larger == nullptr) return false;
    std::copy_n(entries_.get(), size_, larger.get());
    entries_ = std::move(larger);
    capacity_ = wanted;
    return true;
  }

  static constexpr std::size_t initial_entries = 4096;

  std::size_t limit_;
  std::unique_ptr<Entry[]> entries_;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace midden::inline MIDDEN_ABI::collector
