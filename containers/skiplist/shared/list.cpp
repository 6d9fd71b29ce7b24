#include "containers/skiplist/shared/list.hpp"

#include <array>

#include <midden/error.hpp>

#include "containers/skiplist/check.hpp"
#include "containers/skiplist/search.hpp"
#include "containers/skiplist/separators.hpp"

namespace midden::inline MIDDEN_ABI::containers::skiplist {

// One operation that writes: a stripe, held and ready, and the place of the key with its leaf locked.
template <class Key>
class SharedList<Key>::Writing {
 public:
  // `entry_bytes`: of the entry it may need; 0: none, it erases.
  Writing(SharedList& list, SharedMemory& memory, const Key& key, std::size_t entry_bytes) noexcept
      : list_(list),
        memory_(memory),
        key_(key),
        entry_bytes_(entry_bytes),
        nodes_(SharedTowers::nodes_for_copy + (entry_bytes == 0 ? SharedTowers::nodes_for_join : 0)) {}
  ~Writing() {
    if (stripe_ == nullptr) return;
    list_.arena_.drain(memory_, *stripe_);
    stripe_->release();
  }
  Writing(const Writing&) = delete;
  Writing& operator=(const Writing&) = delete;

  // Looks for the key and locks its leaf; false in an empty list. May be a safepoint, and throw; nothing is
  // locked then. Where the leaf would have to be cut, there are nodes enough for that.
  bool lock(bool may_insert) {
    for (;;) {
      make_ready();
      SharedTowers& towers = list_.towers_;
      top_ = towers.top();
      if (top_.node != 0) {
        towers.locate(top_, key_, place_, towers.view());
        if (!towers.lock_leaf(place_)) continue;
      }
      stripe_->birth = towers.versions().clock();
      if (top_.node == 0) return false;
      if (!may_insert || place_.found || !towers.is_full(place_)) return true;
      if (stripe_->node_count >= SharedTowers::nodes_for_cut + stripe_->nodes_to_hold()) return true;
      towers.unlock_leaf(place_);
      nodes_ = SharedTowers::nodes_for_cut;
    }
  }

  Stripe& stripe() noexcept { return *stripe_; }
  Levels::Top top() const noexcept { return top_; }
  Levels::Place& place() noexcept { return place_; }
  bool found() const noexcept { return place_.found; }
  Offset entry() const noexcept { return list_.towers_.node(place_.leaf().node).target(place_.leaf().index); }

  Offset make_entry(Bytes value) noexcept { return write(list_.arena_.take_entry(*stripe_, entry_bytes_), value); }
  // What takes the place of another.
  Offset make_version(Bytes value) noexcept {
    if (stripe_->plain) return make_entry(value);
    return write(list_.arena_.take_entry(*stripe_, entry_bytes_ + Chain::bytes) + Chain::units, value);
  }
  void drop_entry(Offset made) noexcept {
    if (list_.column_ != nullptr) {
      stripe_->give_index(EntryIndex(list_.layout().value(list_.towers_.entry(made))).get());
    }
    list_.arena_.give_entry(*stripe_, made, entry_bytes_);
  }

 private:
  Offset write(Offset made, Bytes value) noexcept {
    std::byte* const entry = list_.towers_.entry(made);
    if (list_.column_ == nullptr) {
      write_entry(list_.layout(), entry, key_, value, stripe_->birth);
      return made;
    }
    const std::uint32_t index = stripe_->take_index();
    list_.column_->put(index, value.data);
    const std::array<std::byte, EntryIndex::bytes> bytes = EntryIndex::encode(index);
    write_entry(list_.layout(), entry, key_, {bytes.data(), bytes.size()}, stripe_->birth);
    return made;
  }
  void make_ready() {
    for (;;) {
      if (stripe_ == nullptr) stripe_ = &list_.arena_.hold();
      const unsigned to_hold = stripe_->nodes_to_hold();
      if (list_.arena_.make_ready(*stripe_, nodes_ + to_hold, entry_bytes_)) return;
      list_.arena_.drain_all(memory_, *stripe_);
      if (list_.arena_.make_ready(*stripe_, nodes_ + to_hold, entry_bytes_)) return;
      // An erase makes room, so it makes do with little.
      if (entry_bytes_ == 0 && has_least(SharedTowers::nodes_for_copy + to_hold)) return;
      stripe_->release();
      stripe_ = nullptr;
      if (entry_bytes_ != 0 && list_.column_ != nullptr && !list_.column_->has_free()) {
        memory_.grow_column();
      } else {
        list_.arena_.grow(memory_, entry_bytes_);
      }
    }
  }
  bool has_least(unsigned nodes) {
    while (stripe_->node_count < nodes) {
      if (!list_.arena_.take_last_node(memory_, *stripe_)) return false;
    }
    return true;
  }

  SharedList& list_;
  SharedMemory& memory_;
  const Key& key_;
  const std::size_t entry_bytes_;
  unsigned nodes_;
  Stripe* stripe_ = nullptr;
  Levels::Top top_;
  Levels::Place place_;
};

template <class Key>
const std::byte* SharedList<Key>::find(const Key& key) const noexcept {
  const Offset found = towers_.find(towers_.top(), key, view());
  return found == 0 ? nullptr : towers_.entry(found);
}

template <class Key>
void SharedList<Key>::find_many(const Key* keys, unsigned count, const std::byte** entries) const noexcept {
  towers_.find_many(towers_.top(), keys, count, entries, view());
}

template <class Key>
bool SharedList<Key>::has_value(Offset entry, Bytes value) const noexcept {
  const Bytes present = layout().value(towers_.entry(entry));
  return column_ == nullptr ? equal(present, value) : column_->has(EntryIndex(present).get(), value.data);
}

template <class Key>
bool SharedList<Key>::upsert(SharedMemory& memory, const Key& key, Bytes value, Write write) {
  require_sizes(key.size(), value.size);
  // A key that is there costs no lock.
  if (write == Write::if_absent && find(key) != nullptr) return false;
  Writing writing(*this, memory, key, entry_bytes(key, value));
  for (;;) {
    if (!writing.lock(true)) {
      const Offset made = writing.make_entry(value);
      if (towers_.plant(writing.stripe(), made)) {
        writing.stripe().count(1);
        return true;
      }
      writing.drop_entry(made);
      continue;
    }
    if (!writing.found()) {
      towers_.insert(writing.top(), key, writing.place(), writing.stripe(), writing.make_entry(value));
      writing.stripe().count(1);
      return true;
    }
    if (write == Write::assign) {
      towers_.replace(writing.place(), writing.stripe(), writing.make_version(value));
    } else {
      towers_.unlock_leaf(writing.place());
    }
    return false;
  }
}

template <class Key>
bool SharedList<Key>::replace(SharedMemory& memory, const Key& key, Bytes expected, Bytes desired) {
  require_sizes(key.size(), desired.size);
  const Offset present = towers_.find(towers_.top(), key, view());
  if (present == 0 || !has_value(present, expected)) return false;
  Writing writing(*this, memory, key, entry_bytes(key, desired));
  if (!writing.lock(false)) return false;
  if (!writing.found() || !has_value(writing.entry(), expected)) {
    towers_.unlock_leaf(writing.place());
    return false;
  }
  towers_.replace(writing.place(), writing.stripe(), writing.make_version(desired));
  return true;
}

template <class Key>
bool SharedList<Key>::erase(SharedMemory& memory, const Key& key, const Bytes* expected) {
  const Offset present = towers_.find(towers_.top(), key, view());
  if (present == 0 || (expected != nullptr && !has_value(present, *expected))) return false;
  Writing writing(*this, memory, key, 0);
  if (!writing.lock(false)) return false;
  if (!writing.found() || (expected != nullptr && !has_value(writing.entry(), *expected))) {
    towers_.unlock_leaf(writing.place());
    return false;
  }
  towers_.erase(writing.top(), key, writing.place(), writing.stripe());
  writing.stripe().count(-1);
  return true;
}

template <class Key>
std::size_t SharedList<Key>::separators(Offset* entries, std::size_t count) const {
  return towers_.separators(top(), entries, count, view());
}

template <class Key>
Moment SharedList<Key>::open_snapshot(SharedMemory& memory) {
  Versions& versions = towers_.versions();
  for (;;) {
    if (Versions::Slot* const slot = versions.claim(towers_)) {
      const std::uint32_t s = versions.open(*slot, [&] { arena_.wait_for_writers(); });
      if (s == 0) throw TooLarge("midden: the map has given as many snapshots as it can count; a new one can be made");
      return {slot, s};
    }
    arena_.add_slots(memory);
  }
}

template <class Key>
std::string SharedList<Key>::check() const {
  Check check(towers_, top(), false);
  check.check_levels(size());
  arena_.check(check);
  check.check_memory();
  return check.problems();
}

template <class Key>
const std::byte* ListAt<Key>::find(const Key& key) const noexcept {
  const Offset found = levels().find(top(), key, view());
  return found == 0 ? nullptr : levels().entry(found);
}

template <class Key>
void ListAt<Key>::find_many(const Key* keys, unsigned count, const std::byte** entries) const noexcept {
  levels().find_many(top(), keys, count, entries, view());
}

template <class Key>
std::size_t ListAt<Key>::separators(Offset* entries, std::size_t count) const {
  return levels().separators(top(), entries, count, view());
}

template <class Key>
std::size_t ListAt<Key>::count() const noexcept {
  std::size_t entries = 0;
  Levels::Place place;
  const Levels::Top last = top();
  if (last.node == 0) return 0;
  levels().to_end(last, place, view());
  do {
    entries += levels().node(place.leaf().node).count;
    place.steps[0].index = 0;
  } while (levels().to_previous_leaf(last, place, view()));
  return entries;
}

template class SharedList<WordKey>;
template class SharedList<FixedKey>;
template class SharedList<VariableKey>;
template class ListAt<WordKey>;
template class ListAt<FixedKey>;
template class ListAt<VariableKey>;

}  // namespace midden::inline MIDDEN_ABI::containers::skiplist
