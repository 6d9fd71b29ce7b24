#pragma once
// Runtime: one heap with its collector, threads, roots and settings.
//
// A process may have several; they share nothing. A thread uses one at a time, through Attach.
//
// Threads: all functions from any thread, attached or not, unless they say otherwise. Ending a
// Runtime while threads are attached is fatal; the message names them.

#include <chrono>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <midden/build.hpp>
#include <midden/config.hpp>
#include <midden/error.hpp>
#include <midden/observer.hpp>
#include <midden/report.hpp>
#include <midden/root_source.hpp>
#include <midden/type.hpp>

namespace midden::inline MIDDEN_ABI {

namespace runtime {
class Core;
class AddedTypes;
struct AddedType;
}  // namespace runtime

// A type made at run time, in one Runtime. What takes one throws std::invalid_argument where it
// is empty, another Runtime's, or retired.
class TypeHandle {
 public:
  TypeHandle() = default;
  explicit operator bool() const { return type_ != nullptr; }

 private:
  friend class runtime::AddedTypes;
  TypeHandle(runtime::AddedType& type, std::uint32_t runtime, std::uint32_t use)
      : type_(&type), runtime_(runtime), use_(use) {}
  runtime::AddedType* type_ = nullptr;
  std::uint32_t runtime_ = 0;  // its number in the process
  std::uint32_t use_ = 0;      // of the place `type_`
};

// Pins that are alive.
struct PinReport {
  std::size_t count = 0;
  std::uint64_t oldest_ns = 0;  // age of the oldest
};

// Grace periods (midden/grace.hpp). Formattable by <midden/fmt.hpp>.
struct GraceReport {
  std::uint64_t over = 0;                // the last period that is over
  std::uint64_t asked = 0;               // the last that was asked for
  std::uint64_t waiting_ns = 0;          // how long the one under way has lasted; 0: none is
  std::vector<std::string> waits_for{};  // names of the threads it waits for
};

// An attached thread at a moment. Formattable by <midden/fmt.hpp>.
struct ThreadReport {
  std::string name{};
  bool blocked = false;  // in Blocked, waiting in a call of the Runtime, or stopped
  // From each request to stop until this thread had; stops that found it blocked are not counted.
  Histogram stop{};
};

// Belongs to the process that made it: in a child of fork its functions throw NotAttached, but for config, seed, draw,
// begin_grace_period and grace_period_over; remove_roots, remove_observer and its end do nothing (runtime/README.md).
class Runtime {
 public:
  // Throws ConfigError; OutOfMemory where the system grants no address space.
  explicit Runtime(Config config = {});
  ~Runtime();
  Runtime(const Runtime&) = delete;
  Runtime& operator=(const Runtime&) = delete;

  // Runs a cycle and returns when it is over. Requests that wait while a cycle runs are served
  // together by the next one. This, `idle`, `handshake` and adding and removing of sources and
  // observers are safepoints: the thread is Blocked, in whichever Runtime it runs, while it waits
  // for others. From inside a cycle (observers, root sources) and from a function of a handshake
  // they are fatal.
  void collect();
  // Does work that is waiting, on this thread, for about `budget`: finishes the sweep, and returns
  // memory to the system that has not been needed for a while, and, with Config::run_cleanups, runs
  // cleanups. Returns true when nothing is left for now. For a host's idle moments, and in place of the housekeeper:
  // without one, cleanups run here, in `run_cleanups`, or not before the Runtime ends.
  bool idle(std::chrono::nanoseconds budget);

  // Runs cleanups and destructors of objects that a cycle has found dead, at most so many, on this
  // thread, which is attached for it. Returns how many. Where the housekeeper runs them too they
  // share the work. A safepoint, and what a cleanup may be; fatal from inside a cycle or a handshake.
  std::size_t run_cleanups(std::size_t most = std::numeric_limits<std::size_t>::max());

  // Pauses so far, phase by phase. Formattable by <midden/fmt.hpp>.
  PauseReport pauses() const;
  CycleReport last_cycle() const;
  HeapReport heap() const;
  // Where the memory is, by type, and how much of it is free pieces between objects: the rows with the
  // most free bytes first. As the last cycle found it; collect() before it for the present. Threads
  // that allocate may wait for it. A safepoint, as `idle` is. Formattable by <midden/fmt.hpp>.
  std::vector<SpaceReport> census();
  PinReport pins() const;
  // Those that are attached, in the order in which they came. A thread's times to stop end with its
  // Attach: who wants them asks before, or notes the latest thread of each cycle (CycleReport::late_thread).
  // Fatal in a function of a handshake.
  std::vector<ThreadReport> threads() const;
  const Config& config() const;
  // Random for each Runtime, or Config::seed.
  std::uint64_t seed() const;
  // Another number at each call, which looks random and derives from `seed`: for maps' seeds and the like.
  std::uint64_t draw() noexcept;

  // Copies the description. Throws std::invalid_argument for one that cannot be.
  TypeHandle add_type(const TypeInfo& type);
  // Promises that no more objects of it are made. The Runtime forgets the type at the end of
  // the first cycle that finds none left. The handle and its copies are refused from now on.
  void retire_type(TypeHandle type);

  // Requires: the source outlives its registration.
  void add_roots(RootSource& source);
  void remove_roots(RootSource& source);
  // Requires: the observer outlives its registration.
  void add_observer(Observer& observer);
  void remove_observer(Observer& observer);

  // Runs `f` once for each attached thread, on that thread at its next poll, or on this one
  // while the other is blocked; returns when all are done. The world is not stopped. `f` may
  // not touch the heap, block, wait for others (attach, collect, ask for a handshake) or throw;
  // that it does is fatal.
  void handshake(const std::function<void()>& f);

  // Asks for a grace period (midden/grace.hpp) and returns its number; never waits. The period is over
  // when each thread that runs now has polled, blocked or ended outside of a ReadSection. Also from
  // inside a NoSafepoint scope, and under a host's locks.
  std::uint64_t begin_grace_period();
  // Whether that period is over; then so are those before.
  bool grace_period_over(std::uint64_t period) const noexcept;
  // Asks for one and returns when it is over. As `handshake`, a safepoint; so this thread may be in no
  // ReadSection: that would wait for itself, and is fatal.
  void wait_for_grace_period();
  GraceReport grace() const;
  // Calls upkeep(*this, object) before the next cycle stops the world, for a structure to let go of what has waited for
  // a grace period though nobody writes any more; true: again before the cycle behind that. It runs on the thread that
  // collects, which is Blocked then, beside others that may use the object. So it stores no references but null, does
  // not allocate in the heap, wait for others or throw, and locks only what nobody holds across a safepoint. It is to
  // be short: CycleReport::upkept; after 10 ms the rest waits for the next cycle.
  //
  // Nothing keeps the object for it: one that dies is forgotten. Asked for twice it is done twice. Requires: the object
  // is one of this Runtime and lives, the calling thread runs. Throws std::bad_alloc.
  void before_next_cycle(void* object, bool (*upkeep)(Runtime&, void*));

  // The Runtime that this thread is attached to. Throws NotAttached.
  static Runtime& current();

  // For the library's own rooms.
  runtime::Core& core() { return *core_; }

 private:
  // Throws NotAttached in a child of fork.
  runtime::Core& own() const;

  std::unique_ptr<runtime::Core> core_;
};

}  // namespace midden::inline MIDDEN_ABI
