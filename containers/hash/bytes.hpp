#pragma once
// Bytes: a run of bytes in the heap, for a key or value that no bucket holds inline.
//
//   | length | hash | bytes ... |         8 + length bytes; a key of 16 bytes takes 24
//     u32      u32
//
// Keys carry the hash that places them, so that moving an entry to another table reads eight
// bytes of the key and not the rest. Values have 0 there.
//
// A leaf: marking touches its metadata and never the object.
// Threads: immutable once made, but for the hash, which belongs to the map's writer.

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>

#include <midden/attach.hpp>
#include <midden/build.hpp>
#include <midden/describe.hpp>
#include <midden/make.hpp>
#include <midden/map_backend.hpp>
#include <midden/root.hpp>

namespace midden::inline MIDDEN_ABI::containers::hash {

class Bytes {
 public:
  static constexpr Leaf midden_leaf{};
  static_assert(max_map_key_bytes <= 0xFFFFFFFF && max_map_value_bytes <= 0xFFFFFFFF);

  Bytes(const Bytes&) = delete;
  Bytes& operator=(const Bytes&) = delete;

  std::uint32_t length() const noexcept { return length_; }
  std::uint32_t hash() const noexcept { return hash_; }
  const std::byte* data() const noexcept { return reinterpret_cast<const std::byte*>(this + 1); }
  // For a map that changes its seed.
  void set_hash(std::uint32_t hash) noexcept { hash_ = hash; }

  // What an object of that many bytes takes of the heap, before its size class rounds it up.
  static std::size_t heap_bytes(std::size_t length) noexcept {
    return length <= 8 ? 16 : (sizeof(Bytes) + length + 7) & ~std::size_t{7};
  }

  // A copy of `length` bytes, as many as a map takes. A safepoint; the source is the caller's to keep.
  static Root<Bytes> make(Attach& here, const void* from, std::size_t length, std::uint32_t hash);

 private:
  Bytes(std::uint32_t length, std::uint32_t hash) : length_(length), hash_(hash) {}

  std::uint32_t length_;
  std::uint32_t hash_;
};
static_assert(sizeof(Bytes) == 8);

}  // namespace midden::inline MIDDEN_ABI::containers::hash

namespace midden::inline MIDDEN_ABI::detail {

template <>
struct StaticType<containers::hash::Bytes> {
  TypeInfo info{.name = "midden hash map: bytes",
                .size = sizeof(containers::hash::Bytes),
                .alignment = alignof(containers::hash::Bytes),
                .element_size = 1};
};

}  // namespace midden::inline MIDDEN_ABI::detail

namespace midden::inline MIDDEN_ABI::containers::hash {

inline Root<Bytes> Bytes::make(Attach& here, const void* from, std::size_t length, std::uint32_t hash) {
  std::byte* memory = detail::allocate_elements(here.mutator(), detail::type_slot<Bytes>, type_info<Bytes>(), length);
  auto* bytes = new (static_cast<void*>(memory)) Bytes(static_cast<std::uint32_t>(length), hash);
  if (length != 0) std::memcpy(memory + sizeof(Bytes), from, length);
  detail::publish_object();
  return Root<Bytes>(here.mutator(), bytes);
}

}  // namespace midden::inline MIDDEN_ABI::containers::hash
