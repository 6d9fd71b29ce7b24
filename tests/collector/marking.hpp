#pragma once
// A heap and a marker, and nothing that calls them: tests hand over the roots and look at the marks.

#include <limits>
#include <span>
#include <vector>

#include "collector/mark/marker.hpp"
#include "tests/collector/heap_only.hpp"
#include "tests/collector/shapes.hpp"

namespace midden::collector_tests {

inline constexpr std::size_t unlimited = std::numeric_limits<std::size_t>::max();

struct Given final : RootSource {
  explicit Given(const std::vector<const void*>& its) : roots(its) {}
  void trace(Tracer& tracer) override {
    for (const void* root : roots) tracer.object(root);
  }
  const char* name() const override { return "given"; }
  const std::vector<const void*>& roots;
};

struct Marking : HeapOnly {
  explicit Marking(std::size_t stack_limit = unlimited, bool checked = false)
      : HeapOnly(checked), marker(heap, {.stack_limit = stack_limit}) {}
  explicit Marking(const MarkSettings& settings, Crew* crew = nullptr) : marker(heap, settings, crew) {}

  using HeapOnly::make;
  template <class T>
  T* make() {
    return new (static_cast<void*>(make(heap.types().find(type_info<T>())))) T();
  }
  template <class T>
  T* make_array(Type& type, std::size_t elements) {
    auto* array = new (static_cast<void*>(make(type, elements))) T();
    array->used = elements;
    return array;
  }
  // Marks from these roots, and lets the cycle end.
  const MarkTotals& mark(const std::vector<const void*>& roots) {
    Given given(roots);
    RootSource* const sources[] = {&given};
    return mark_from(sources);
  }
  const MarkTotals& mark_from(std::span<RootSource* const> sources) {
    heap.sweep_overdue();
    const StoppedWorld stopped = world.stop();
    heap.begin_cycle(stopped);
    marker.trace(stopped, sources);
    marker.drain(stopped);
    marker.finish(stopped);
    heap.reclaim(stopped);
    return marker.totals();
  }
  std::size_t count_marked(const std::vector<Node*>& nodes) const {
    std::size_t count = 0;
    for (const Node* node : nodes) count += marked(node);
    return count;
  }

  Marker marker;
};

}  // namespace midden::collector_tests
