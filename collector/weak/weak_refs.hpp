#pragma once
// The weak references of a heap: words that name an object and do not keep it.
//
// Such a word is the first of a heap object of its own (a WeakRef), which marking takes for a leaf.
// The weak phase makes null each whose target was not marked, also words that are dead themselves: a
// destructor may still look at them. Those whose word is dead when the phase ends are forgotten: their
// slots are swept after it, so an entry never names a reused slot.
//
//   entries_   | word, target | word, target | ...      no order
//
// Threads: `add` from any mutator; `clear` and `forget_dead` while the world is stopped; `count` from any.

#include <atomic>
#include <cstddef>
#include <mutex>
#include <vector>

#include "collector/heap/heap.hpp"

namespace midden::inline MIDDEN_ABI::collector {

class WeakRefs {
 public:
  // `word` is the start of a live object and names `target`, another. Throws std::bad_alloc.
  void add(std::atomic<void*>& word, const void* target);
  // Returns how many live words were made null. Linear in their number.
  std::size_t clear(const StoppedWorld&, const Heap& heap);
  // When nothing more will be marked.
  void forget_dead(const StoppedWorld&, const Heap& heap);
  std::size_t count() const;

 private:
  struct Entry {
    std::atomic<void*>* word;
    const void* target;
  };

  mutable std::mutex mutex_;
  std::vector<Entry> entries_;
  bool dead_words_ = false;  // `clear` has left some
};

}  // namespace midden::inline MIDDEN_ABI::collector
