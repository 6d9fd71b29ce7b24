#pragma once
// Last words: what happened, the structure it is about, the call stack, then SIGABRT.
//
// For what cannot be an exception: a broken heap, and misuse after which going on would lose
// objects silently. Writes to standard error with plain system calls, part by part; only the names
// in the call stack need memory, and are left out where there is none.

#include <string_view>

#include <midden/build.hpp>

namespace midden::inline MIDDEN_ABI::runtime {

// `structure` may be empty, or several lines.
[[noreturn]] void fatal(std::string_view what, std::string_view structure = {});

}  // namespace midden::inline MIDDEN_ABI::runtime
