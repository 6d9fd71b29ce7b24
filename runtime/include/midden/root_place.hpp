#pragma once
// Where a root stands, so that the collector finds it: in the window of its thread's stack, or in a list.
//
//   stack    | .. | root     | .. | root     | ........ |     a window of it, words of 8 bytes
//   marks    | 0  | 1  0  0  | 0  | 1  0  0  | ........ |     a byte a word: a root begins there
//
//   list     <-> own node <-> root <-> root <->               circular; in heap objects, in containers, of tasks
//
// To begin and to end in the window are a store of its byte each, which waits for nothing. In a list both wait
// for the stores of the root before: that was up to half of the time of a program that makes a root for every
// object.
//
// The window lies around the Attach and grows where roots begin (runtime/own_roots.hpp); marks may move then,
// and every root in it is told. A root that cannot have a place there joins a list.
//
//   in the window   `where` is odd: twice the address of its mark, and one
//   in a list       `where` and `previous` are its neighbours
//   alone           so are they, and both are itself: it was moved from, or is a list's own node
//
// Threads: one, that of the window or list; the collector reads while the world is stopped.

#include <cstddef>
#include <cstdint>

#include <midden/build.hpp>

namespace midden::inline MIDDEN_ABI::detail {

// Addresses [begin, begin + bytes) and their marks. Empty: nobody has a place there.
struct RootWindow {
  std::uintptr_t begin = 0;
  std::size_t bytes = 0;
  bool* marks = nullptr;
};

inline constexpr std::size_t root_word_bytes = sizeof(void*);

// A root, or a list's own node, which names no object.
class RootPlace {
 public:
  void* object = nullptr;

  RootPlace() noexcept { be_alone(); }
  // Without a place: `enter` or `link_after` comes next.
  explicit RootPlace(void* named) noexcept : object(named) {}
  RootPlace(const RootPlace&) = delete;
  RootPlace& operator=(const RootPlace&) = delete;

  bool alone() const noexcept { return where_ == address_of(*this); }
  bool in_window() const noexcept { return (where_ & 1) != 0; }
  // Whether it is this one. Requires: in a window.
  bool stands_in(const RootWindow& window) const noexcept {
    return (where_ >> 1) - reinterpret_cast<std::uintptr_t>(window.marks) < window.bytes / root_word_bytes;
  }

  // False, and nothing changed, where this does not stand in the window. Requires: it is in no list.
  bool enter(const RootWindow& window) noexcept {
    const std::size_t offset = address_of(*this) - window.begin;
    if (offset >= window.bytes) [[unlikely]]
      return false;
    bool* const mark = window.marks + offset / root_word_bytes;
    where_ = reinterpret_cast<std::uintptr_t>(mark) << 1 | 1;
    *mark = true;
    // Tells compilers that somebody knows this address. Else they could keep in registers, where the collector
    // does not look, what a root names that no function is called with.
    asm volatile("" : : "r"(this));
    return true;
  }
  void link_after(RootPlace& list) noexcept {
    RootPlace& first = list.next();
    where_ = address_of(first);
    // Apart: compilers would store both links as one vector, and a root that ends soon would wait longer to
    // read them back than for all else that it does.
    asm("" : "+m"(where_));
    previous_ = &list;
    first.previous_ = this;
    list.where_ = address_of(*this);
  }
  // To end, or before another call that gives it a place.
  void leave() noexcept {
    if (in_window()) [[likely]] {
      *reinterpret_cast<bool*>(where_ >> 1) = false;
    } else {
      previous_->where_ = where_;
      next().previous_ = previous_;
    }
  }
  void be_alone() noexcept {
    where_ = address_of(*this);
    previous_ = this;
  }
  // Takes the place of `other` in its list; `other` is then alone. Requires: this has no place, `other` is not in
  // the window.
  void replace(RootPlace& other) noexcept {
    be_alone();
    if (other.alone()) return;
    link_after(other);
    other.leave();
    other.be_alone();
  }

  // Of a list's own node: each root in it.
  template <class F>
  void for_each(F f) const {
    for (const RootPlace* root = &next(); root != this; root = &root->next()) f(*root);
  }

 private:
  static std::uintptr_t address_of(const RootPlace& place) { return reinterpret_cast<std::uintptr_t>(&place); }
  RootPlace& next() const { return *reinterpret_cast<RootPlace*>(where_); }

  std::uintptr_t where_;
  RootPlace* previous_;
};

}  // namespace midden::inline MIDDEN_ABI::detail
