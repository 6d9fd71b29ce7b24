#include "containers/skiplist/shared/list.hpp"

#include "containers/skiplist/check.hpp"
#include "containers/skiplist/search.hpp"

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
      top_ = list_.towers_.top();
      if (top_.node == 0) return false;
      list_.towers_.locate(top_, key_, place_);
      if (!list_.towers_.lock_leaf(place_)) continue;
      if (!may_insert || place_.found || !list_.towers_.is_full(place_)) return true;
      if (stripe_->node_count >= SharedTowers::nodes_for_cut) return true;
      list_.towers_.unlock_leaf(place_);
      nodes_ = SharedTowers::nodes_for_cut;
    }
  }

  Stripe& stripe() noexcept { return *stripe_; }
  Levels::Top top() const noexcept { return top_; }
  Levels::Place& place() noexcept { return place_; }
  bool found() const noexcept { return place_.found; }
  Offset entry() const noexcept { return list_.towers_.node(place_.leaf().node).target(place_.leaf().index); }

  Offset make_entry(Bytes value) noexcept {
    const Offset made = list_.arena_.take_entry(*stripe_, entry_bytes_);
    write_entry(list_.layout(), list_.towers_.entry(made), key_, value);
    return made;
  }
  void drop_entry(Offset made) noexcept { list_.arena_.give_entry(*stripe_, made, entry_bytes_); }

 private:
  void make_ready() {
    for (;;) {
      if (stripe_ == nullptr) stripe_ = &list_.arena_.hold();
      if (list_.arena_.make_ready(*stripe_, nodes_, entry_bytes_)) return;
      list_.arena_.drain_all(memory_, *stripe_);
      if (list_.arena_.make_ready(*stripe_, nodes_, entry_bytes_)) return;
      // An erase makes room, so it makes do with little.
      static_assert(SharedTowers::nodes_for_copy == 1);
      if (entry_bytes_ == 0 && (stripe_->node_count > 0 || list_.arena_.take_last_node(memory_, *stripe_))) return;
      stripe_->release();
      stripe_ = nullptr;
      list_.arena_.grow(memory_, entry_bytes_);
    }
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
  const Offset found = towers_.find(towers_.top(), key);
  return found == 0 ? nullptr : towers_.entry(found);
}

template <class Key>
bool SharedList<Key>::has_value(Offset entry, Bytes value) const noexcept {
  return equal(layout().value(towers_.entry(entry)), value);
}

template <class Key>
bool SharedList<Key>::upsert(SharedMemory& memory, const Key& key, Bytes value, Write write) {
  require_sizes(key.size(), value.size);
  // A key that is there costs no lock.
  if (write == Write::if_absent && find(key) != nullptr) return false;
  Writing writing(*this, memory, key, layout().bytes(key.size(), value.size));
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
      towers_.replace(writing.place(), writing.stripe(), writing.make_entry(value));
    } else {
      towers_.unlock_leaf(writing.place());
    }
    return false;
  }
}

template <class Key>
bool SharedList<Key>::replace(SharedMemory& memory, const Key& key, Bytes expected, Bytes desired) {
  require_sizes(key.size(), desired.size);
  const Offset present = towers_.find(towers_.top(), key);
  if (present == 0 || !has_value(present, expected)) return false;
  Writing writing(*this, memory, key, layout().bytes(key.size(), desired.size));
  if (!writing.lock(false)) return false;
  if (!writing.found() || !has_value(writing.entry(), expected)) {
    towers_.unlock_leaf(writing.place());
    return false;
  }
  towers_.replace(writing.place(), writing.stripe(), writing.make_entry(desired));
  return true;
}

template <class Key>
bool SharedList<Key>::erase(SharedMemory& memory, const Key& key, const Bytes* expected) {
  const Offset present = towers_.find(towers_.top(), key);
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
std::string SharedList<Key>::check() const {
  Check check(towers_, top(), false);
  check.check_levels(size());
  arena_.check(check);
  check.check_memory();
  return check.problems();
}

template class SharedList<WordKey>;
template class SharedList<FixedKey>;
template class SharedList<VariableKey>;

}  // namespace midden::inline MIDDEN_ABI::containers::skiplist
