#pragma once
// What the case maps does to its subjects, and what that took.
//
//   first map     insert  hit  zipf  miss  hit_many  overwrite  scan  range100  copy  erase
//   second map    insert, the clock read at each; mixed work by one thread, by two
//   copy          insert into one more map, in the order in which a walk shows the first: what is quadratic where
//                 two maps hash alike
//
// All subjects live side by side and take turns: a phase is cut into slices, each the same batch for
// all of them, and another is first each time. What slows the machine for a while slows them all.
//
//   numbers    of twice as many as there are entries a random half is there; the other half, which
//              lies between them, is what is looked up in vain. Mixed work goes through both halves
//   time       of the thread's CPU. A figure is the median of slices, or of whole passes where each
//              entry has its turn once (insert, overwrite, scan, copy, erase)
//   mixed      by the clock on the wall, from when the first thread begins until the last ends. The
//              figure is the best slice: a neighbour that takes the processor from a thread that holds
//              a lock, or from one of two, makes the others worse by what is none of the map's
//   longest    the least of the runs: what was longest in each of them
//   bytes      what malloc gave while the map was filled, with its headers; or what the map says
//
// Threads: the main thread, and others for mixed work.

#include <array>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tools/bench/keys.hpp"
#include "tools/bench/maps/subject.hpp"
#include "tools/bench/timing.hpp"

namespace bench::maps {

struct Candidate {
  std::string name;
  bool backend;  // of Midden
  std::function<std::unique_ptr<Subject>()> make;
};

// What one thread does, timed for each operation: an entry for a scan and a copy, a range for range100.
enum class Phase : std::uint8_t { insert, hit, zipf, miss, hit_many, overwrite, erase, scan, range100, copy };
inline constexpr std::array<std::string_view, 10> phase_names{"insert",    "hit",   "zipf", "miss",     "hit_many",
                                                              "overwrite", "erase", "scan", "range100", "copy"};

// What threads do together: of the operations `writes` percent write, half of them assign and half
// erase.
struct Mix {
  std::string_view name;
  std::size_t threads;
  unsigned writes;
};
inline constexpr std::array<Mix, 3> mixes{{{"mops_t1_w70", 1, 70}, {"mops_t2_w70", 2, 70}, {"mops_t2_w5", 2, 5}}};

struct Figures {
  std::string name;
  bool backend = false;
  bool ordered = false;
  bool erases = false;
  bool looks_up_many = false;
  std::string guard{};
  std::array<Samples, phase_names.size()> phase_ns{};
  std::array<Samples, mixes.size()> mops{};  // operations per microsecond, of all threads
  Samples bytes_per_entry{};
  Samples longest_us{};   // the longest insert of each run
  Samples collections{};  // while that was measured; none of a map that is not collected

  bool has(Phase phase) const {
    if (phase == Phase::hit_many) return looks_up_many;
    return phase == Phase::range100 ? ordered : phase == Phase::erase ? erases : true;
  }
  Samples& ns(Phase phase) { return phase_ns[static_cast<std::size_t>(phase)]; }
};

// `strings`: the style of keys that are strings; without it they are numbers. Throws
// std::runtime_error, which names the subject, where one fails or finds what it should not.
std::vector<Figures> measure(const std::vector<Candidate>& candidates, std::size_t entries,
                             std::optional<KeyStyle> strings, std::size_t repetitions);

}  // namespace bench::maps
