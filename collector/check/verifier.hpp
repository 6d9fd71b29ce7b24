#pragma once
// The second marker: an independent, slow and suspicious one, which must agree with the first.
//
// It keeps its own set of objects and how each was reached, marks nothing, and checks each
// reference before it follows it: inside the heap, the start of a slot, an object and not a dead,
// freed or poisoned slot; and each count of elements. It runs before the first marker, so a wild
// reference is named with its path instead of crashing there; afterwards both sets are compared in
// both directions.
//
// Pins and global roots may end during the pause, on threads that are blocked or not attached; none comes to be. So
// what was reached before and has no mark was missed only where it is still reached: then everything is followed anew.
//
//   root of thread 'main' -> Session@0x7f.. +8 -> String@0x7f.. +0 -> no object
//
// Threads: one, while the world is stopped. It allocates from the host's allocator.

#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "collector/check/finding.hpp"
#include "collector/heap/heap.hpp"
#include "collector/ports.hpp"

namespace midden::inline MIDDEN_ABI::collector {

class Verifier final : public Tracer {
 public:
  // Requires: a heap made with `checked`.
  explicit Verifier(Heap& heap) : heap_(heap) {}

  // Follows everything from the roots, before the cycle begins to mark.
  Checked trace(const StoppedWorld& stopped, std::span<RootSource* const> roots);
  // Compares with the marks that the first marker left, which had these roots.
  Checked compare(const StoppedWorld& stopped, std::span<RootSource* const> roots);

 private:
  struct Origin {
    const void* parent;  // null: a root
    const char* root;
    std::ptrdiff_t offset;  // of the edge in the parent; -1: reported by its target
  };

  void visit(const std::atomic<void*>* edges, std::size_t count) override;
  void visit(const void* object) override { follow(object, -1); }

  Checked follow_all(std::span<RootSource* const> roots);
  const void* find_missed() const;
  const void* find_extra(const StoppedWorld& stopped) const;
  void follow(const void* target, std::ptrdiff_t offset);
  void scan(const void* object);
  std::string path_to(const void* object) const;
  const char* fault_of(const void* target) const;

  Heap& heap_;
  // The cycle before this one, and its marks.
  std::uint64_t last_cycle_ = 0;
  Colour last_colour_{};
  const void* parent_ = nullptr;
  const char* root_ = nullptr;
  std::unordered_map<const void*, Origin> reached_;
  std::vector<const void*> grey_;
  Checked fault_;
};

}  // namespace midden::inline MIDDEN_ABI::collector
