#pragma once
// The scenarios, each in a file of its own whose first comment says what it does.

#include "tools/stress/round.hpp"

namespace stress {

void play_graph(const Round& round);
void play_roots(const Round& round);
void play_weak(const Round& round);
void play_slices(const Round& round);
void play_large(const Round& round);
void play_maps(const Round& round);
void play_refusals(const Round& round);
void play_runtimes(const Round& round);
void play_threads(const Round& round);
void play_pins(const Round& round);
void play_concurrent_maps(const Round& round);

}  // namespace stress
