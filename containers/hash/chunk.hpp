#pragma once
// Chunk: the heap object that holds a run of buckets, at most 64 KiB of them.
//
//   | bucket 0 | bucket 1 | ... | bucket n-1 |        no header: sizes fit the size classes
//
// A scan function has to know how buckets look; the first bucket's head tells it:
//
//   about chunk   | n, 16 bits | side by side | value refs | key refs | stride / 8, 13 bits |
//
// A chunk whose buckets hold no references is of a leaf type, so marking never touches it. One
// with references is a unit of scanning, which bounds what is scanned in one piece.
//
// Invariant 1: the scan function reports the references of all slots; empty ones hold null.
// Threads: as the map that owns it.

#include <cstddef>
#include <cstdint>

#include <midden/attach.hpp>
#include <midden/build.hpp>
#include <midden/describe.hpp>
#include <midden/root.hpp>
#include <midden/tracer.hpp>

#include "containers/hash/bucket.hpp"

namespace midden::inline MIDDEN_ABI::containers::hash {

struct Chunk {};      // an object of either type
struct LeafChunk {};  // names the type of chunks without references
struct RefChunk {};   // and of those with

inline std::byte* bytes_of(Chunk* chunk) noexcept { return reinterpret_cast<std::byte*>(chunk); }
inline std::byte* bucket_of(Chunk* chunk, std::size_t index, const Layout& layout) noexcept {
  return bytes_of(chunk) + index * layout.stride();
}

// `buckets` empty buckets; at least one. A safepoint.
Root<Chunk> make_chunk(Attach& here, const Layout& layout, std::size_t buckets);

// How many buckets a chunk has.
std::size_t buckets_of(Chunk* chunk) noexcept;

void scan_chunk(Tracer& tracer, const void* chunk);

}  // namespace midden::inline MIDDEN_ABI::containers::hash

namespace midden::inline MIDDEN_ABI::detail {

template <>
struct StaticType<containers::hash::LeafChunk> {
  TypeInfo info{.name = "midden hash map: buckets", .size = containers::hash::head_bytes, .element_size = 8};
};
template <>
struct StaticType<containers::hash::RefChunk> {
  TypeInfo info{.name = "midden hash map: buckets with references",
                .size = containers::hash::head_bytes,
                .element_size = 8,
                .scan = containers::hash::scan_chunk};
};

}  // namespace midden::inline MIDDEN_ABI::detail
