#pragma once
// Call stacks of the calling thread. backtrace.cpp is the only file that knows libunwind; a build
// without it has backtrace_none.cpp, whose stacks are empty and say so.
//
// Threads: any; not from a signal handler.

#include <array>
#include <cstddef>
#include <string>

#include <midden/build.hpp>

namespace midden::inline MIDDEN_ABI::runtime {

struct CallStack {
  static constexpr std::size_t max_frames = 48;
  std::array<void*, max_frames> frames{};
  std::size_t count = 0;
};

// The stack of the caller, without its `skip` innermost frames, of so many at most.
CallStack capture_stack(std::size_t skip, std::size_t most = CallStack::max_frames);

// One line a frame: "  #0 function + offset".
std::string describe(const CallStack& stack);

// The function whose call returns to `address`.
struct Function {
  std::string symbol;  // as the linker has it; empty: not known
  std::size_t offset;  // of the call in it
};
Function function_of_call(void* address);

// A symbol as it is written in C++; "?" for none.
std::string readable(const std::string& symbol);

}  // namespace midden::inline MIDDEN_ABI::runtime
