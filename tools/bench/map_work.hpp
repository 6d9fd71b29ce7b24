#pragma once
// What the map cases do to a map: fill it in shuffled order, look up keys that are there.
//
// The map is anything with insert(key, value) and get(key): a map of Midden of any backend, or a
// std::map. Key number n has the value n, and the outlier, a key that shares nothing with the
// others, has -1. Only the map's own work is timed: keys are made beforehand, some ten thousand
// at a time.
//
// Threads: one.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include <midden/concurrent_map.hpp>
#include <midden/map.hpp>

#include "tools/bench/keys.hpp"
#include "tools/bench/progress.hpp"
#include "tools/bench/timing.hpp"

namespace bench {

inline constexpr std::string_view outlier_key = "a";

template <class M>
class HeapMapOf {
 public:
  HeapMapOf(midden::Attach& here, std::string_view backend) : here_(here), map_(make(here, {.backend = backend})) {}

  void insert(std::string_view key, std::int64_t value) { map_->insert_or_assign(here_, key, value); }
  std::optional<std::int64_t> get(std::string_view key) const { return map_->get(key); }
  void erase(std::string_view key) { map_->erase(here_, key); }
  midden::MapStats stats() const { return map_->stats(); }

 private:
  using Key = typename M::Key;
  using Value = typename M::Value;
  static midden::Root<M> make(midden::Attach& here, const midden::MapOptions& options) {
    if constexpr (std::is_same_v<M, midden::Map<Key, Value>>) return midden::make_map<Key, Value>(here, options);
    if constexpr (std::is_same_v<M, midden::ConcurrentMap<Key, Value>>) {
      return midden::make_concurrent_map<Key, Value>(here, options);
    }
  }

  midden::Attach& here_;
  midden::Root<M> map_;
};
using HeapMap = HeapMapOf<midden::Map<std::string_view, std::int64_t>>;
using ConcurrentHeapMap = HeapMapOf<midden::ConcurrentMap<std::string_view, std::int64_t>>;

class TreeMap {
 public:
  void insert(std::string_view key, std::int64_t value) { map_.insert_or_assign(std::string(key), value); }
  std::optional<std::int64_t> get(std::string_view key) const {
    const auto place = map_.find(key);
    return place == map_.end() ? std::nullopt : std::optional(place->second);
  }

 private:
  std::map<std::string, std::int64_t, std::less<>> map_;
};

// Fills a map with keys 0 ... count - 1, in parts where that is wanted.
class Filler {
 public:
  Filler(KeyStyle style, std::size_t count) : order_(shuffled(count)), batch_(style) {}

  // Inserts until the map has `entries` of them; returns the seconds that the map has taken.
  template <class M>
  double fill(M& map, std::size_t entries, Progress& progress) {
    double seconds = 0;
    while (filled_ < entries) {
      batch_.clear();
      const std::size_t end = std::min(entries, filled_ + (std::size_t{1} << 14));
      for (; filled_ < end; ++filled_) batch_.add(order_[filled_]);
      const Stopwatch watch;
      for (std::size_t i = 0; i < batch_.size(); ++i) {
        map.insert(batch_.key(i), static_cast<std::int64_t>(batch_.number(i)));
      }
      seconds += watch.seconds();
      progress.step(batch_.size());
    }
    return seconds;
  }

 private:
  std::vector<std::uint32_t> order_;
  std::size_t filled_ = 0;
  KeyBatch batch_;
};

// `count` random keys of those below `entries`, the same in each run.
inline KeyBatch random_hits(KeyStyle style, std::size_t entries, std::size_t count) {
  std::mt19937_64 random(entries);
  std::uniform_int_distribution<std::uint64_t> any(0, entries - 1);
  KeyBatch hits(style);
  for (std::size_t i = 0; i < count; ++i) hits.add(any(random));
  return hits;
}

// Seconds for looking up all of them. Throws where one is missing or has another's value.
template <class M>
double look_up(const M& map, const KeyBatch& hits) {
  std::uint64_t wrong = 0;
  const Stopwatch watch;
  for (std::size_t i = 0; i < hits.size(); ++i) {
    wrong += map.get(hits.key(i)) != static_cast<std::int64_t>(hits.number(i)) ? 1 : 0;
  }
  const double seconds = watch.seconds();
  if (wrong != 0) throw std::runtime_error(std::to_string(wrong) + " look-ups found no value, or a wrong one");
  return seconds;
}

}  // namespace bench
