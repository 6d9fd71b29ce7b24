#pragma once
// The settings of a Runtime. Each has a unit, a default, a meaning of zero, and, where a person
// on call may want to change it without a rebuild, an environment variable that overrides it.
//
// A value that cannot be read is a ConfigError naming the variable, the value and what is
// accepted. A variable that begins with MIDDEN_ and is not known is one, too: a misspelt
// setting is never ignored. Programs with raised privileges do not read the environment.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include <midden/build.hpp>

namespace midden::inline MIDDEN_ABI {

enum class Environment : std::uint8_t { read, ignore };

// What happens at every n-th event of a kind, of each thread by itself; 0: never. For tests of a host and of the
// library. MIDDEN_STRESS=alloc:N,safepoint:N,root:N,resize:N,grace:N,rebuild:N,refuse:N with any of them; it replaces
// all.
//
// They combine: alloc:1 finds most of what misses a root and is the slowest, root:1 with safepoint:50 what is held too
// short, resize:1 with rebuild:100 what a map loses on the way, grace:1 what is read after it was given back, and
// refuse:N, with any other, what a host forgets where memory lacks.
struct Stress {
  // An allocation; a collection before it.
  std::uint32_t alloc = 0;
  // A poll; a collection at it.
  std::uint32_t safepoint = 0;
  // A root that is copied or assigned; a collection at the next safepoint.
  std::uint32_t root = 0;
  // A table, an arena, a column or a slice that takes another size; a collection at the next safepoint, which is in
  // the midst of that where it allocates.
  std::uint32_t resize = 0;
  // A poll; a grace period is asked for (midden/grace.hpp), so that what was taken out is soon used again.
  std::uint32_t grace = 0;
  // A write to a Map; it begins to move to fresh memory of its backend, as Map::compact has it.
  std::uint32_t rebuild = 0;
  // An allocation; it is refused with OutOfMemory, as though there were no memory.
  std::uint32_t refuse = 0;

  bool any() const { return *this != Stress{}; }
  bool operator==(const Stress&) const = default;
};

struct Config {
  Environment environment = Environment::read;

  // A name for messages. Default: "runtime".
  std::string name = "runtime";

  // --- when to collect ----------------------------------------------------------------------

  // MIDDEN_GC_PERCENT. Allocation before the next cycle, in percent of what the last cycle had to
  // visit, above `gc_floor`: 100 lets a heap of 400 MB of scannable objects allocate 400 MB and the floor.
  // Less collects more often and uses less memory. 0 means each time that `gc_floor` has been allocated.
  // `off` (environment) or nullopt: only collect() and the limits start cycles.
  std::optional<std::uint32_t> gc_percent = 100;

  // What is allocated between two cycles that growth starts, however little lives, in bytes: the percentage
  // is added to it, for objects, arenas and external bytes each. Default 32 MiB. 0: the percentage alone.
  std::size_t gc_floor = std::size_t{32} << 20;

  // MIDDEN_MEMORY_LIMIT. Soft limit on committed bytes, segments and tables included: as what lives
  // comes near it cycles come earlier, and past it each cycle gives free memory back to the system.
  // Such cycles take at most half of the time: where they would need more, the heap passes the
  // limit, and CycleReport::capped tells. 0: none.
  std::size_t memory_limit = 0;

  // MIDDEN_HEAP_MAX. Hard limit on committed bytes, as the soft one: past it OutOfMemory, the
  // heap intact. 0: none.
  std::size_t heap_max = 0;

  // Address space to reserve, in bytes; costs no memory. The heap cannot grow beyond it. 0: 256
  // GiB, or as much of it as the system grants (half, a quarter, ... at least 1 GiB).
  std::size_t reserve = 0;

  // --- how to mark --------------------------------------------------------------------------

  // MIDDEN_WORKERS. Threads that mark, the collecting one among them; the others belong to the
  // Runtime and are woken when there is marking enough for them. 0: as many as processors the
  // thread that makes the Runtime may run on, no more than the quotas of the process's control groups
  // allow, at most 16. Above 64 is refused.
  std::uint32_t workers = 0;

  // Fetch ahead of marking what it will touch next. Off is for measuring what that is worth.
  bool mark_prefetch = true;

  // MIDDEN_HUGE_PAGES=1. Asks the system for pages of 2 MiB. Marking and allocating miss less: with them
  // `midden-bench graph --bytes 512MiB` marked in 56 ns an object with one worker instead of 76, 29 with two
  // either way, and `trees` took 0.40 s instead of 0.45; the pauses of `churn` did not change. A small heap
  // takes more memory, and free pages of blocks in use are returned less surely, since the system may put a
  // huge page together again. 0 asks for nothing: where the system gives them to everybody, it still does.
  bool huge_pages = false;

  // --- what happens aside -------------------------------------------------------------------

  // A thread of the Runtime's that finishes sweeping and returns memory to the system, half a second
  // after a cycle and later. Off: the host calls Runtime::idle where it wants that done.
  bool housekeeper = true;

  // Cleanups and destructors of dead objects run on the housekeeper, at once after the cycle that found
  // them, or, without one, in Runtime::idle. Off: in Runtime::run_cleanups only.
  bool run_cleanups = true;

  // --- what to say --------------------------------------------------------------------------

  // MIDDEN_GCTRACE=1. One line a cycle, through `message`; README.md tells its fields.
  bool gctrace = false;

  // MIDDEN_STOP_WARN. A thread that stops later than this after a cycle has asked is told of through
  // `message`, with its name and its call stack there. In milliseconds, default 10; 0: never.
  // Above an hour is refused.
  std::chrono::milliseconds stop_warn{10};

  // MIDDEN_SNAPSHOT_WARN. A snapshot that has been open for longer, and holds back what its map has let go of
  // meanwhile, is told of through `message`, once. In milliseconds, default 60000; 0: never. Above a day is refused.
  std::chrono::milliseconds snapshot_warn{60'000};

  // Where reports go (trace lines, late threads, old snapshots, roots and pins left over). Default: standard
  // error, one line a call. Called on any thread, never while the world is stopped. May not touch the heap or throw.
  std::function<void(std::string_view)> message;

  // --- what to verify -----------------------------------------------------------------------

  // MIDDEN_CHECK=1. At every cycle a second marker must agree with the first, the whole heap is
  // walked, and freed memory is poisoned when it is swept. Maps are gone through entry by entry, and what looks like a
  // reference in a key or a value of bytes is told through `message` (MapOptions::plain). Ten times slower, and more.
  bool check = false;

  // MIDDEN_AUDIT_ROOTS=1. In every pause, words of threads' stacks and registers and of objects that live are looked
  // through for addresses of objects about to die: a root that was forgotten, perhaps. Each is told through `message`,
  // with function, file and line and where the object was allocated; README.md of the runtime tells more. A hundred
  // times slower where much is allocated. A build without libunwind refuses it.
  bool audit_roots = false;

  // MIDDEN_STRESS. See Stress.
  Stress stress;

  // MIDDEN_SEED. Randomness for replay: tower heights, and, under MIDDEN_STRESS only, hash
  // secrets. 0: drawn from the system.
  std::uint64_t seed = 0;

  // Entries of the grey stack, for tests of its overflow. 0: as many as memory allows.
  std::size_t mark_stack_limit = 0;

  // --- maps ---------------------------------------------------------------------------------

  // MIDDEN_MAP. The backend of maps that do not ask for one: hash, skiplist, a registered name, or auto, under which
  // maps begin as hash and move to skiplist when they have become dear to mark (midden/map_rebuild.hpp).
  std::string map = "hash";

  // References that the tables of a map under `auto` may hold, keys' and values', before it moves: some 14 ms of one
  // mark worker. 0: each map that may move does so at its second write.
  std::size_t map_auto_references = 1'000'000;
};

// The configuration after the environment has overridden it. Throws ConfigError.
Config resolve(Config config);

// Bytes from a number with an optional suffix KiB, MiB or GiB: "64MiB". Nothing else is read.
std::optional<std::size_t> parse_bytes(std::string_view text);

}  // namespace midden::inline MIDDEN_ABI
