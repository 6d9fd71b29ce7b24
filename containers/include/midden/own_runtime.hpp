#pragma once
// A container's own Runtime: only threads that are attached to it may use the container.
//
// Threads: any.

#include <midden/build.hpp>
#include <midden/mutator.hpp>

namespace midden::inline MIDDEN_ABI::detail {

[[noreturn]] void throw_other_runtime(const char* container, const Runtime& own);

// The mutator of this thread, which must be attached to the container's Runtime. Throws NotAttached.
inline Mutator& here_in(const Runtime* runtime, const char* container) {
  Mutator& mutator = here();
  if (mutator.runtime != runtime) [[unlikely]]
    throw_other_runtime(container, *runtime);
  return mutator;
}
// The same, where an Attach was given, which must be this thread's.
inline Mutator& here_in(const Runtime* runtime, const char* container, const Mutator& given) {
  Mutator& mutator = here_in(runtime, container);
  if (&mutator != &given) [[unlikely]]
    throw_not_attached();
  return mutator;
}

}  // namespace midden::inline MIDDEN_ABI::detail
