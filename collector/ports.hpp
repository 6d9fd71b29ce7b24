#pragma once
// All that the collector asks of its surroundings. The runtime implements these; tests bring
// their own. With Observer these are the only calls that go upward.
//
//   World        stops and resumes mutators; proof of a stop is a StoppedWorld
//   RootSource   hands over roots; hosts implement it too, so it is public
//   WeakTable    names objects and does not keep them
//   PageSource   address space and memory
//   Crew         threads that help to mark
//
// Threads: each is called on the thread that collects, or, PageSource, on one that allocates.

#include <cstddef>
#include <cstdint>
#include <string>

#include <midden/build.hpp>
#include <midden/root_source.hpp>

namespace midden::inline MIDDEN_ABI::collector {

class StoppedWorld;

// The mutator that a stop waited for longest, and how long. Without a name: it waited for none.
struct Latest {
  std::string thread{};
  std::uint64_t ns = 0;
};

class World {
 public:
  virtual ~World() = default;
  // Returns when no mutator runs; they run again when the token dies. Not to be nested.
  virtual StoppedWorld stop() = 0;
  // Mutators that the last stop found.
  virtual std::size_t mutators() const = 0;
  // Of the last stop. Requires: the caller stopped the world, which runs again.
  virtual Latest latest() const = 0;

 private:
  friend class StoppedWorld;
  virtual void resume() = 0;
};

// While it lives no mutator runs. Whatever needs stopped threads takes it as an argument.
class StoppedWorld {
 public:
  explicit StoppedWorld(World& world) : world_(world) {}
  ~StoppedWorld() { world_.resume(); }
  StoppedWorld(const StoppedWorld&) = delete;
  StoppedWorld& operator=(const StoppedWorld&) = delete;

 private:
  World& world_;
};

class Heap;

class WeakTable {
 public:
  virtual ~WeakTable() = default;
  // Forgets what is not marked: it is dead.
  virtual void forget_dead(const StoppedWorld& stopped, const Heap& heap) = 0;
};

// What a crew helps with.
class Chore {
 public:
  virtual ~Chore() = default;
  // On a thread of the crew; `number` is its own, from 1 to Crew::helpers().
  virtual void help(std::size_t number) = 0;
};

// Threads that wait to be called.
class Crew {
 public:
  virtual ~Crew() = default;
  // How many can be called; does not change.
  virtual std::size_t helpers() const = 0;
  // Each helper will call `help` once, soon, or late, when it finds nothing left to do. Returns at once.
  // That a helper cannot be had is no error: the caller does the work.
  virtual void call(Chore& chore) = 0;
};

// Address space in whole pages of 4 KiB.
class PageSource {
 public:
  virtual ~PageSource() = default;
  // Address space without memory, aligned to `alignment` (a power of two). Null on failure.
  virtual std::byte* reserve(std::size_t bytes, std::size_t alignment) = 0;
  virtual void release(std::byte* begin, std::size_t bytes) = 0;
  // Makes a part of a reservation usable and zero. False when the system refuses.
  virtual bool commit(std::byte* begin, std::size_t bytes) = 0;
  // Gives the memory of a committed part back; it stays usable and reads as zero.
  virtual void discard(std::byte* begin, std::size_t bytes) = 0;
};

}  // namespace midden::inline MIDDEN_ABI::collector
