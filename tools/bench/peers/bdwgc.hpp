#pragma once
// bdwgc, the conservative collector of Boehm, Demers and Weiser, as a peer to compare with.
//
//   as packaged   GC_INIT with its defaults, GC_MALLOC
//   tuned         references inside objects name their starts only; objects of one size are taken
//                 many at a time (GC_malloc_many) and handed out without a call
//
// It is one collector for the process and takes its settings before it begins: each measurement
// has a process of its own (child.hpp). What malloc gave is not searched for references; static
// data, the stack and registers are.
//
// A program that was built without bdwgc has bdwgc_none.cpp instead of bdwgc.cpp: present() is
// false, and the others throw.
//
// Threads: the one that called start(), and where its settings say so those that are Registered.

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace bench::bdwgc {

// Whether the program has this peer.
bool present();
std::string version();
// A line for below a table: that there is no such peer. Empty where there is.
std::string missing_note();

struct Settings {
  bool tuned = false;
  unsigned markers = 1;  // threads that mark, the collecting one among them; 0: as many as it has by itself
  bool threads = false;  // others than this one allocate, too
};

// Throws where it does not get the markers: GC_MARKERS in the environment overrides them.
void start(const Settings& settings);

// While it lives another thread than the one that called start() may allocate: its stack is
// searched. Belongs to that thread.
class Registered {
 public:
  Registered();
  ~Registered();
  Registered(const Registered&) = delete;
  Registered& operator=(const Registered&) = delete;
};

// Zeroed memory with references in it, or without (which is not zeroed). Throws std::bad_alloc.
void* allocate(std::size_t bytes);
void* allocate_leaf(std::size_t bytes);

// Objects linked by their first words, of which only the first need be referred to.
void* allocate_many(std::size_t bytes);

// As `allocate`, from the objects in `ready`, a list that is null at first. It has one size and one
// thread, and stands where it is traced.
inline void* take(void*& ready, std::size_t bytes) {
  if (ready == nullptr) ready = allocate_many(bytes);
  void** const object = static_cast<void**>(ready);
  ready = *object;
  *object = nullptr;
  return object;
}

// With a list that is static data: for the thread that called start(), and one size in a process.
extern void* ready_list;
inline void* allocate_one(std::size_t bytes) { return take(ready_list, bytes); }

// Keeps one object alive, and what it refers to, until the next call.
void keep(void* object);

void collect();
// Its mark stack has room for 4,096 objects at first and doubles in a cycle that needs more, in
// which what did not fit is searched for in the whole heap. Collects as often as it takes to have
// room for `objects`, if what is alive needs that much now: what comes then is its usual speed.
void settle(std::size_t objects);
// Bytes of the blocks that hold objects.
std::size_t memory_use();

struct Cycle {
  std::uint64_t stop_ns = 0;   // until all other threads have stopped
  std::uint64_t start_ns = 0;  // until they have been told to run
  std::uint64_t mark_ns = 0;   // with the search of static data and stack
  std::uint64_t pause_ns = 0;  // the world stopped, to its running again; what is reclaimed afterwards is not in it
};
// All so far. No other thread allocates meanwhile.
const std::vector<Cycle>& cycles();

}  // namespace bench::bdwgc
