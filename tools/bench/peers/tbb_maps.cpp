// oneTBB's maps, which several threads may write.
//
//   concurrent_map        a skip list. What it has to erase with (unsafe_erase) is for one thread alone and
//                         searches a node's neighbours from the first node on: its erase is not measured.
//                         Where threads share it, overwriting stands for erasing, so that it grows as they
//                         work. Values are read and overwritten as atomics
//   concurrent_hash_map   a lock for each entry, held while it is read or written
//
// Threads: any; `each` and `from` one.

#include <fmt/format.h>
#include <tbb/concurrent_hash_map.h>
#include <tbb/concurrent_map.h>
#include <tbb/version.h>

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "tools/bench/peers/plain_map.hpp"

namespace bench {

namespace {

template <class Key>
using Memory = std::allocator<std::pair<const Key, std::int64_t>>;

// A map as several threads share it: itself.
template <class M>
class Unguarded {
 public:
  static constexpr std::string_view name = "its own";

  explicit Unguarded(M& map) : map_(map) {}
  template <class Key>
  void assign(Anywhere& here, const Key& key, std::int64_t value) {
    map_.assign(here, key, value);
  }
  template <class Key>
  void erase(Anywhere& here, const Key& key) {
    map_.shared_erase(here, key);
  }
  template <class Key>
  std::optional<std::int64_t> get(Anywhere& here, const Key& key) {
    return map_.get(here, key);
  }

 private:
  M& map_;
};

template <class K>
using SkipListMap = tbb::concurrent_map<K, std::int64_t, std::less<K>, Memory<K>>;
template <class K>
using HashTable = tbb::concurrent_hash_map<K, std::int64_t, tbb::tbb_hash_compare<K>, Memory<K>>;

template <class K>
class SkipList : public PeerMap<SkipListMap<K>> {
  using PeerMap<SkipListMap<K>>::map_;

 public:
  using Key = K;
  using Here = Anywhere;
  using Shared = Unguarded<SkipList>;

  void assign(Here&, const Key& key, std::int64_t value) {
    const auto [place, inserted] = map_.emplace(key, value);
    if (!inserted) std::atomic_ref(place->second).store(value, std::memory_order_relaxed);
  }
  std::optional<std::int64_t> get(Here&, const Key& key) {
    const auto place = map_.find(key);
    if (place == map_.end()) return std::nullopt;
    return std::atomic_ref(place->second).load(std::memory_order_relaxed);
  }
  // Stands for it: writes the value that is there.
  void shared_erase(Here&, const Key& key) {
    const auto place = map_.find(key);
    if (place == map_.end()) return;
    const std::atomic_ref value(place->second);
    value.store(value.load(std::memory_order_relaxed), std::memory_order_relaxed);
  }
};

template <class K>
class HashMap : public PeerMap<HashTable<K>> {
  using PeerMap<HashTable<K>>::map_;

 public:
  using Key = K;
  using Here = Anywhere;
  using Shared = Unguarded<HashMap>;

  void assign(Here&, const Key& key, std::int64_t value) {
    typename HashTable<K>::accessor place;
    map_.insert(place, key);
    place->second = value;
  }
  std::optional<std::int64_t> get(Here&, const Key& key) const {
    typename HashTable<K>::const_accessor place;
    if (!map_.find(place, key)) return std::nullopt;
    return place->second;
  }
  bool erase(Here&, const Key& key) { return map_.erase(key); }
  void shared_erase(Here&, const Key& key) { map_.erase(key); }
};

}  // namespace

std::vector<MapPeer> tbb_maps() {
  constexpr std::string_view library = "onetbb";
  const std::string version = fmt::format("{}.{}", TBB_VERSION_MAJOR, TBB_VERSION_MINOR);
  return {{"tbb_map", library, version, make_subject<SkipList<std::string>>, make_subject<SkipList<std::uint64_t>>},
          {"tbb_hash", library, version, make_subject<HashMap<std::string>>, make_subject<HashMap<std::uint64_t>>}};
}

}  // namespace bench
