#pragma once
// Rounds in a process of their own: whatever becomes of it, the parent knows where it was.
//
//   parent   forks, reads notes, waits     | pipe | notes of fixed size: a round has begun, ended, failed
//   child    plays round after round       '------'
//
// A round fails by what a scenario says (failure.hpp), by an exception, by the death of the process (a checked heap
// that stops it, a fault, a sanitizer), or by hanging: no operation begins for a while; then it is made to die. A
// handler of the signals that end a process notes how far the threads were, and lets the signal go on. Of a death
// without a note (SIGKILL) only the round is known.
//
// Threads: the parent has no other when it forks, and no Runtime.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "tools/stress/round.hpp"

namespace stress {

struct Fault {
  Plan plan{};  // of the round; its operations end with the one that failed, where that is known
  std::string words{};
  bool hung = false;
  bool known = false;  // at which operation
};

struct Trial {
  std::uint64_t rounds = 0;
  std::uint64_t operations = 0;
  std::optional<Fault> fault{};
};

// The seed of the round behind the one with this seed.
std::uint64_t next_seed(std::uint64_t seed);

enum class Rounds : std::uint8_t { one, until_time };

// Plays one round, by `plan`; or more, the others with the seeds that follow, until the time `plan.until`, or until one
// fails. `quiet`: nothing of what the child says is seen. It hangs where no operation begins for `patience`.
Trial try_rounds(const Scenario& scenario, const Plan& plan, Rounds rounds, bool quiet,
                 std::chrono::milliseconds patience = std::chrono::minutes(2));

}  // namespace stress
