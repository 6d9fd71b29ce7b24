// Of a build without libdw: no lines are known.

#include "runtime/audit/source_lines.hpp"

namespace midden::inline MIDDEN_ABI::runtime {

SourceLines::SourceLines() = default;
SourceLines::~SourceLines() = default;

std::vector<Position> SourceLines::of_call(const void*) const { return {}; }

}  // namespace midden::inline MIDDEN_ABI::runtime
