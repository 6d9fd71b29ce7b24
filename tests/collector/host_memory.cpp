#include "tests/collector/host_memory.hpp"

#include <cstdlib>
#include <new>

namespace midden::collector_tests {
namespace {

thread_local bool refusing = false;

void* allocate(std::size_t bytes) noexcept { return refusing ? nullptr : std::malloc(bytes == 0 ? 1 : bytes); }

}  // namespace

NoHostMemory::NoHostMemory() { refusing = true; }
NoHostMemory::~NoHostMemory() { refusing = false; }

}  // namespace midden::collector_tests

// The array forms too: a sanitizer's would not come here by themselves.
void* operator new(std::size_t bytes) {
  if (void* memory = midden::collector_tests::allocate(bytes)) return memory;
  throw std::bad_alloc();
}
void* operator new[](std::size_t bytes) { return operator new(bytes); }
void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept {
  return midden::collector_tests::allocate(bytes);
}
void* operator new[](std::size_t bytes, const std::nothrow_t&) noexcept {
  return midden::collector_tests::allocate(bytes);
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }
