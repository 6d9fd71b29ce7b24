#pragma once
// The roots of a thread: those in its window, by their marks, and a list of the others. What a window is:
// <midden/root_place.hpp>.
//
//   stack   | ......... | window at first: 8 KiB around the Attach | ......... |
//               ◀── grows to where a root begins, twice as large each time, up to `most_bytes`
//
// A root anywhere near may have a place, be it on this stack or not: its mark says that it is one. Growing
// moves the marks; every root in the window is found by its mark and told where that is now.
//
// Threads: its own; `for_each` also the collector's, while the world is stopped. Nothing here is a safepoint.

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>

#include <midden/root_place.hpp>

namespace midden::inline MIDDEN_ABI::runtime {

class OwnRoots {
 public:
  static constexpr std::size_t most_bytes = std::size_t{1} << 20;

  // `near`: an address of the stack.
  explicit OwnRoots(const void* near);

  const detail::RootWindow& window() const { return window_; }
  detail::RootPlace& list() { return list_; }
  // A place for one that has none: in the window, which may grow, or in the list.
  void place(detail::RootPlace& root) noexcept;

  template <class F>
  void for_each(F f) const {
    for_each_in_window(f);
    list_.for_each(f);
  }

 private:
  // The window has a multiple of this; eight marks are looked at together.
  static constexpr std::size_t page_bytes = 4096;

  // False, and nothing changed, where the window would be too large or the host's allocator has no memory.
  bool reach(const void* root) noexcept;
  std::size_t words() const { return window_.bytes / detail::root_word_bytes; }

  template <class F>
  void for_each_in_window(F f) const {
    constexpr std::size_t step = sizeof(std::uint64_t);
    for (std::size_t word = 0; word < words(); word += step) {
      std::uint64_t any;
      std::memcpy(&any, window_.marks + word, step);
      if (any == 0) continue;
      for (std::size_t i = word; i < word + step; ++i) {
        if (window_.marks[i]) f(*reinterpret_cast<detail::RootPlace*>(window_.begin + i * detail::root_word_bytes));
      }
    }
  }

  std::unique_ptr<bool[]> marks_;
  detail::RootWindow window_;
  detail::RootPlace list_;
};

}  // namespace midden::inline MIDDEN_ABI::runtime
