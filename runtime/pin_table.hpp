#pragma once
// The pins of one Runtime: counted roots with an age.
//
//   entries_   number -> object, time            a Pin holds its number
//   counts_    object -> how many pins           is_pinned asks the object's metadata byte first
//
// Invariant: an object that counts_ has has its pinned flag. The flag may be left behind: a pin
// may end on any thread, also while marking stores the byte as it was.
//
// Threads: all under the mutex. The table outlives the Runtime as long as a Pin needs it; after
// `close` it knows no heap and every pin is empty.

#include <atomic>
#include <cstdint>
#include <mutex>
#include <unordered_map>
#include <vector>

#include <midden/pin.hpp>
#include <midden/root_source.hpp>
#include <midden/runtime.hpp>

#include "collector/heap/heap.hpp"
#include "runtime/process.hpp"

namespace midden::inline MIDDEN_ABI::detail {

class PinTable final : public RootSource {
 public:
  explicit PinTable(collector::Heap& heap) : heap_(&heap) {}

  std::uint32_t add(void* object);
  void remove(std::uint32_t number) noexcept;

  bool pinned(const void* object) const;
  // Pairs with the store in `close`: a pin read after its Runtime ended is empty.
  bool open() const noexcept { return open_.load(std::memory_order_acquire); }
  PinReport report() const;
  // One line for each pin left, naming type and age; then empties all.
  std::vector<std::string> close();

  void trace(Tracer& tracer) override;
  const char* name() const override { return "pin"; }

 private:
  struct Entry {
    void* object = nullptr;  // null: free
    std::uint64_t since_ns = 0;
  };

  const runtime::Process process_;
  mutable std::mutex mutex_;
  collector::Heap* heap_;
  std::vector<Entry> entries_;
  std::vector<std::uint32_t> free_;
  std::unordered_map<void*, std::uint32_t> counts_;
  std::atomic<bool> open_{true};
};

}  // namespace midden::inline MIDDEN_ABI::detail
