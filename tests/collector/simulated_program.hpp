#pragma once
// A program by numbers alone, for the pacer: it allocates until the decision asks for a cycle, which
// takes as long as what it has to mark, and finds alive what the test says.
//
//   time    allocating: bytes / rate. A cycle: 1 ns for so many scannable bytes
//   memory  what lives and what is new, each with a sixteenth of tables, and those holes of the
//           cycle before that nothing fits into

#include <algorithm>
#include <cstdint>

#include "collector/heap/metadata.hpp"
#include "collector/pacer.hpp"

namespace midden::collector_tests {

using namespace collector;

inline constexpr std::uint64_t mib = std::uint64_t{1} << 20;

struct Life {
  std::uint64_t scannable = 0;
  std::uint64_t leaves = 0;
  std::uint64_t arenas = 0;
  std::uint64_t external = 0;
};

struct SimulatedProgram {
  explicit SimulatedProgram(const PacerSettings& settings) : pacer(settings) {}

  Pacer pacer;
  double bytes_a_ns = 1;   // that it allocates
  double marked_a_ns = 1;  // scannable bytes
  double fitting = 1;      // of the bytes in holes: those that new objects fit into
  bool lazy = true;        // what is not needed is swept when it is overdue, and held until then

  std::uint64_t held = 0;
  std::uint64_t peak = 0;  // of held bytes
  std::uint64_t cycles = 0;
  std::uint64_t limited = 0;        // of them, those that the soft limit caused
  std::uint64_t allocated = 0;      // in all
  std::uint64_t marked = 0;         // in all
  std::uint64_t running_ns = 0;     // in all
  std::uint64_t collecting_ns = 0;  // in all

  // Allocates until a cycle is due, and collects: `life` is what it finds.
  const PacerDecision& run(const Life& life, Pressure added = {}) {
    const PacerDecision& due = pacer.decision();
    added.allocated = std::min(due.growth.allocated, due.together - std::min(due.together, added.sum()));
    return run_for(time_of(added.sum()), life, added);
  }
  // The same with a time of its own, and a cause.
  const PacerDecision& run_for(std::uint64_t ns, const Life& life, const Pressure& added, Cause asked = Cause::growth) {
    const bool by_limit = pacer.decision().cause(asked, added) != asked;
    take(added.allocated + added.arena);
    const auto cycle_ns = static_cast<std::uint64_t>(static_cast<double>(life.scannable) / marked_a_ns);
    live_ = life.scannable + life.leaves + life.arenas;
    ++cycles;
    limited += by_limit;
    allocated += added.sum();
    marked += life.scannable;
    running_ns += ns;
    collecting_ns += cycle_ns;
    return pacer.pace({.scannable_bytes = life.scannable,
                       .arena_bytes = life.arenas,
                       .live_bytes = live_,
                       .external_bytes = life.external,
                       .held_bytes = held,
                       .added = added,
                       .cycle_ns = cycle_ns,
                       .running_ns = ns,
                       .limited = by_limit});
  }
  std::uint64_t time_of(std::uint64_t bytes) const {
    return static_cast<std::uint64_t>(static_cast<double>(bytes) / bytes_a_ns);
  }
  // From now on.
  void forget_totals() { peak = cycles = limited = allocated = marked = running_ns = collecting_ns = 0; }

 private:
  void take(std::uint64_t bytes) {
    const std::uint64_t full = live_ + live_ / 16;
    const std::uint64_t holes = held - std::min(held, full);
    const auto useless = static_cast<std::uint64_t>(static_cast<double>(holes) * (1 - fitting));
    const bool swept = !lazy || cycles % mark_colours == 0;
    held = std::max(swept ? 0 : held, full + useless + bytes + bytes / 16);
    peak = std::max(peak, held);
  }

  std::uint64_t live_ = 0;
};

}  // namespace midden::collector_tests
