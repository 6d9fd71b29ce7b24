// Slices of integers and of references that grow, share arrays, are cut and pinned, beside vectors.
//
// What is compared stands in slice_model.hpp.
//
// Threads: one, and the Runtime's own.

#include "tools/stress/scenarios/scenarios.hpp"
#include "tools/stress/slice_model.hpp"

namespace stress {

namespace {

template <class T>
void play(const Round& round, midden::Runtime& runtime, midden::Attach& here) {
  SliceModel<T> model(round, runtime, here);
  round.each([&](Random& random) { model.operate(random); });
  model.collect();
}

}  // namespace

void play_slices(const Round& round) {
  midden::Runtime runtime(round.configuration(round.setting(0), true));
  midden::Attach here(runtime);
  Random random = round.setting(1);
  random.one_in(2) ? play<std::int64_t>(round, runtime, here) : play<midden::Ref<Node>>(round, runtime, here);
}

}  // namespace stress
