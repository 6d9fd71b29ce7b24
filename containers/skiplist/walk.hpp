#pragma once
// Walks: how a cursor goes from one entry to the next, by the words of the node above its leaf.
//
//   right    what a cursor remembers of leaf, index and the node above is as it was
//
// While it is, a step costs a word; where it is not, or the node above is at its end, one search by key.
// Entries lie in the arena as they came, not in the order of their keys: a walk asks for those it will
// come to while it shows others.
//
// Owner is the list, or a snapshot of it: levels(), view(), and top() as the view shows it, layout();
// leaf_right(cursor) and above_right(cursor); note(cursor), called when the cursor's place has just been looked up.
//
// Threads: reading, as the list's.

#include <cstddef>
#include <cstdint>

#include "containers/skiplist/search.hpp"

namespace midden::inline MIDDEN_ABI::containers::skiplist {

// A place in a list that shows an entry. Plain bytes: whoever walks may keep it as such.
struct Cursor {
  const std::byte* entry = nullptr;  // what it shows; null where it shows nothing
  std::uint64_t changes = 0;         // of a list with one writer, when the place was looked up
  Offset leaf = 0;
  Offset above = 0;  // the node that led to the leaf, and by which word; 0 where the leaf is the top
  std::uint16_t index = 0;
  std::uint16_t above_index = 0;
  std::uint32_t clears = 0;  // the same
  bool open = false;
  bool walking = false;  // has asked for the entries ahead
};

template <class Key, class Owner>
class Walk {
 public:
  Walk(const Owner& owner, Cursor& cursor) noexcept : owner_(owner), levels_(owner.levels()), cursor_(cursor) {}

  // True where the cursor then shows an entry.
  bool first() const noexcept {
    const Levels::Top top = owner_.top();
    if (top.node == 0) return show_nothing();
    Levels::Place place;
    levels_.to_begin(top, place, owner_.view());
    return show(top, place);
  }
  bool last() const noexcept {
    const Levels::Top top = owner_.top();
    if (top.node == 0) return show_nothing();
    Levels::Place place;
    levels_.to_end(top, place, owner_.view());
    return show_before(top, place);
  }
  // The first key not below, the first one above, and the last one below.
  bool seek(const Key& key) const noexcept {
    const Levels::Top top = owner_.top();
    Levels::Place place;
    return locate(top, key, place) && show(top, place);
  }
  bool seek_after(const Key& key) const noexcept {
    const Levels::Top top = owner_.top();
    Levels::Place place;
    if (!locate(top, key, place)) return false;
    if (place.found) ++place.steps[0].index;
    return show(top, place);
  }
  bool seek_before(const Key& key) const noexcept {
    const Levels::Top top = owner_.top();
    Levels::Place place;
    return locate(top, key, place) && show_before(top, place);
  }
  // From the entry that it shows.
  bool next() const noexcept {
    if (!owner_.leaf_right(cursor_)) [[unlikely]]
      return seek_behind();
    const Node& here = leaf();
    const unsigned ahead = cursor_.index + entries_ahead;
    if (cursor_.walking && cursor_.index > 0 && ahead < here.count) {
      levels_.arena().prefetch(here.target(ahead));
    } else {
      fetch_across(here, ahead);
    }
    ++cursor_.index;
    return cursor_.index < here.count ? show_word() : show_next_leaf();
  }
  bool previous() const noexcept {
    if (owner_.leaf_right(cursor_) && cursor_.index > 0) {
      fetch_backward();
      --cursor_.index;
      return show_word();
    }
    return seek_before(shown_key());
  }
  bool show_nothing() const noexcept {
    cursor_.entry = nullptr;
    return false;
  }

 private:
  static constexpr unsigned entries_ahead = 12;

  const Node& leaf() const noexcept { return levels_.node(cursor_.leaf); }

  bool show_word() const noexcept {
    cursor_.entry = levels_.entry(owner_.view().entry(levels_, leaf().target(cursor_.index)));
    owner_.note(cursor_);
    return true;
  }

  void stand(Levels::Top top, const Levels::Place& place) const noexcept {
    cursor_.leaf = place.steps[0].node;
    cursor_.index = static_cast<std::uint16_t>(place.steps[0].index);
    const bool has_above = top.level > 0;
    cursor_.above = has_above ? place.steps[1].node : 0;
    cursor_.above_index = has_above ? static_cast<std::uint16_t>(place.steps[1].index) : 0;
  }

  // The word of a place, or where there is none the first word of the next leaf.
  bool show(Levels::Top top, const Levels::Place& place) const noexcept {
    stand(top, place);
    return cursor_.index < leaf().count ? show_word() : show_next_leaf();
  }

  // The word before a place.
  bool show_before(Levels::Top top, Levels::Place& place) const noexcept {
    if (place.steps[0].index > 0) {
      --place.steps[0].index;
    } else if (!levels_.to_previous_leaf(top, place, owner_.view())) {
      return show_nothing();
    }
    return show(top, place);
  }

  [[gnu::noinline]] bool seek_behind() const noexcept { return seek_after(shown_key()); }
  [[gnu::noinline]] bool show_next_leaf() const noexcept {
    do {
      const Offset next = next_leaf();
      if (next != 0) {
        ++cursor_.above_index;
        cursor_.leaf = owner_.view()(levels_, next);
        cursor_.index = 0;
      } else {
        const Offset high = leaf().high;
        const Levels::Top top = owner_.top();
        if (high == 0 || top.node == 0) return show_nothing();
        Levels::Place place;
        levels_.locate(top, Key::of(levels_.entry(high), owner_.layout()), place, owner_.view());
        stand(top, place);
      }
    } while (cursor_.index >= leaf().count);
    return show_word();
  }
  // As the word above shows it; to be read, but for what is only asked for, through the view.
  Offset next_leaf() const noexcept {
    return owner_.above_right(cursor_) ? levels_.next_below(cursor_.above, cursor_.above_index) : 0;
  }

  Key shown_key() const noexcept { return Key::of(cursor_.entry, owner_.layout()); }
  bool locate(Levels::Top top, const Key& key, Levels::Place& place) const noexcept {
    cursor_.walking = false;
    if (top.node == 0) return show_nothing();
    levels_.locate(top, key, place, owner_.view());
    return true;
  }

  // Words [from, to) of a leaf, as far as they go.
  [[gnu::always_inline]] void fetch(const Node& of, unsigned from, unsigned to) const noexcept {
    for (unsigned i = from; i < to && i < of.count; ++i) levels_.arena().prefetch(of.target(i));
  }
  // What a step asks for that is not just one more word of its leaf: the begin of a walk, the next leaf, and its words.
  [[gnu::noinline]] void fetch_across(const Node& here, unsigned ahead) const noexcept {
    const bool walking = cursor_.walking;
    cursor_.walking = true;
    fetch(here, walking ? ahead : cursor_.index + 1u, ahead + 1);
    const Offset next = next_leaf();
    if (next == 0) return;
    if (cursor_.index == 0) levels_.prefetch_node(next);
    if (ahead < here.count) return;
    const unsigned there = ahead - here.count;
    fetch(levels_.node(next), walking ? there : 0, there + 1);
  }
  void fetch_backward() const noexcept {
    const unsigned from = cursor_.index < entries_ahead ? 0 : cursor_.index - entries_ahead;
    fetch(leaf(), from, cursor_.walking ? from + 1u : cursor_.index);
    cursor_.walking = true;
  }

  const Owner& owner_;
  const Levels& levels_;
  Cursor& cursor_;
};

}  // namespace midden::inline MIDDEN_ABI::containers::skiplist
