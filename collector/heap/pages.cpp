#include "collector/heap/pages.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace midden::inline MIDDEN_ABI::collector {

namespace {

constexpr std::size_t huge_bytes = std::size_t{2} << 20;

}  // namespace

std::byte* SystemPages::reserve(std::size_t bytes, std::size_t alignment) {
  if (huge_) alignment = std::max(alignment, huge_bytes);
  const std::size_t wanted = bytes + alignment;
  void* mapped = ::mmap(nullptr, wanted, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (mapped == MAP_FAILED) return nullptr;
  auto* begin = static_cast<std::byte*>(mapped);
  const std::size_t lead = (alignment - reinterpret_cast<std::uintptr_t>(begin) % alignment) % alignment;
  if (lead != 0) ::munmap(begin, lead);
  ::munmap(begin + lead + bytes, alignment - lead);
  // A wish: a system without huge pages says no, and nothing is lost.
  if (huge_) ::madvise(begin + lead, bytes, MADV_HUGEPAGE);
  return begin + lead;
}

void SystemPages::release(std::byte* begin, std::size_t bytes) { ::munmap(begin, bytes); }

bool SystemPages::commit(std::byte* begin, std::size_t bytes) {
  return ::mprotect(begin, bytes, PROT_READ | PROT_WRITE) == 0;
}

void SystemPages::discard(std::byte* begin, std::size_t bytes) {
  // The system keeps pages that the host has locked: then they are zeroed here.
  if (::madvise(begin, bytes, MADV_DONTNEED) != 0) std::memset(begin, 0, bytes);
}

}  // namespace midden::inline MIDDEN_ABI::collector
