#pragma once
// Calls as a host reads them: its own functions, with files and lines, without those of the library between them.
//
//   inner    a function of the library that is no template: midden::v1::Runtime::collect; nothing of a host is in it
//   header   one that a header of the library makes for a host, whose own code may be in it: midden::v1::make<Leaf>
//
// Names are without arguments: what the linker knows of the function that stands there, and what libdw knows of those
// that were put into it.
//
// Threads: one at a time.

#include <string>
#include <string_view>
#include <vector>

#include "runtime/audit/source_lines.hpp"

namespace midden::inline MIDDEN_ABI::runtime {

// Whether the function whose call returns there is an inner one.
bool is_inner_call(void* address);

// The first three of the calls that are a host's, which return to `frames`, the innermost first: "\n  HEAD  function at
// file.cpp:41\n     called by  ...".
std::string describe_calls(const std::vector<void*>& frames, std::string_view head, const SourceLines& lines);

}  // namespace midden::inline MIDDEN_ABI::runtime
