#pragma once
// Walks all buckets of a hash map and says which of its invariants is broken first.

#include <cstddef>
#include <set>
#include <string>

#include "containers/hash/bucket.hpp"
#include "containers/hash/find.hpp"
#include "containers/hash/key.hpp"
#include "containers/hash/state.hpp"

namespace midden::inline MIDDEN_ABI::containers::hash {

class Validator {
 public:
  explicit Validator(HashState& state) : state_(state), layout_(state.layout) {}

  // An empty string where all is well.
  std::string fault() {
    if (state_.old.none() != (state_.bound == hash_end)) return "a bound without an old table, or the other way round";
    if (state_.now.none()) return state_.entries == 0 ? "" : "entries without a table";
    walk(state_.now, 0, state_.bound);
    if (state_.resizing()) walk(state_.old, state_.bound, hash_end);
    if (fault_.empty() && entries_ != state_.entries) fault_ = "the count of entries is wrong";
    if (fault_.empty() && object_bytes_ != state_.object_bytes) fault_ = "the count of object bytes is wrong";
    return fault_;
  }

 private:
  void walk(const Table& table, HashBound from, HashBound to) {
    std::set<BucketNumber> chained;
    for (HashBound begin = from; begin < to && fault_.empty();) {
      const BucketNumber main = table.main_of(begin);
      const HashBound end = table.begin_of(std::size_t{main} + 1);
      chain(table, main, table.begin_of(main), end, to, chained);
      begin = end;
    }
    if (fault_.empty() && chained.size() != table.overflow_in_use())
      fault_ = "overflow buckets in use are not all in chains";
  }

  void chain(const Table& table, BucketNumber main, HashBound begin, HashBound end, HashBound limit,
             std::set<BucketNumber>& chained) {
    for (BucketNumber number = main;;) {
      std::byte* const bucket = table.at(number, layout_);
      const Head& its_head = head(bucket);
      const unsigned count = its_head.count();
      if (number != main && count == 0) return say("an overflow bucket in a chain is empty");
      if (its_head.next != no_bucket && !its_head.full())
        return say("a bucket before the last of its chain is not full");
      for (unsigned slot = 0; slot < slots_per_bucket; ++slot) look_at(bucket, slot, slot < count, begin, end, limit);
      if (its_head.next == no_bucket) return;
      number = its_head.next;
      if (number < table.main_buckets()) return say("a chain goes on in a main bucket");
      if (!chained.insert(number).second) return say("an overflow bucket is in two chains");
    }
  }

  void look_at(std::byte* bucket, unsigned slot, bool full, HashBound begin, HashBound end, HashBound limit) {
    const std::byte* const key = layout_.key(bucket, slot);
    const std::byte* const value = layout_.value(bucket, slot);
    if ((head(bucket).get(slot) != 0) != full) return say("a hole between full slots");
    if (!full) {
      if (layout_.key_refs() && Layout::ref(key)) say("an empty slot names a key");
      if (layout_.value_refs() && Layout::ref(value)) say("an empty slot names a value");
      return;
    }
    ++entries_;
    with_key(layout_, key, [&](const auto& form) {
      const std::uint32_t hash = form.hash(state_.hasher);
      if (hash < begin || hash >= end || hash >= limit) say("an entry is in the wrong bucket");
      if (head(bucket).get(slot) != Head::slot_byte(hash)) say("the slot byte does not fit the hash");
      if (find_entry(state_, form, hash).bucket != bucket) say("an entry is not found where it is");
      object_bytes_ += form.heap_bytes(key);
    });
    if (layout_.values() == Held::as_bytes) object_bytes_ += Bytes::heap_bytes(bytes_in(value)->length());
  }

  void say(const char* what) {
    if (fault_.empty()) fault_ = what;
  }

  HashState& state_;
  const Layout& layout_;
  std::string fault_;
  std::size_t entries_ = 0;
  std::size_t object_bytes_ = 0;
};

}  // namespace midden::inline MIDDEN_ABI::containers::hash
