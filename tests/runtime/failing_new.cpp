#include "tests/runtime/failing_new.hpp"

#include <cstdlib>
#include <new>

namespace {

// Allocations that still succeed; below zero: all.
thread_local constinit int allocations_left = -1;
thread_local constinit bool has_failed = false;

}  // namespace

FailingNew::FailingNew(int allocations) noexcept {
  has_failed = false;
  allocations_left = allocations;
}
FailingNew::~FailingNew() { allocations_left = -1; }
bool FailingNew::failed() noexcept { return has_failed; }

void* operator new(std::size_t size) {
  if (allocations_left == 0) {
    allocations_left = -1;
    has_failed = true;
    throw std::bad_alloc();
  }
  if (allocations_left > 0) --allocations_left;
  if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
  throw std::bad_alloc();
}
// Who asks this way goes on without: refused, but not counted, where the next allocation is to fail.
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  return allocations_left == 0 ? nullptr : std::malloc(size == 0 ? 1 : size);
}
void* operator new[](std::size_t size, const std::nothrow_t& nothrow) noexcept { return operator new(size, nothrow); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
