#pragma once
// What every map has that can be read: its parts, walks, and figures.
//
//   MapReading<K, V> ◁── MapShell<K, V>    adds writes (map_shell.hpp)
//                    ◁── LookUps<...>      adds look-ups that find a place in the map (map_look_ups.hpp)
//
//   closes   whether the map may be closed before it dies, as a FrozenMap is; reading it throws std::logic_error
//            from then on, and so do its cursors when they move
//
// Threads: as the map's kind says.

#include <cstddef>
#include <iterator>
#include <stdexcept>
#include <string_view>
#include <type_traits>

#include <midden/attach.hpp>
#include <midden/build.hpp>
#include <midden/describe.hpp>
#include <midden/inspector.hpp>
#include <midden/map_backend.hpp>
#include <midden/map_cursor.hpp>
#include <midden/map_inspect.hpp>
#include <midden/map_key.hpp>
#include <midden/map_value.hpp>
#include <midden/ref.hpp>
#include <midden/root.hpp>

namespace midden::inline MIDDEN_ABI::detail {

// Of a cursor: keeps a map that closes alive, and asks it before each move.
template <class M>
class WhileOpen {
 public:
  explicit WhileOpen(const M& map) : map_(&map) {}
  void require() const { map_->require_open(); }

 private:
  Root<const M> map_;
};

template <class K, class V, bool closes = false>
class MapReading {
 public:
  using Key = K;
  using Value = V;
  using Source = std::conditional_t<closes, WhileOpen<MapReading>, Lasting>;
  using Entry = MapEntry<K, V>;
  using Cursor = MapCursorOf<K, V, Source>;
  using Hit = Found<V>;
  using KeyArgument = detail::KeyArgument<K>;
  using Owned = typename ValueTraits<V>::Owned;

  static constexpr MapShape shape{KeyCodec<K>::kind, ValueTraits<V>::kind, key_bytes<K>(), ValueTraits<V>::bytes,
                                  composite_function<V>()};

  MapReading(const MapReading&) = delete;
  MapReading& operator=(const MapReading&) = delete;

  std::size_t size() const { return parts_.ops->size(own_state()); }
  bool empty() const { return size() == 0; }

  // A walk over all entries; see map_cursor.hpp.
  Cursor begin() const { return Cursor(parts_, own_state(), MapBound(), parts_.ops->first, source()); }
  std::default_sentinel_t end() const { return {}; }

  // See map_stats.hpp. Reading, and a safepoint.
  MapStats stats() const {
    const Root<const MapReading> keep(require_own(parts_), this);
    Attach here(*parts_.runtime);
    return parts_.ops->stats(here, own_state());
  }
  std::string_view backend_name() const { return parts_.backend->name; }

  // For a checked heap.
  static void midden_inspect(const MapReading& self, Inspector& inspector) {
    if (self.is_open()) inspect_map<K, V>(inspector, *self.parts_.ops, *self.state_);
  }

  // For make_map and its like.
  MapReading(const MapParts& parts, const Root<MapState>& state) : parts_(parts), state_(state) {}

 protected:
  const MapParts& parts() const { return parts_; }
  MapState& own_state() const {
    require_own(parts_);
    require_open();
    return *state_;
  }
  // Requires: own_state() would not throw.
  MapState& state() const { return *state_; }
  // To rebuild the map. Both belong together.
  MapParts& own_parts() { return parts_; }
  Ref<MapState>& state_place() { return state_; }
  Source source() const {
    if constexpr (closes) {
      return Source(*this);
    } else {
      return {};
    }
  }
  // A loop of look-ups must not hold up a collection.
  void let_collect() const {
    Mutator& mutator = require_own(parts_);
    if (!mutator.asked()) [[likely]]
      return;
    const Root<const MapReading> keep(mutator, this);
    poll_slow(mutator);
  }

  bool is_open() const noexcept { return state_ != nullptr; }
  // Ends the view that the map shows, the first time.
  void close() noexcept requires(closes) {
    if (!is_open()) return;
    if (parts_.ops->release != nullptr) parts_.ops->release(*state_);
    state_ = nullptr;
  }

 private:
  friend class WhileOpen<MapReading>;

  void require_open() const {
    if constexpr (closes) {
      if (!is_open()) throw std::logic_error("midden: the snapshot of this map has been closed");
    }
  }

  MapParts parts_;
  Ref<MapState> state_;  // null where the map has been closed

 public:
  static constexpr auto midden_refs = refs<MapReading>(&MapReading::state_);
};

}  // namespace midden::inline MIDDEN_ABI::detail
