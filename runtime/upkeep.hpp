#pragma once
// Upkeep: what structures in the heap do before a cycle, so that it finds dead what they have let go of.
//
//   asked    by a thread that runs, of an object that lives; done before the next cycle stops the world
//   again    where the function says that something is left, or who asked came too late: the object is a root then
//
// An object that was asked for since the last stop needs no root until the next: what lives in between is not swept.
//
// Threads: any may ask; `run` is the collecting thread's, before the stop. No lock is held while a function runs.

#include <cstddef>
#include <mutex>
#include <vector>

#include <midden/root_source.hpp>
#include <midden/runtime.hpp>

namespace midden::inline MIDDEN_ABI::runtime {

class Upkeep final : public RootSource {
 public:
  using Function = bool (*)(Runtime&, void* object);

  // Throws std::bad_alloc.
  void ask(void* object, Function function);
  // Requires: no cycle runs meanwhile.
  void run(Runtime& runtime);

  void trace(Tracer& tracer) override;
  const char* name() const override { return "upkeep"; }

 private:
  struct Asked {
    void* object;
    Function function;
  };

  std::mutex mutex_;
  std::vector<Asked> asked_;
};

}  // namespace midden::inline MIDDEN_ABI::runtime
