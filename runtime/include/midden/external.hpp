#pragma once
// Bytes outside of the heap that an object keeps: its buffer, its texture, its part of another
// library's memory.
//
//   set_external_bytes(image, width * height * 4);
//
// The collector cannot see them. Declared, they start cycles as arenas do, by the same percentage of
// all such bytes that live, count for the soft limit (Config::memory_limit), and end with their
// object; the memory itself is given back by a cleanup or a destructor.
//
// Threads: any attached one.

#include <cstdint>

#include <midden/ref.hpp>

namespace midden::inline MIDDEN_ABI {

namespace detail {
void set_external_bytes(const void* object, std::uint64_t bytes);
std::uint64_t external_bytes(const void* object);
}  // namespace detail

// The object keeps `bytes` from now on: replaces what was declared with it before. `object`: a Root,
// Ref, GlobalRoot or Pin; not null. May collect, before it declares. Throws NotAttached, std::bad_alloc.
template <class N>
void set_external_bytes(const N& object, std::uint64_t bytes) {
  detail::set_external_bytes(detail::as_target(object.get()), bytes);
}
template <class N>
std::uint64_t external_bytes(const N& object) {
  return detail::external_bytes(detail::as_target(object.get()));
}

}  // namespace midden::inline MIDDEN_ABI
