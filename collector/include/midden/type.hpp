#pragma once
// TypeInfo: what the collector has to know of a type of objects.
//
// C++ types get theirs at compile time (describe.hpp). A language runtime fills one in at run
// time and hands it to Runtime::add_type, which copies it.
//
// An object is `size` bytes, then, if `element_size` is not 0, any number of elements:
//
//   | fixed part: `size` bytes, refs at `refs` | element | element | ... | unused |
//   |     ^ used_offset: std::size_t           |<------ that many are scanned ->  |
//
// A type says where its references are in one of three ways: offsets, a scan function, or
// neither (a leaf, which marking never touches). A scan function replaces the offsets.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include <midden/build.hpp>
#include <midden/inspector.hpp>
#include <midden/tracer.hpp>

namespace midden::inline MIDDEN_ABI {

inline constexpr std::size_t max_alignment = 4096;

struct TypeInfo {
  std::string_view name;                  // for messages and reports
  std::size_t size = 0;                   // bytes of the fixed part; at least 1 unless there are elements
  std::size_t alignment = 8;              // a power of two, at most max_alignment
  std::span<const std::uint32_t> refs{};  // byte offsets of references in the fixed part; multiples of 8

  std::size_t element_size = 0;                   // bytes; 0: objects of this type all have `size` bytes
  std::span<const std::uint32_t> element_refs{};  // byte offsets of references in an element
  std::size_t used_offset = 0;                    // of the std::size_t that counts the elements to scan

  ScanFunction scan = nullptr;        // null: the offsets above tell all
  bool scan_beside_mutators = false;  // may `scan` run while mutators run?
  bool segment = false;               // memory of an opaque arena: paced by committed bytes, not by allocation

  InspectFunction inspect = nullptr;  // shows a checked heap what marking does not look into; null: nothing

  bool leaf() const { return scan == nullptr && refs.empty() && element_refs.empty(); }
};

// Throws std::invalid_argument naming the type and what is wrong with its description.
void validate(const TypeInfo& type);

}  // namespace midden::inline MIDDEN_ABI
