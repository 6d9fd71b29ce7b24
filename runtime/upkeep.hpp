#pragma once
// Upkeep: what structures in the heap do before a cycle, so that it finds dead what they have let go of.
//
//   asked    by a thread that runs, of an object that lives; done before the next cycle stops the world
//   again    asked once more, because the function said that something is left, or there was no time
//
// Who is asked for is kept by nobody here. An object that lived at the last stop, or was made since, is not swept
// before the next; at that stop those that have died are forgotten.
//
// Threads: any that runs may ask; `run` is the collecting thread's, before the stop. No lock is held while a function
// runs.

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <vector>

#include <midden/runtime.hpp>

#include "collector/ports.hpp"

namespace midden::inline MIDDEN_ABI::runtime {

class Upkeep final : public collector::WeakTable {
 public:
  using Function = bool (*)(Runtime&, void* object);

  // Throws std::bad_alloc.
  void ask(void* object, Function function);
  // Begins none after `most_ns`. Requires: no cycle runs meanwhile.
  Upkept run(Runtime& runtime, std::uint64_t most_ns);
  std::size_t asked() const;

  void forget_dead(const collector::StoppedWorld& stopped, const collector::Heap& heap) override;

 private:
  struct Asked {
    void* object;
    Function function;
  };

  mutable std::mutex mutex_;
  std::vector<Asked> asked_;
};

}  // namespace midden::inline MIDDEN_ABI::runtime
