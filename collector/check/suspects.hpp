#pragma once
// Suspects: words that marking does not look at and that look like references.
//
//   piece     bytes that an object's inspection function shows (midden/inspector.hpp)
//   suspect   a word in one that is the address of an object that was alive when the cycle began
//
//   Map<..>@0x7f..: the value of "alice" +8 looks like a reference to Session@0x7f.., which nothing else keeps alive
//
// It may be a reference that is hidden from the collector, or a number that happens to be such an address; nobody
// can tell them apart, so it is said and the process goes on. Where marking has not found the object, that is said,
// too.
//
// Threads: one, while the world is stopped, between marking and Heap::reclaim. It allocates from the host's allocator.

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include <midden/inspector.hpp>

#include "collector/heap/heap.hpp"

namespace midden::inline MIDDEN_ABI::collector {

class Suspects final : public Inspector {
 public:
  static constexpr std::size_t most_told = 8;

  // Requires: a heap made with `checked`.
  explicit Suspects(Heap& heap) : heap_(heap) {}

  // Inspects every object that marking has found. A line for each of the first suspects, and one that counts the rest.
  std::vector<std::string> find(const StoppedWorld& stopped);

 private:
  void visit(std::span<const std::byte> piece, Label label) override;

  void inspect_span(const Block& head);
  // Whether an object starts there that no cycle before this one has found dead.
  bool was_alive(const void* address) const;
  std::string line(const std::string& piece, std::size_t at, const void* target) const;

  Heap& heap_;
  const void* object_ = nullptr;  // that is inspected
  std::vector<std::string> told_;
  std::size_t found_ = 0;
};

}  // namespace midden::inline MIDDEN_ABI::collector
