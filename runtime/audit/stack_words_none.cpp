// Of a build without libunwind: nothing is found.

#include "runtime/audit/stack_words.hpp"

namespace midden::inline MIDDEN_ABI::runtime {

bool StackWords::supported() { return false; }

void StackWords::record() noexcept {}

std::string StackWords::describe_place(std::int32_t) { return {}; }

}  // namespace midden::inline MIDDEN_ABI::runtime
