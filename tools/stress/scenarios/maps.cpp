// Maps of every backend beside std::map, with snapshots, walks, pins, and moves to other backends.
//
// What is compared, and when, stands in map_model.hpp.
//
// Threads: one, and the Runtime's own.

#include "tools/stress/map_model.hpp"
#include "tools/stress/scenarios/scenarios.hpp"

namespace stress {

void play_maps(const Round& round) {
  midden::Runtime runtime(round.configuration(round.setting(0), true));
  midden::Attach here(runtime);
  Random random = round.setting(1);
  with_map(round, runtime, here, random, [&](auto& model) {
    round.each([&](Random& of_operation) { model.operate(of_operation); });
    model.collect();
    model.finish();
  });
}

}  // namespace stress
