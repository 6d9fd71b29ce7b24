#pragma once
// Which process something belongs to, as far as fork tells.
//
// The child of a fork has a copy of all memory and one thread. The others of a Runtime, which hold its locks and for
// which its stops would wait, are not there: a Runtime belongs to the process that made it. In the child its thread is
// attached to none, what needs the Runtime throws NotAttached, and whatever ends there (roots, pins, an Attach, the
// Runtime) leaves everything as it is.
//
// Threads: any.

#include <cstdint>

#include <midden/build.hpp>

namespace midden::inline MIDDEN_ABI::runtime {

class Process {
 public:
  // Of the caller.
  Process();
  // False in a child of it.
  bool is_this() const noexcept;

 private:
  std::uint64_t generation_;
};

// What the child's only thread was attached to, it is not: attach.cpp.
void forget_attachment() noexcept;

}  // namespace midden::inline MIDDEN_ABI::runtime
