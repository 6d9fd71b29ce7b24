#pragma once
// Maps with the interface of the standard library's, for Batched.
//
// Threads: PlainMap: one writer or many readers; PeerMap: as the map.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "tools/bench/maps/batched.hpp"
#include "tools/bench/maps/guarded.hpp"
#include "tools/bench/peers/maps.hpp"

namespace bench {

// What a thread needs to use such a map: nothing.
struct Anywhere {
  template <class M>
  explicit Anywhere(const M&) {}
};

// What all peers have alike: walks in the order of their iterators, and memory of malloc.
template <class Map>
class PeerMap {
 public:
  using Key = typename Map::key_type;
  using Here = Anywhere;
  using Waiting = maps::Plain;
  static constexpr bool ordered = requires(const Map& map, const Key& key) { map.lower_bound(key); };

  std::size_t size() const { return map_.size(); }
  template <class F>
  void each(Here&, F&& f) const {
    for (const auto& entry : map_) f(entry.second);
  }
  template <class F>
  void from(Here&, const Key& key, F&& f) const {
    for (auto at = map_.lower_bound(key); at != map_.end() && f(at->second); ++at) continue;
  }
  static std::optional<std::size_t> heap_bytes() { return std::nullopt; }
  static std::optional<std::uint64_t> collections() { return std::nullopt; }

 protected:
  Map map_;
};

// A map for one writer or many readers.
template <class Map>
class PlainMap : public PeerMap<Map> {
  using PeerMap<Map>::map_;

 public:
  using typename PeerMap<Map>::Key;
  using Here = Anywhere;
  using Shared = maps::Guarded<PlainMap>;

  void assign(Here&, const Key& key, std::int64_t value) { map_.insert_or_assign(key, value); }
  std::optional<std::int64_t> get(Here&, const Key& key) const {
    const auto place = map_.find(key);
    return place == map_.end() ? std::nullopt : std::optional<std::int64_t>(place->second);
  }
  bool erase(Here&, const Key& key) { return map_.erase(key) != 0; }
};

template <class M>
std::unique_ptr<maps::Subject> make_subject() {
  return std::make_unique<maps::Batched<M>>();
}

// A peer from the map's types with strings and with numbers.
template <class Strings, class Numbers>
MapPeer plain_peer(std::string_view name, std::string_view library, const std::string& version) {
  return {name, library, version, make_subject<PlainMap<Strings>>, make_subject<PlainMap<Numbers>>};
}

}  // namespace bench
