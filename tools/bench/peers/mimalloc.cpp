// mimalloc as it is on this system.

#include "tools/bench/peers/mimalloc.hpp"

#include <dlfcn.h>
#include <fmt/format.h>

#include <cstdlib>
#include <stdexcept>

namespace bench::mimalloc {

void* (*take)(std::size_t) = nullptr;
void (*give_back)(void*) = nullptr;

namespace {

// Opened at the first call. It stays: threads call it when they end.
void* library() {
  static void* const opened = dlopen("libmimalloc.so", RTLD_NOW | RTLD_LOCAL);
  if (opened == nullptr) throw std::runtime_error(fmt::format("mimalloc cannot be opened: {}", dlerror()));
  return opened;
}

template <class Function>
Function* function(const char* name) {
  void* const found = dlsym(library(), name);
  if (found == nullptr) throw std::runtime_error(fmt::format("mimalloc has no {}", name));
  return reinterpret_cast<Function*>(found);
}

bool is_from_mimalloc(void* memory) { return function<bool(const void*)>("mi_is_in_heap_region")(memory); }

// Whether it is what malloc calls in this process.
bool is_malloc() {
  void* const memory = std::malloc(64);
  const bool owned = is_from_mimalloc(memory);
  std::free(memory);
  return owned;
}

}  // namespace

bool present() { return true; }

std::string version() {
  const int all = function<int()>("mi_version")();  // 209 is 2.0.9
  return fmt::format("{}.{}.{}", all / 100, all / 10 % 10, all % 10);
}

std::string missing_note() { return {}; }

void start() {
  take = function<void*(std::size_t)>("mi_malloc");
  give_back = function<void(void*)>("mi_free");
  void* const own = allocate(64);
  const bool knows_its_own = is_from_mimalloc(own);
  give_back(own);
  if (!knows_its_own) throw std::runtime_error("mimalloc does not know its own memory");
  if (is_malloc()) throw std::runtime_error("malloc is mimalloc in this process: there is nothing to compare");
}

}  // namespace bench::mimalloc
