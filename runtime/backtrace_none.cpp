// Call stacks of a build without libunwind.

#include "runtime/backtrace.hpp"

namespace midden::inline MIDDEN_ABI::runtime {

CallStack capture_stack(std::size_t) { return {}; }

std::string describe(const CallStack&) { return "  (this build has no call stacks: configured without libunwind)\n"; }

}  // namespace midden::inline MIDDEN_ABI::runtime
