#pragma once
// String: an immutable run of bytes in the heap.
//
//   | size | bytes ... |         8 + size bytes; any bytes, zero bytes too
//
// Threads: immutable once made, so any may read it.

#include <cstddef>
#include <string_view>

#include <midden/attach.hpp>
#include <midden/build.hpp>
#include <midden/describe.hpp>
#include <midden/root.hpp>

namespace midden::inline MIDDEN_ABI {

class String {
 public:
  static constexpr Leaf midden_leaf{};

  String(const String&) = delete;
  String& operator=(const String&) = delete;

  std::size_t size() const noexcept { return size_; }
  const char* data() const noexcept { return reinterpret_cast<const char*>(this + 1); }
  // Valid as long as the string is alive.
  std::string_view view() const noexcept { return {data(), size_}; }

  friend bool operator==(const String& a, const String& b) noexcept { return a.view() == b.view(); }
  friend bool operator==(const String& a, std::string_view b) noexcept { return a.view() == b; }

 private:
  friend Root<String> make_string(Attach& here, std::string_view text);
  friend Root<String> make_string(std::string_view text);
  explicit String(std::size_t size) : size_(size) {}

  std::size_t size_;
};

namespace detail {

template <>
struct StaticType<String> {
  TypeInfo info{.name = "midden::String", .size = sizeof(String), .alignment = alignof(String), .element_size = 1};
};

}  // namespace detail

// A copy of `text`. Where `text` lies in a heap object, the caller keeps that object alive.
// Throws OutOfMemory, NotAttached.
Root<String> make_string(std::string_view text);
Root<String> make_string(Attach& here, std::string_view text);

}  // namespace midden::inline MIDDEN_ABI
