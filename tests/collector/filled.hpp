#pragma once
// Whether memory holds one value throughout. By one comparison: a sanitizer looks at each access.

#include <cstddef>
#include <cstring>

namespace midden::collector_tests {

// Requires: there is a byte.
inline bool is_filled(const std::byte* begin, std::size_t bytes, std::byte content) {
  return begin[0] == content && std::memcmp(begin, begin + 1, bytes - 1) == 0;
}

inline bool is_zero(const std::byte* begin, std::size_t bytes) { return is_filled(begin, bytes, std::byte{0}); }

}  // namespace midden::collector_tests
