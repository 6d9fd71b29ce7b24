#pragma once
// MIDDEN_AUDIT_ROOTS: who still has the address of an object that is about to die. A root that a host forgot shows as
// such a word.
//
//   a thread's stack and registers   where it became quiet (stack_words.hpp): function, line, the word's place
//   an object that lives             a field that its type does not declare
//
// Both are suspects: a word may be left over from before, or be a number. Not looked at are memory of the host's
// allocator, its globals, and arenas of opaque maps (MIDDEN_CHECK looks into those). A word inside of an object
// counts as its address, and so does one just behind the object before. The library's own functions are left out.
//
// Each call and each field is told of once for each type of objects. An object with a destructor dies when that has
// run, a cycle later.
//
// Costs: a walk of the stack, some 0.5 us a frame, at each allocation and whenever a thread stops or becomes Blocked;
// a table entry for each object; a look at all that lives in every pause.
//
// Threads: `note_birth` on any that allocates, `words` on any; `forget_dead` while the world is stopped; `tell` on the
// collecting thread, when it runs again.

#include <compare>
#include <cstddef>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "collector/heap/heap.hpp"
#include "collector/ports.hpp"
#include "runtime/audit/allocation_sites.hpp"
#include "runtime/audit/stack_words.hpp"
#include "runtime/world.hpp"

namespace midden::inline MIDDEN_ABI::runtime {

class SourceLines;

class RootAudit final : public collector::WeakTable {
 public:
  static constexpr std::size_t most_told = 8;  // a cycle
  static constexpr std::size_t most_found = 1000;

  RootAudit(const collector::Heap& heap, const World& world) : heap_(heap), world_(world) {}

  void note_birth(const void* object) noexcept { sites_.note(object); }
  // What a thread that attaches records into.
  std::unique_ptr<StackWords> words() const;

  // Finds the suspects. Requires: between marking and Heap::reclaim.
  void forget_dead(const collector::StoppedWorld& stopped, const collector::Heap& heap) override;
  // A text for each place that was found by the last cycle and not told before.
  std::vector<std::string> tell();

 private:
  using Frames = AllocationSites::Frames;

  // The type that has the word, and where in it; or the call whose frame has it. And the type of what is named.
  struct Place {
    std::string type{};
    std::ptrdiff_t at = 0;
    void* call = nullptr;
    std::string named{};
    auto operator<=>(const Place&) const = default;
  };

  struct Suspect {
    Place place;
    std::string holder;            // an object or a thread
    std::ptrdiff_t at = 0;         // of the word, in the object or the frame
    Frames frames;                 // of the thread: whose the word is, and its callers
    std::string object;            // that dies
    std::ptrdiff_t inside = 0;     // where the word points to in that
    const Frames* born = nullptr;  // where it was allocated; never null
  };

  void find_in_threads();
  void find_in_objects(const collector::StoppedWorld& stopped);
  void find_in_object(const void* holder, std::size_t bytes);
  // The object that `word` points into where that is about to die; null otherwise.
  const void* dying(const void* word) const;
  // Null where that place has been told of, or was found in this cycle; else the caller says who holds the word.
  Suspect* add(Place place, const void* word, const void* object);
  static std::string describe(const Suspect& suspect, const SourceLines& lines);

  const collector::Heap& heap_;
  const World& world_;
  AllocationSites sites_;
  // Of the last cycle; the collecting thread's.
  std::vector<Suspect> found_;
  std::set<Place> seen_;
  std::set<Place> told_;
};

}  // namespace midden::inline MIDDEN_ABI::runtime
