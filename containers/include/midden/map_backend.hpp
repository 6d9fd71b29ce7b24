#pragma once
// What a map backend is: a named implementation of the map on bytes.
//
// `Map<K, V>` turns keys and values into bytes and calls a table of functions; a backend is
// that table. It is chosen once, when a map is made, by the shape of keys and values:
//
//   K = integer, 8-byte value   KeyKind::word       travels in a register
//   K = other fixed value       KeyKind::fixed      n bytes
//   K = std::string_view        KeyKind::variable   any bytes, also none, also zero bytes
//   V = trivially copyable      ValueKind::fixed    n bytes, n may be 0
//   V = std::string_view        ValueKind::variable
//   V = Ref<T>                  ValueKind::reference
//   V = a struct with Refs      ValueKind::composite  n bytes, of which some are references (map_composite.hpp)
//
// Keys come in an order-preserving encoding: a word compares as an unsigned integer, bytes
// compare as memcmp does and then by length. An unordered backend need not care.
//
// Invariants every backend keeps; the conformance suite checks them on each of them
//   1. A key is held once. A failed operation (any exception) leaves the map as it was.
//   2. What `find` returns holds until the next write to the same map or the next safepoint.
//   3. What a cursor shows holds until it moves or closes, also while the thread allocates,
//      collects, writes another map, or erases or overwrites that very entry.
//   4. A walk shows each entry that is there from its begin to its end exactly once, an entry
//      that comes or goes meanwhile at most once. Writes during a walk are allowed; a clear ends it,
//      and erasing the last entry may.
//   5. On an ordered backend a walk shows keys in strictly ascending order.
//   6. The scan function of its state reports every reference that the map holds.
//
// Threads: one writer or many readers at a time, as std containers. The caller is attached.
// Safepoints: only where a function takes `Attach&`; the caller keeps the state object and a
// value that is a reference alive across them.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include <midden/build.hpp>
#include <midden/map_stats.hpp>
#include <midden/ref.hpp>
#include <midden/root.hpp>

namespace midden::inline MIDDEN_ABI {

class Attach;
struct MapComposite;

enum class KeyKind : std::uint8_t { word, fixed, variable };
enum class ValueKind : std::uint8_t { fixed, variable, reference, composite };

// The longest key and value that a map takes, in bytes, whatever its backend.
inline constexpr std::size_t max_map_key_bytes = 0xFFFFFF;
inline constexpr std::size_t max_map_value_bytes = 0xFFFFFFFF;

struct MapShape {
  KeyKind key;
  ValueKind value;
  std::uint32_t key_bytes;    // word: 8; fixed: n; variable: 0
  std::uint32_t value_bytes;  // fixed, composite: n; reference: 8; variable: 0
  const MapComposite& (*composite)() = nullptr;
};

// A key as it travels. word: `word` is the key, `data` is null. Otherwise `word` is the number
// of bytes and `data` their begin (not null, also for no bytes).
struct MapKey {
  std::uint64_t word;
  const std::byte* data;
};

// A value on its way in. reference: `data` is the object itself (or null), size is 8. composite: `data` is the value,
// whose objects the caller keeps alive.
struct MapValue {
  const void* data;
  std::size_t size;
};

// A value as found. `data` is null when the key is absent, else the begin of the value bytes
// (not null for a value of no bytes either); reference: the address of the Ref; composite: that of the value.
struct MapFound {
  const void* data;
  std::size_t size;
};

enum class MapWrite : std::uint8_t {
  assign,    // insert, or overwrite what is there
  if_absent  // insert, or leave what is there
};

struct MapUpsert {
  MapFound place;  // the entry's value after the call
  bool inserted;
};

// Whether writes see to a map's backend first (map_rebuild.hpp); `stressed`: for Stress::rebuild.
enum class MapTended : std::uint8_t { no, automatic, stressed, rebuilding };

// The heap object a backend keeps a map in. A backend's own state begins with it as its first
// base; its type brings the scan function. What it holds itself is the shell's.
class MapState {
 public:
  bool ordered = false;  // whether the map was asked for with order
  MapTended tended = MapTended::no;
  bool plain = false;  // MapOptions::plain

  // Walks that are open, for which a rebuild waits; those of several readers may begin at once.
  // Relaxed, all: between a reader and the writer stands whatever makes the map theirs in turn.
  bool has_walks() const noexcept { return walks_.load(std::memory_order_relaxed) != 0; }
  void begin_walk() const noexcept { walks_.fetch_add(1, std::memory_order_relaxed); }
  void end_walk() const noexcept { walks_.fetch_sub(1, std::memory_order_relaxed); }

 private:
  mutable std::atomic<std::uint32_t> walks_{0};
};

// A cursor's storage, in the frame of whoever walks. The backend owns all but `key` and
// `value`; `held` keeps heap objects of the backend alive.
struct MapCursor {
  MapKey key{};  // what the cursor shows; meaningful after a call returned true
  MapFound value{};
  Root<MapState> map;  // the state that is walked; set by the shell before the first call
  Root<void> held[2];
  alignas(8) std::byte position[64] = {};  // position_as
  std::uint64_t outer[2] = {};             // not the backend's: of a table that wraps it
  alignas(16) std::byte copy[128] = {};
};

// What a backend keeps in a cursor's `position`. It begins as zeros, which must be a value of P.
template <class P>
P& position_as(MapCursor& cursor) noexcept {
  static_assert(std::is_trivially_copyable_v<P> && sizeof(P) <= sizeof cursor.position && alignof(P) <= 8);
  return *std::launder(reinterpret_cast<P*>(cursor.position));
}

inline constexpr std::uint32_t map_ops_version = 6;

struct MapOps;

// A map that stays as it is: a state that nobody writes, and the table that reads it. Such a table has the reading
// functions of a Map's, each under its contract for a map that nobody writes: ordered, size, find, first, next, close,
// stats, locate or seek; where it is ordered seek, last, previous; and what it likes of find_many, separators and
// inspect. Several threads may call them at a time. What they return and show holds until the view is released, the
// bytes in a cursor itself no longer than the cursor.
struct MapView {
  const MapOps* ops;
  Root<MapState> state;
};

struct MapOps {
  std::uint32_t version = map_ops_version;
  bool ordered = false;
  bool composites = false;  // whether it holds values of that kind; else it is asked for no such map

  // A new, empty map. `seed` is random, for hashing and tower heights.
  Root<MapState> (*create)(Attach&, const MapShape&, std::uint64_t seed) = nullptr;
  std::size_t (*size)(const MapState&) = nullptr;
  MapFound (*find)(const MapState&, MapKey) = nullptr;
  // The sizes are within the limits above. Throws OutOfMemory; TooLarge where the map is full.
  MapUpsert (*upsert)(Attach&, MapState&, MapKey, MapValue, MapWrite) = nullptr;
  bool (*erase)(Attach&, MapState&, MapKey) = nullptr;
  void (*clear)(Attach&, MapState&) = nullptr;

  // Cursors: true when the cursor stands on an entry, false at the end. `close` may be called
  // in any state, also twice, and is always called at last. `seek` (first entry whose key is
  // not less) and `last`, `previous` exist on ordered backends only, else null.
  bool (*first)(Attach&, MapState&, MapCursor&) = nullptr;
  bool (*next)(Attach&, MapState&, MapCursor&) = nullptr;
  bool (*seek)(Attach&, MapState&, MapCursor&, MapKey) = nullptr;
  bool (*last)(Attach&, MapState&, MapCursor&) = nullptr;
  bool (*previous)(Attach&, MapState&, MapCursor&) = nullptr;
  void (*close)(MapState&, MapCursor&) = nullptr;

  // Shows the value of one key as a cursor shows it, for `find` of a value that is not copied;
  // true when the key is there. Not a walk: only `close` may follow. Null where `seek` exists
  // and does as well.
  bool (*locate)(Attach&, const MapState&, MapCursor&, MapKey) = nullptr;

  // Reading, in time that has a bound. May begin to sample look-ups, for the next call.
  MapStats (*stats)(Attach&, MapState&) = nullptr;

  // The rest may be null; then the shell does with what stands above.

  // As `find` for each key, in any order. What it returns holds until the next write.
  void (*find_many)(const MapState&, const MapKey* keys, std::size_t count, MapFound* found) = nullptr;
  // Ordered backends: keys that cut the map into pieces of about even size, strictly ascending and
  // none the first; writes `count` at most and returns how many. They hold until the next write or safepoint, of a
  // concurrent table until the thread's next safepoint.
  std::size_t (*separators)(const MapState&, MapKey* keys, std::size_t count) = nullptr;

  // Calls `take` for each entry with its key and value, for a checked heap to look at, under the contract of an
  // inspection function (inspector.hpp): the world is stopped, threads may stand at safepoints of any other
  // function, and a cursor, which has Roots, cannot be had. An entry that is on its way may be shown twice. Null:
  // the map is not looked at. It stands in every table of a map, also that of a view or of a concurrent map.
  void (*inspect)(const MapState&, void (*take)(void* context, MapKey, MapFound), void* context) = nullptr;

  // In tables of views only (MapView). Ends the view: what it holds back may go. Called once, by any attached thread,
  // while none is inside a call; no safepoint, and it throws nothing. Of what is still there of the view only `close`
  // is called after it, for its cursors. Null: it holds nothing back.
  void (*release)(MapState&) = nullptr;

  // Maps that all threads use at once (ConcurrentMap): the table that serves them, with a state of its
  // own. Null: such a map puts locks around maps of this table. Calls come inside a DeferSafepoints scope then, and
  // one that throws SafepointDeferred is repeated; a cursor's move too, so what it throws must leave the cursor fit
  // for that. What a cursor shows is read while other threads write.
  const MapOps* concurrent = nullptr;

  // The rest exists in such a table only, where `find` and `find_many` are null and
  // `upsert` says no place: what they return would hold for nobody knows how long. Every function of the
  // table may be called by several attached threads at a time, and is atomic for its key. A walk shows each entry
  // that is there from its begin to its end exactly once, others at most once.

  // Calls `take` with the key's value, which holds until it returns; it may make roots, but reach no other
  // safepoint and call no map. Returns whether the key was there.
  bool (*visit)(Attach&, MapState&, MapKey, void (*take)(void* context, MapFound), void* context) = nullptr;
  // As `visit` for each key, in any order, with its number; each at a moment of its own. May be null.
  void (*visit_many)(Attach&, MapState&, const MapKey* keys, std::size_t count,
                     void (*take)(void* context, std::size_t key, MapFound), void* context) = nullptr;
  // Stores `desired` where the key has the value `expected`: the same bytes, or the same object. Returns whether.
  bool (*replace)(Attach&, MapState&, MapKey, MapValue expected, MapValue desired) = nullptr;
  // Erases the key where it has that value. Returns whether.
  bool (*erase_if)(Attach&, MapState&, MapKey, MapValue expected) = nullptr;
  // The map as it was at one moment between the call and its return.
  MapView (*snapshot)(Attach&, MapState&) = nullptr;
};

// A backend under its name. `ops` answers which table serves a shape, or null where it cannot.
struct MapBackend {
  std::string name;
  const MapOps* (*ops)(const MapShape&) = nullptr;
};

// Makes a backend known to the whole process, so that an argument or MIDDEN_MAP can name it.
// Throws ConfigError where the name is empty, taken, or `auto`. Any thread.
void register_map_backend(MapBackend backend);

// The backend of that name, or null. Any thread; the answer stays valid.
const MapBackend* find_map_backend(std::string_view name);

// All names, in order of registration: the built-in ones first.
std::vector<std::string> map_backend_names();

}  // namespace midden::inline MIDDEN_ABI
