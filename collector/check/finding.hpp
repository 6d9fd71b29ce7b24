#pragma once
// What a check found wrong: a sentence, and the structure it is about, printed.

#include <optional>
#include <string>

#include <midden/build.hpp>

namespace midden::inline MIDDEN_ABI::collector {

struct Finding {
  std::string what;
  std::string structure;
};

using Checked = std::optional<Finding>;  // nothing: all is right

}  // namespace midden::inline MIDDEN_ABI::collector
