#pragma once
// Cursors: places in a map that show an entry.
//
//   for (auto entry : *map) use(entry.key, entry.value);
//
//   for (auto cursor = map->begin(); cursor; ++cursor)
//     if (stale(cursor.value())) map->erase(cursor.key());
//
// What a cursor shows holds until it moves or dies, also while the thread allocates, collects,
// writes another map, or erases or overwrites that very entry. Views of strings it shows end with
// it (the checked build overwrites them then, see map_shown.hpp). Writes to the map during a walk
// are allowed: an entry that is there from begin to end of the walk is shown exactly once, one that
// comes or goes meanwhile at most once.
//
// Errors: moving a cursor throws NotAttached where the thread is not attached to the map's
// Runtime, std::logic_error where the map has been closed (map_snapshot.hpp), and OutOfMemory; then it
// stands on none. Moving is a safepoint.
// Threads: a cursor belongs to the thread that made it.

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <midden/attach.hpp>
#include <midden/build.hpp>
#include <midden/map_backend.hpp>
#include <midden/map_key.hpp>
#include <midden/map_shown.hpp>
#include <midden/map_value.hpp>
#include <midden/own_runtime.hpp>
#include <midden/root.hpp>

namespace midden::inline MIDDEN_ABI {

// What a cursor shows. The key and value of type std::string_view are views that end with the
// cursor's next move; all else is a copy, or a Root.
template <class K, class V>
struct MapEntry {
  K key;
  typename detail::ValueTraits<V>::View value;
};

namespace detail {

// What a map is served by. The backend and its operations stay valid for the whole run.
struct MapParts {
  const MapBackend* backend;
  const MapOps* ops;
  Runtime* runtime;
};

// Throws TooLarge where a key or value of variable size is beyond what maps take.
void require_sizes(const MapKey& key, const MapValue& value, const MapShape& shape);

// The mutator of this thread, which must be attached to the map's Runtime.
inline Mutator& require_own(const MapParts& parts) { return here_in(parts.runtime, "map"); }

// An end that outlives the arguments it was made from, or none.
class MapBound {
 public:
  MapBound() = default;
  explicit MapBound(MapKey key)
      : word_(key.word),
        bytes_(key.data == nullptr ? "" : std::string(reinterpret_cast<const char*>(key.data), key.word)),
        is_word_(key.data == nullptr),
        is_none_(false) {}
  bool none() const { return is_none_; }
  MapKey key() const { return {word_, is_word_ ? nullptr : address_of(bytes_)}; }

 private:
  std::uint64_t word_ = 0;
  std::string bytes_;
  bool is_word_ = true;
  bool is_none_ = true;
};

// What a cursor asks of its map before it moves, where the map cannot close: nothing.
struct Lasting {
  void require() const noexcept {}
};

}  // namespace detail

template <class K, class V, class Source = detail::Lasting>
class MapCursorOf {
 public:
  using Entry = MapEntry<K, V>;
  using View = typename detail::ValueTraits<V>::View;

  MapCursorOf(const MapCursorOf&) = delete;
  MapCursorOf& operator=(const MapCursorOf&) = delete;
  ~MapCursorOf() {
    parts_.ops->close(*cursor_.map, cursor_);
    if (counted()) cursor_.map->end_walk();
  }

  // Whether it stands on an entry; key, value and moves require that it does.
  explicit operator bool() const { return standing_; }
  K key() const { return detail::decode_key<K>(shown_.key(cursor_)); }
  View value() const { return detail::ValueTraits<V>::view(shown_.value(cursor_)); }
  Entry operator*() const { return {key(), value()}; }

  MapCursorOf& operator++() {
    move(parts_.ops->next);
    return *this;
  }
  friend bool operator==(const MapCursorOf& cursor, std::default_sentinel_t) { return !cursor.standing_; }

  // For maps: `place` puts the cursor on its first entry and tells whether there is one; with an
  // `end` the cursor stops in front of that key.
  template <class Place>
  MapCursorOf(const detail::MapParts& parts, MapState& state, detail::MapBound end, Place place, const Source& source)
      : MapCursorOf(parts, state, std::move(end), source) {
    Attach here(*parts_.runtime);
    safepoint(here);
    stand(place(here, state, cursor_));
  }

 protected:
  const MapOps& ops() const { return *parts_.ops; }
  void move(bool (*step)(Attach&, MapState&, MapCursor&)) {
    standing_ = false;
    detail::require_own(parts_);
    source_.require();
    Attach here(*parts_.runtime);
    safepoint(here);
    stand(step(here, *cursor_.map, cursor_));
  }

 private:
  MapCursorOf(const detail::MapParts& parts, MapState& state, detail::MapBound end, const Source& source)
      : parts_(parts), source_(source), end_(std::move(end)) {
    detail::require_own(parts_);
    cursor_.map = &state;
    if (counted()) state.begin_walk();
  }
  // A map of all threads is not rebuilt, and its threads would have to share the count.
  bool counted() const { return parts_.ops->visit == nullptr; }
  void stand(bool on_entry) {
    const bool stands = on_entry && (end_.none() || detail::key_less(cursor_.key, end_.key()));
    if (stands) {
      shown_.show(cursor_, KeyCodec<K>::kind == KeyKind::variable, detail::ValueTraits<V>::kind == ValueKind::variable);
    }
    standing_ = stands;
  }

  const detail::MapParts parts_;
  [[no_unique_address]] const Source source_;
  const detail::MapBound end_;
  bool standing_ = false;
  MapCursor cursor_;
  [[no_unique_address]] detail::Shown<checked> shown_;
};

// A cursor of an OrderedMap, which can go back.
template <class K, class V, class Source = detail::Lasting>
class OrderedCursorOf : public MapCursorOf<K, V, Source> {
 public:
  using MapCursorOf<K, V, Source>::MapCursorOf;

  OrderedCursorOf& operator++() {
    this->move(this->ops().next);
    return *this;
  }
  // To the entry before; in front of the first one it stands on none.
  OrderedCursorOf& operator--() {
    this->move(this->ops().previous);
    return *this;
  }
};

// What `find` returns: whether the key is there, and its value, which holds as a cursor's does.
template <class V, ValueKind = detail::ValueTraits<V>::kind>
class Found {
 public:
  using View = typename detail::ValueTraits<V>::View;

  explicit operator bool() const { return value_.has_value(); }
  // Requires: found.
  const View& value() const { return *value_; }
  const View& operator*() const { return *value_; }
  const View* operator->() const { return &*value_; }

  explicit Found(std::optional<View> value) : value_(std::move(value)) {}
  Found(const detail::MapParts& parts, const MapState& state, MapKey key) {
    const MapFound found = parts.ops->find(state, key);
    if (found.data != nullptr) value_.emplace(detail::ValueTraits<V>::view(found));
  }

 private:
  std::optional<View> value_;
};

// Values of variable size are not copied: a cursor keeps them.
template <class V>
class Found<V, ValueKind::variable> {
 public:
  using View = typename detail::ValueTraits<V>::View;

  Found(const Found&) = delete;
  Found& operator=(const Found&) = delete;
  ~Found() { parts_.ops->close(*cursor_.map, cursor_); }

  explicit operator bool() const { return found_; }
  View value() const { return detail::ValueTraits<V>::view(shown_.value(cursor_)); }
  View operator*() const { return value(); }

  Found(const detail::MapParts& parts, MapState& state, MapKey key) : Found(parts, state) {
    Attach here(*parts_.runtime);
    safepoint(here);
    if (parts_.ops->locate != nullptr) {
      found_ = parts_.ops->locate(here, state, cursor_, key);
    } else {
      found_ = parts_.ops->seek(here, state, cursor_, key) && !detail::key_less(key, cursor_.key);
    }
    if (found_) shown_.show(cursor_, false, true);
  }

 private:
  Found(const detail::MapParts& parts, MapState& state) : parts_(parts) { cursor_.map = &state; }

  const detail::MapParts parts_;
  bool found_ = false;
  MapCursor cursor_;
  [[no_unique_address]] detail::Shown<checked> shown_;
};

}  // namespace midden::inline MIDDEN_ABI
