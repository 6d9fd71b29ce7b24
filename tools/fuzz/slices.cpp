// Operations on slices that share arrays, with collections and pins between. What is compared stands in
// tools/stress/slice_model.hpp.

#include "tools/fuzz/fuzz.hpp"
#include "tools/stress/slice_model.hpp"

namespace {

template <class T>
void play(const stress::Round& round, midden::Runtime& runtime, midden::Attach& here, stress::Random& random,
          const stress::Tape& tape) {
  stress::SliceModel<T> model(round, runtime, here);
  while (!tape.at_end()) model.operate(random);
  model.collect();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  fuzz::with_tape(bytes, size, [](const stress::Round& round, stress::Random& random, const stress::Tape& tape) {
    midden::Runtime runtime(fuzz::configuration(round, random));
    midden::Attach here(runtime);
    random.one_in(2) ? play<std::int64_t>(round, runtime, here, random, tape)
                     : play<midden::Ref<stress::Node>>(round, runtime, here, random, tape);
  });
  return 0;
}
