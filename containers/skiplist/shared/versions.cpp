#include "containers/skiplist/shared/versions.hpp"

#include <algorithm>

namespace midden::inline MIDDEN_ABI::containers::skiplist {

bool Look::any_in(std::uint32_t from, std::uint32_t to) const noexcept {
  if (oldest_ >= to) return false;
  // What a bound will be may lie in there, too.
  if (oldest_bound_ < to) return true;
  return std::any_of(at_.begin(), at_.begin() + known_, [&](std::uint32_t at) { return from <= at && at < to; });
}

void Look::add(std::uint32_t at, bool is_bound) noexcept {
  oldest_ = std::min(oldest_, at);
  if (is_bound || known_ == most_known) {
    oldest_bound_ = std::min(oldest_bound_, at);
  } else {
    at_[known_++] = at;
  }
}

template <class F>
Versions::Slot* Versions::find_slot(const Levels& levels, F&& f) const noexcept {
  for (Slot& slot : slots_) {
    if (f(slot)) return &slot;
  }
  for (Offset at = first_block(); at != 0; at = block(levels, at).next) {
    for (Slot& slot : block(levels, at).slot) {
      if (f(slot)) return &slot;
    }
  }
  return nullptr;
}

template <class Version>
std::uint32_t Versions::settle_now(Version& version) const noexcept {
  order();  // F1
  return version.settle(clock());
}
template std::uint32_t Versions::settle_now(Node&) const noexcept;
template std::uint32_t Versions::settle_now(Chain&) const noexcept;

// Relaxed: order() follows, and a slot is claimed by one only.
bool Versions::try_claim(Slot& slot) const noexcept {
  std::uint32_t seen = 0;
  return __atomic_load_n(&slot.word, __ATOMIC_RELAXED) == 0 &&
         __atomic_compare_exchange_n(&slot.word, &seen, 2 * clock() + 1, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

Versions::Slot* Versions::claim(const Levels& levels) noexcept {
  Slot* const slot = find_slot(levels, [&](Slot& s) { return try_claim(s); });
  if (slot != nullptr) __atomic_store_n(&slot->opened, now().count(), __ATOMIC_RELAXED);
  return slot;
}

void Versions::add(Levels& levels, Offset offset) noexcept {
  Block& added = block(levels, offset);
  added = Block{};
  const std::lock_guard lock(flips_);
  added.next = blocks_;
  __atomic_store_n(&blocks_, offset, __ATOMIC_RELEASE);
}

std::uint32_t Versions::take_moment(Slot& slot) noexcept {
  std::uint32_t s = clock();
  if (s >= limit_) {
    close(slot);
    return 0;
  }
  // Where it fails another snapshot has moved the clock past s, which does as well.
  std::uint32_t seen = s;
  __atomic_compare_exchange_n(&clock_, &seen, s + 1, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
  order();  // F1: the clock before any edge
  __atomic_store_n(&slot.word, 2 * s, __ATOMIC_RELEASE);
  return s;
}

Look Versions::look(const Levels& levels) const noexcept {
  Look look;
  order();  // F2: the stamps before the slots
  find_slot(levels, [&](const Slot& slot) {
    const std::uint32_t seen = word(slot);
    if (seen != 0) look.add(seen / 2, seen % 2 != 0);
    return false;
  });
  return look;
}

void Versions::lower(const Levels& levels) noexcept {
  if (!flips_.try_lock()) return;
  if (mode() == Mode::versioned) {
    set_mode(Mode::rising);
    // F3, in look(): the mode before the slots. Nobody has seen `plain` where it stays versioned, so no writer
    // has to be waited for.
    set_mode(look(levels).none() ? Mode::plain : Mode::versioned);
  }
  flips_.unlock();
}

Versions::Open Versions::open_now(const Levels& levels) const noexcept {
  Open open;
  find_slot(levels, [&](const Slot& slot) {
    // A bound's may still be when the slot's last one was opened.
    const std::uint32_t seen = word(slot);
    if (seen == 0 || seen % 2 != 0) return false;
    const std::chrono::nanoseconds opened(__atomic_load_n(&slot.opened, __ATOMIC_RELAXED));
    open.oldest = open.count == 0 ? opened : std::min(open.oldest, opened);
    ++open.count;
    return false;
  });
  return open;
}

}  // namespace midden::inline MIDDEN_ABI::containers::skiplist
