#pragma once
// The types that a host has added to one Runtime, by the handles it holds.
//
//   TypeHandle   place | runtime | use        a copy may outlive all three
//                  |        |       |
//                  |    number()    |         another Runtime's: refused without looking at the place
//                  v                v
//   AddedType    type            uses         retired since: the number differs
//
// Words: a place is one AddedType; its uses are counted, and each handle names one.
//
// Invariants
//   1. A place stays where it is until the Runtime ends; retiring frees it for another type.
//   2. No two Runtimes of a process have the same number, so a handle that has this one's names a
//      place of this table.
//
// Threads: any; `find` takes no lock. Adding and retiring lock, and take the heap's locks inside.

#include <atomic>
#include <cstdint>
#include <deque>
#include <mutex>

#include <midden/runtime.hpp>

#include "collector/heap/heap.hpp"

namespace midden::inline MIDDEN_ABI::runtime {

struct AddedType {
  collector::Type* type = nullptr;
  AddedType* next_free = nullptr;

  // Relaxed: who has a handle was given it after the count was written; whether a retirement on
  // another thread is seen is the host's order to keep.
  std::uint32_t use() const { return uses_.load(std::memory_order_relaxed); }
  void end_use() { uses_.store(use() + 1, std::memory_order_relaxed); }

 private:
  std::atomic<std::uint32_t> uses_{0};
};

class AddedTypes {
 public:
  explicit AddedTypes(collector::Heap& heap);

  TypeHandle add(const TypeInfo& type);
  void retire(TypeHandle handle);
  // Both throw std::invalid_argument for a handle that names no type of this table.
  collector::Type& find(TypeHandle handle) const;

 private:
  collector::Heap& heap_;
  const std::uint32_t number_;
  std::mutex mutex_;
  std::deque<AddedType> places_;
  AddedType* free_ = nullptr;
};

}  // namespace midden::inline MIDDEN_ABI::runtime
