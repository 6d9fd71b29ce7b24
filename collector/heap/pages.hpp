#pragma once
// The operating system's pages: the only file that calls mmap, mprotect and madvise.
//
// A reservation is a private mapping without access rights: it costs address space only, also
// where the system does not overcommit. Committing grants access, discarding drops the memory
// and keeps the access.
//
// Huge: the system is asked to back the memory with pages of 2 MiB, where it has some to spare and a
// whole one is committed. What is discarded breaks one up.
//
// Threads: any; its state is constant.

#include "collector/ports.hpp"

namespace midden::inline MIDDEN_ABI::collector {

class SystemPages final : public PageSource {
 public:
  explicit SystemPages(bool huge = false) : huge_(huge) {}
  std::byte* reserve(std::size_t bytes, std::size_t alignment) override;
  void release(std::byte* begin, std::size_t bytes) override;
  bool commit(std::byte* begin, std::size_t bytes) override;
  void discard(std::byte* begin, std::size_t bytes) override;

 private:
  const bool huge_;
};

}  // namespace midden::inline MIDDEN_ABI::collector
