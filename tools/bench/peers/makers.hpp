#pragma once
// Where the objects of a program come from that is compared with Midden: a maker for each peer.
//
//   maker       subject       make                                        release
//
//   Packaged    bdwgc         GC_MALLOC                                   nothing
//   Tuned       bdwgc-tuned   many at a time, handed out without a call   nothing
//   Malloc      malloc        malloc                                      free
//   Mimalloc    mimalloc      mi_malloc                                   mi_free
//
// A maker is made after Maker::start(), one for each thread, on the stack of that thread: there
// Tuned's list of what it hands out next is found. What it makes is zeroed by bdwgc, and by no
// other. Packaged and Tuned make references that are traced.
//
//   start(workers, threads)   `workers` mark, 0: as many as bdwgc has by itself; `threads` make
//   there()                   whether the program was built with the peer
//
// Threads: start() before all others; a maker belongs to its thread.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <new>

#include "tools/bench/peers/bdwgc.hpp"
#include "tools/bench/peers/mimalloc.hpp"

namespace bench {

class Packaged {
 public:
  static constexpr const char* name = "bdwgc";
  static constexpr bool collects = true;
  static bool there() { return bdwgc::present(); }
  static void start(std::uint32_t workers, std::size_t threads) {
    bdwgc::start({.markers = workers, .threads = threads > 1});
  }

  static void* make(std::size_t bytes) { return bdwgc::allocate(bytes); }
  static void release(void*) {}
};

// What it makes has one size.
class Tuned {
 public:
  static constexpr const char* name = "bdwgc-tuned";
  static constexpr bool collects = true;
  static bool there() { return bdwgc::present(); }
  static void start(std::uint32_t workers, std::size_t threads) {
    bdwgc::start({.tuned = true, .markers = workers, .threads = threads > 1});
  }

  void* make(std::size_t bytes) { return bdwgc::take(ready_, bytes); }
  static void release(void*) {}

 private:
  void* ready_ = nullptr;
};

class Malloc {
 public:
  static constexpr const char* name = "malloc";
  static constexpr bool collects = false;
  static bool there() { return true; }
  static void start(std::uint32_t, std::size_t) {}

  static void* make(std::size_t bytes) {
    void* const memory = std::malloc(bytes);
    if (memory == nullptr) throw std::bad_alloc();
    return memory;
  }
  static void release(void* memory) { std::free(memory); }
};

class Mimalloc {
 public:
  static constexpr const char* name = "mimalloc";
  static constexpr bool collects = false;
  static bool there() { return mimalloc::present(); }
  static void start(std::uint32_t, std::size_t) { mimalloc::start(); }

  static void* make(std::size_t bytes) { return mimalloc::allocate(bytes); }
  static void release(void* memory) { mimalloc::give_back(memory); }
};

// A thread that makes objects of Maker, beside the one that called start().
template <class Maker>
class MakerThread {};
template <>
class MakerThread<Packaged> : bdwgc::Registered {};
template <>
class MakerThread<Tuned> : bdwgc::Registered {};

// One object, zero.
template <class T, class Maker>
T* make_one(Maker& maker) {
  void* const memory = maker.make(sizeof(T));
  if constexpr (Maker::collects) {
    return static_cast<T*>(memory);
  } else {
    return new (memory) T{};
  }
}

}  // namespace bench
