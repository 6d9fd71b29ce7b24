#pragma once
// A failing history made shorter.
//
// The operations of a round draw their numbers independently of each other (random.hpp), so leaving some out leaves
// a round that can be played. Which are needed is found by delta debugging (Zeller and Hildebrandt, 2002): parts are
// left out, larger ones first, and stay out where the round fails all the same.
//
// Threads: as trial.hpp.

#include <cstdint>
#include <vector>

#include "tools/stress/round.hpp"

namespace stress {

struct Shortened {
  std::vector<std::uint64_t> only{};  // empty: it did not fail again
  std::uint64_t trials = 0;
};

// The shortest history found in so many seconds, of a plan that failed once, by a scenario of one thread.
Shortened shortened(const Scenario& scenario, Plan plan, double seconds);

}  // namespace stress
