#pragma once
// The types of one heap: copies of their descriptions, numbered, with the spaces they use.
//
// A type's objects first go to shared spaces, one for each size class, where a 4-byte column
// tells the type of each slot. Once a type has put `promotion_bytes` of one class there between
// two cycles it gets a space of its own for that class, whose slots need no column.
//
//   Type -- homes[class] --> own Space | none yet: shared Space of the class
//        -- plans[...]       one ScanPlan for each own space, one for the rest
//
// Invariants: a TypeId is never 0; a Type and its plans stay where they are until it is retired;
// a retired id is reused only after a cycle that found no object of it.
//
// Threads: `add`, `find` and `retire` lock; a Type's constant part may be read by anyone who
// has its id from a live object; `homes` as said there.

#include <array>
#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include <midden/type.hpp>

#include "collector/heap/scan_plan.hpp"
#include "collector/heap/size_class.hpp"
#include "collector/heap/space.hpp"

namespace midden::inline MIDDEN_ABI::collector {

inline constexpr std::size_t promotion_bytes = 64 * 1024;

// A type in one size class.
class Home {
 public:
  // The own space, or null. Acquire: pairs with the release that promotes.
  Space* own() const { return own_.load(std::memory_order_acquire); }
  void promote(Space& space) { own_.store(&space, std::memory_order_release); }
  // Notes an allocation in the shared space; true when the type has earned its own. Relaxed: a
  // heuristic count.
  bool note_shared(std::size_t bytes, std::uint64_t cycle) {
    if (cycle_.load(std::memory_order_relaxed) != cycle) {
      cycle_.store(cycle, std::memory_order_relaxed);
      shared_bytes_.store(0, std::memory_order_relaxed);
    }
    return shared_bytes_.fetch_add(bytes, std::memory_order_relaxed) + bytes > promotion_bytes;
  }

 private:
  std::atomic<Space*> own_{nullptr};
  std::atomic<std::uint64_t> cycle_{0};
  std::atomic<std::size_t> shared_bytes_{0};
};

class Type {
 public:
  Type(TypeId id, const TypeInfo& described);
  Type(const Type&) = delete;
  Type& operator=(const Type&) = delete;

  TypeId id() const { return id_; }
  const TypeInfo& info() const { return info_; }
  const ScanPlan& plan() const { return plan_; }  // for objects whose size the block tells
  PlanWord plan_word() const { return PlanWord::of(plan_, info_.leaf()); }
  Home& home(SizeClass c) { return homes_[info_.element_size == 0 ? 0 : c]; }
  // A plan for an own space of this slot size; it lives as long as the type.
  PlanWord make_plan(std::size_t slot_bytes);

 private:
  const TypeId id_;
  std::string name_;
  std::vector<std::uint32_t> refs_;
  std::vector<std::uint32_t> element_refs_;
  TypeInfo info_;
  ScanPlan plan_;
  std::deque<ScanPlan> own_plans_;  // under the heap's promotion lock
  std::unique_ptr<Home[]> homes_;   // one, or one for each class where objects have elements
};

class TypeTable {
 public:
  TypeTable();

  // The heap's copy of a description that stays valid for the process (C++ types): one for
  // each address.
  Type& find(const TypeInfo& described);
  // A copy of its own, for types made at run time.
  Type& add(const TypeInfo& described);

  // Requires: the id of a type in the table.
  Type& operator[](TypeId id) const { return *chunks_[id >> chunk_log2][id & (chunk_size - 1)]; }

  // All types that are not free, in order of their ids. Under the world's stop or the lock.
  std::vector<Type*> all() const;
  // One past the greatest id.
  TypeId end_id() const;
  // Frees the id of a type without objects. Requires: it came from `add`.
  void remove(Type& type);

 private:
  static constexpr std::size_t chunk_log2 = 10;
  static constexpr std::size_t chunk_size = std::size_t{1} << chunk_log2;
  using Chunk = std::unique_ptr<std::unique_ptr<Type>[]>;

  Type& insert(const TypeInfo& described);

  mutable std::mutex mutex_;
  std::unique_ptr<Chunk[]> chunks_;  // entries are set once, before an id of theirs is given out
  TypeId next_ = 1;
  std::vector<TypeId> free_;
  std::unordered_map<const TypeInfo*, Type*> by_address_;
};

}  // namespace midden::inline MIDDEN_ABI::collector
