#pragma once
// mimalloc, the allocator of Leijen, Zorn and de Moura, as a peer to compare with.
//
// Its library defines malloc and free, too: a program that is linked with it has no other. So it is
// opened at run time, with its names kept to itself, by the process that measures it (child.hpp);
// in the others, and next to it, malloc is what it was.
//
// A program that was built without it has mimalloc_none.cpp instead of mimalloc.cpp: present() is
// false, and the others throw.
//
// Threads: any, once start() has returned.

#include <cstddef>
#include <new>
#include <string>

namespace bench::mimalloc {

// Whether the program has this peer.
bool present();
std::string version();
// A line for below a table: that there is no such peer. Empty where there is.
std::string missing_note();

// Throws where the library cannot be opened, or where malloc is mimalloc's in this process.
void start();

// Its mi_malloc and mi_free, once it has been started.
extern void* (*take)(std::size_t bytes);
extern void (*give_back)(void* memory);

// Memory with anything in it. Throws std::bad_alloc.
inline void* allocate(std::size_t bytes) {
  void* const memory = take(bytes);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

}  // namespace bench::mimalloc
