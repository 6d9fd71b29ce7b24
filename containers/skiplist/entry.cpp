#include "containers/skiplist/entry.hpp"

#include <string>

#include <midden/error.hpp>

namespace midden::inline MIDDEN_ABI::containers::skiplist {

void require_sizes(std::size_t key, std::size_t value) {
  const auto require = [](const char* what, std::size_t size, std::size_t most) {
    if (size <= most) return;
    throw TooLarge("midden: a " + std::string(what) + " of an ordered map is limited to " + std::to_string(most) +
                   " bytes, this one has " + std::to_string(size));
  };
  require("key", key, Layout::max_key_bytes);
  require("value", value, Layout::max_value_bytes);
}

}  // namespace midden::inline MIDDEN_ABI::containers::skiplist
