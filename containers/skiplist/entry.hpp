#pragma once
// An entry: one key and its value in the arena.
//
//    | version | header | key ... | length | value ... |
//        4        4*                 4**
//
//     *  keys of variable length: bits 0..23 the key's length, the others 0
//    **  values of variable length
//
// Invariants
//   1. An entry never moves. Its key never changes; the value of a fixed-size entry may be
//      overwritten while no cursor is open.
//   2. The version is the entry's birth, by the clock of snapshots (SharedList); 0 with one writer. While an entry
//      waits for its memory to be free, the word links it to the next that waits. chain.hpp has those that lead to
//      an older version of theirs.
//   3. Entries begin at a multiple of 4; keys and values are read by memcpy.

#include <cstddef>
#include <cstdint>

#include <midden/map_backend.hpp>

#include "containers/skiplist/bytes.hpp"

namespace midden::inline MIDDEN_ABI::containers::skiplist {

// What the entries of one list look like.
struct Layout {
  static constexpr std::size_t fixed_key_at = 4;
  static constexpr std::size_t variable_key_at = 8;
  static constexpr std::size_t max_key_bytes = max_map_key_bytes;
  static constexpr std::size_t max_value_bytes = max_map_value_bytes;
  static_assert(max_key_bytes == 0xFFFFFF, "what the header has room for");

  bool variable_key = false;
  bool variable_value = false;
  bool reference = false;         // the value is an EntryIndex
  std::uint32_t key_bytes = 0;    // of fixed keys
  std::uint32_t value_bytes = 0;  // of fixed values

  // Bytes of an entry with a key and a value of these sizes.
  std::size_t bytes(std::size_t key, std::size_t value) const noexcept {
    return (variable_key ? variable_key_at : fixed_key_at) + key + (variable_value ? 4 : 0) + value;
  }

  Bytes key(const std::byte* entry) const noexcept {
    if (variable_key) return {entry + variable_key_at, load_32(entry + 4) & max_key_bytes};
    return {entry + fixed_key_at, key_bytes};
  }

  Bytes value(const std::byte* entry) const noexcept {
    const Bytes k = key(entry);
    const std::byte* const end = k.data + k.size;
    if (variable_value) return {end + 4, load_32(end)};
    return {end, value_bytes};
  }

  std::size_t bytes(const std::byte* entry) const noexcept { return bytes(key(entry).size, value(entry).size); }
};

// Throws TooLarge where an entry has no room for a key or value of that size.
void require_sizes(std::size_t key, std::size_t value);

}  // namespace midden::inline MIDDEN_ABI::containers::skiplist
