#pragma once
// What maps that keep keys in order add: places by key, ranges, and cursors that go back.
//
//   M   Map, ConcurrentMap or FrozenMap; a backend keeps the order, as keys are encoded (map_key.hpp)
//
// Threads: as M says.

#include <cstddef>
#include <iterator>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <midden/attach.hpp>
#include <midden/build.hpp>
#include <midden/describe.hpp>
#include <midden/map_backend.hpp>
#include <midden/map_cursor.hpp>
#include <midden/map_key.hpp>
#include <midden/root.hpp>

namespace midden::inline MIDDEN_ABI::detail {

template <class M>
class Ordered : public M {
  using K = typename M::Key;
  using V = typename M::Value;

 public:
  using M::M;
  using typename M::KeyArgument;
  using Cursor = OrderedCursorOf<K, V, typename M::Source>;

  Cursor begin() const { return place(MapBound(), this->parts().ops->first); }

  // A part of the map, to walk over. It keeps the map alive.
  class Range {
   public:
    Cursor begin() const {
      const MapOps& ops = *map_->parts().ops;
      return map_->place(to_, [&](Attach& here, MapState& state, MapCursor& cursor) {
        return from_.none() ? ops.first(here, state, cursor) : ops.seek(here, state, cursor, from_.key());
      });
    }
    std::default_sentinel_t end() const { return {}; }

   private:
    friend class Ordered;
    Range(const Ordered& map, MapBound from, MapBound to)
        : map_(const_cast<Ordered*>(&map)), from_(std::move(from)), to_(std::move(to)) {}

    Root<Ordered> map_;
    MapBound from_;
    MapBound to_;
  };

  // The first entry whose key is not less.
  Cursor lower_bound(KeyArgument key) const {
    const EncodedKey<K> encoded(key);
    return place(MapBound(),
                 [&encoded, seek = this->parts().ops->seek](Attach& here, MapState& state, MapCursor& cursor) {
                   return seek(here, state, cursor, encoded.key());
                 });
  }
  // The entry with the greatest key.
  Cursor last() const { return place(MapBound(), this->parts().ops->last); }

  // Entries with from <= key < to.
  Range range(KeyArgument from, KeyArgument to) const {
    const EncodedKey<K> begin(from);
    const EncodedKey<K> end(to);
    return Range(*this, MapBound(begin.key()), MapBound(end.key()));
  }
  // Entries with key >= from.
  Range range_from(KeyArgument from) const {
    const EncodedKey<K> begin(from);
    return Range(*this, MapBound(begin.key()), MapBound());
  }
  // Entries whose keys begin with these bytes.
  Range prefix(std::string_view bytes) const requires(std::is_same_v<K, std::string_view>) {
    std::string after(bytes);
    while (!after.empty() && after.back() == '\xFF') after.pop_back();
    if (after.empty()) return range_from(bytes);
    after.back() = static_cast<char>(static_cast<unsigned char>(after.back()) + 1);
    return range(bytes, after);
  }

  // The whole map in up to `parts` ranges of about even size, in order: for several threads to walk
  // at once. Entries that come later may make them uneven, and belong to one range still.
  std::vector<Range> split(std::size_t parts) const {
    const Root<const Ordered> keep(require_own(this->parts()), this);
    std::vector<MapKey> keys(parts == 0 ? 0 : parts - 1);
    const auto separators = this->parts().ops->separators;
    keys.resize(separators == nullptr || keys.empty() ? 0 : separators(this->own_state(), keys.data(), keys.size()));
    std::vector<Range> ranges;
    MapBound from;
    for (const MapKey& key : keys) {
      ranges.push_back(Range(*this, from, MapBound(key)));
      from = MapBound(key);
    }
    ranges.push_back(Range(*this, from, MapBound()));
    return ranges;
  }

 private:
  template <class Place>
  Cursor place(const MapBound& end, Place to) const {
    return Cursor(this->parts(), this->own_state(), end, to, this->source());
  }

 public:
  static constexpr auto midden_refs = refs<Ordered>(base<M>);
};

}  // namespace midden::inline MIDDEN_ABI::detail
