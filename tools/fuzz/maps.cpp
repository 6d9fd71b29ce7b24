// Operations on a map of any kind and backend, with collections, snapshots, pins and moves between. What is compared
// stands in tools/stress/map_model.hpp.

#include "tools/fuzz/fuzz.hpp"
#include "tools/stress/map_model.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  fuzz::with_tape(bytes, size, [](const stress::Round& round, stress::Random& random, const stress::Tape& tape) {
    midden::Runtime runtime(fuzz::configuration(round, random));
    midden::Attach here(runtime);
    stress::with_map(round, runtime, here, random, [&](auto& model) {
      while (!tape.at_end()) model.operate(random);
      model.collect();
      model.finish();
    });
  });
  return 0;
}
