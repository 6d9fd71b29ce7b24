// Call stacks of a build without libunwind.

#include "runtime/backtrace.hpp"

namespace midden::inline MIDDEN_ABI::runtime {

CallStack capture_stack(std::size_t, std::size_t) { return {}; }

std::string describe(const CallStack&) { return "  (this build has no call stacks: configured without libunwind)\n"; }

Function function_of_call(void*) { return {}; }
std::string readable(const std::string& symbol) { return symbol.empty() ? "?" : symbol; }

}  // namespace midden::inline MIDDEN_ABI::runtime
