#pragma once
// The whole collector under a World without threads: HeapOnly, a Cycle, and roots that a test
// holds as a list. A check that finds something throws it.

#include <algorithm>
#include <vector>

#include "collector/cycle.hpp"
#include "tests/collector/heap_only.hpp"

namespace midden::collector_tests {

class RootList final : public RootSource {
 public:
  void trace(Tracer& tracer) override {
    for (const void* object : objects) tracer.object(object);
  }
  const char* name() const override { return "test"; }

  std::vector<void*> objects;
};

class FullCycle : public HeapOnly {
 public:
  explicit FullCycle(bool checked = false, CycleSettings settings = {},
                     const HeapLimits& limits = {.reserve = small_reserve}, Clock clock = steady_ns)
      : HeapOnly(checked, limits), ledger(clock), cycle(heap, world, ledger, throwing(std::move(settings))) {
    cycle.add_roots(roots);
  }

  CycleReport collect() { return cycle.run(Cause::requested); }

  template <class T>
  T* root(T* object) {
    roots.objects.push_back(object);
    return object;
  }

  Ledger ledger;
  RootList roots;
  Cycle cycle;

 private:
  static CycleSettings throwing(CycleSettings settings) {
    settings.broken = [](const Finding& found) { throw found; };
    return settings;
  }
};

}  // namespace midden::collector_tests
