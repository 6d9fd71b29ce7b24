// Maps, slices and objects where the system refuses each n-th request for memory: nothing that was there is lost.
//
// Each operation either happens or throws OutOfMemory and has changed nothing; the models, which are changed behind it,
// say which. In the end everything is compared, as far as that gets with so little.
//
// Threads: one, and the Runtime's own.

#include "tools/stress/map_model.hpp"
#include "tools/stress/scenarios/scenarios.hpp"
#include "tools/stress/slice_model.hpp"

namespace stress {

void play_refusals(const Round& round) {
  midden::Config config = round.configuration(round.setting(0), true);
  config.stress.refuse = static_cast<std::uint32_t>(8 + round.setting(2).below(30));
  midden::Runtime runtime(config);
  midden::Attach here(runtime);
  SliceModel<midden::Ref<Node>> slices(round, runtime, here);
  const auto operate = [&](auto& model, Random& random) {
    try {
      model.operate(random);
    } catch (const midden::OutOfMemory&) {
      round.tell("refused");
    }
  };
  const auto play = [&](auto& map) {
    round.each([&](Random& random) { random.one_in(4) ? operate(slices, random) : operate(map, random); });
    try {
      map.collect();
      slices.collect();
    } catch (const midden::OutOfMemory&) {
    }
  };
  unsigned tries = 0;
  for (bool made = false; !made;) {
    must(++tries < 100, "no map can be made where each {}th allocation is refused", runtime.config().stress.refuse);
    Random random = round.setting(1);
    try {
      with_map(round, runtime, here, random, [&](auto& map) {
        made = true;
        play(map);
      });
    } catch (const midden::OutOfMemory&) {
      if (made) throw;
    }
  }
}

}  // namespace stress
