#pragma once
// HashState: the heap object in which one map lives, with its two tables.
//
//   hashes   0 ....................... bound ........................ 2^32
//            |  in `now`               |  in `old`                    |      while resizing
//            |  in `now`                                              |      else: bound = 2^32
//
// A resize opens `now` in another size and moves `bound` up, bucket by bucket of `old`, as writes
// happen. Because tables are in hash order one comparison tells where a key is.
//
// Invariants
//   1. An entry is in the table that its hash says; keys are there once.
//   2. `bound` is 2^32 if and only if `old` is none, and else the begin of a bucket of `old`.
//   3. `now` is none only while the map is empty.
//   4. `writes` differs whenever an entry's bytes or place may, `reseeds` or `epoch` when the hashes
//      do; `epoch` differs after the map was empty.
//
// Threads: as the map.

#include <cstddef>
#include <cstdint>

#include <midden/build.hpp>
#include <midden/describe.hpp>
#include <midden/map_backend.hpp>
#include <midden/ref.hpp>

#include "containers/hash/hasher.hpp"
#include "containers/hash/hot_buckets.hpp"
#include "containers/hash/layout.hpp"
#include "containers/hash/table.hpp"

namespace midden::inline MIDDEN_ABI::containers::hash {

struct HashState : MapState {
  HashState(const MapShape& shape, const Hasher::Secret& its_secret, std::uint64_t its_seed)
      : hasher(its_secret, its_seed), layout(shape), secret(&its_secret), seed(its_seed) {}
  // An empty map of the same shape under other hashes.
  HashState(const HashState& other, const Hasher& its_hasher, std::uint64_t its_seed)
      : hasher(its_hasher), layout(other.layout), secret(other.secret), seed(its_seed) {}

  bool resizing() const noexcept { return bound != hash_end; }
  const Table& table_of(HashBound hash) const noexcept { return hash < bound ? now : old; }
  Table& table_of(HashBound hash) noexcept { return hash < bound ? now : old; }

  // Of the table `now`, for HotBuckets: tells it from those before.
  std::uint64_t table_number() const noexcept { return seed + now.log2(); }
  void note_look_up(std::uint32_t hash) const noexcept {
    if (HotBuckets* const asked = hot.get(); asked != nullptr) asked->look_up(table_number(), now.main_of(hash));
  }
  // Whether look-ups are sampled, or hashed by the slow function.
  bool is_watched() const noexcept { return hot.get() != nullptr || hasher.is_siphash(); }

  // A seed that nobody can tell from those before.
  std::uint64_t next_seed() const noexcept { return std::uint64_t{hasher.word(seed)} << 32 | hasher.word(~seed); }
  // The map has become empty: takes another seed, so that what someone has learned of the hashes is
  // of no use, and ends walks.
  void begin_anew() {
    seed = next_seed();
    hasher = Hasher(*secret, seed);
    reseeds = 0;
    ++epoch;
  }

  HashBound bound = hash_end;
  std::size_t entries = 0;
  Hasher hasher;
  Table now;
  Layout layout;
  AtomicRef<HotBuckets> hot;  // null before the map is asked for its figures
  Table old;
  const Hasher::Secret* secret;  // not of the heap
  std::uint64_t seed;
  std::uint64_t writes = 0;
  std::uint64_t epoch = 0;
  std::size_t object_bytes = 0;   // of keys and values that are Bytes
  std::uint32_t resize_rest = 0;  // erasures to wait for before memory is asked for again
  std::uint32_t reseeds = 0;      // since the map was empty; see reseed.hpp

  static constexpr auto midden_refs = refs<HashState>(&HashState::now, &HashState::hot, &HashState::old);
};

inline HashState& state_of(MapState& state) noexcept { return static_cast<HashState&>(state); }
inline const HashState& state_of(const MapState& state) noexcept { return static_cast<const HashState&>(state); }

}  // namespace midden::inline MIDDEN_ABI::containers::hash
