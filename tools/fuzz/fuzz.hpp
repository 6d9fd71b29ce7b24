#pragma once
// What the targets of libFuzzer have in common. Each is one file with LLVMFuzzerTestOneInput, which libFuzzer calls
// with bytes that it chooses by what code they reach.
//
// The bytes are a tape of numbers for the models of midden-stress: the configuration, the kinds, the operations. So
// whatever bytes come are a history, and each is compared as there. What is not as it must be ends the process by
// SIGABRT, as a sanitizer's finding does; libFuzzer then writes the bytes to a file, which the target takes as
// argument.

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include <midden/midden.hpp>

#include "tools/stress/round.hpp"

namespace fuzz {

// The environment does not count: an input does the same wherever it is tried.
midden::Config configuration(const stress::Round& round, stress::Random& random);

// f(round, random, tape) for bytes as numbers.
template <class F>
void with_tape(const std::uint8_t* bytes, std::size_t size, F&& f) {
  stress::Plan plan;
  plan.seed = 1;
  plan.backends = {"hash", "skiplist"};
  stress::Progress progress;
  const stress::Round round(plan, progress);
  stress::Tape tape({bytes, size});
  stress::Random random(tape);
  std::forward<F>(f)(round, random, tape);
}

}  // namespace fuzz
