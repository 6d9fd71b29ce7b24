#pragma once
// How the objects of one block are scanned, in the form the marker wants it.
//
// The address space keeps one PlanWord for each block: the address of a plan and three tag bits,
// so that one load tells what to do with an object:
//
//   PlanWord   | plan address ................... | fixed | shared | leaf |
//
//   leaf     objects hold no references: mark, never touch
//   shared   the block's slots have different types: look into the type column
//   fixed    objects of one size with references at fixed offsets, and nothing else
//
// Plans live as long as their type.

#include <cstddef>
#include <cstdint>
#include <span>

#include <midden/tracer.hpp>

#include "collector/heap/geometry.hpp"

namespace midden::inline MIDDEN_ABI::collector {

struct ScanPlan {
  std::size_t slot_bytes = 0;             // 0: ask the block (objects with a span of their own)
  std::span<const std::uint32_t> refs{};  // byte offsets in the fixed part
  std::size_t fixed_bytes = 0;
  std::size_t element_bytes = 0;  // 0: no elements to scan
  std::span<const std::uint32_t> element_refs{};
  std::size_t used_offset = 0;
  ScanFunction scan = nullptr;
};

class PlanWord {
 public:
  PlanWord() = default;
  static PlanWord of(const ScanPlan& plan, bool leaf) {
    const bool fixed = plan.slot_bytes != 0 && plan.scan == nullptr && plan.element_bytes == 0;
    return PlanWord(reinterpret_cast<std::uintptr_t>(&plan) | (leaf ? leaf_bit : 0) | (fixed ? fixed_bit : 0));
  }
  static PlanWord shared() { return PlanWord(shared_bit); }

  bool is_leaf() const { return (bits_ & leaf_bit) != 0; }
  bool is_shared() const { return (bits_ & shared_bit) != 0; }
  bool is_fixed() const { return (bits_ & fixed_bit) != 0; }
  bool operator==(const PlanWord&) const = default;
  const ScanPlan& plan() const { return *reinterpret_cast<const ScanPlan*>(bits_ & ~tag_bits); }

 private:
  static constexpr std::uintptr_t leaf_bit = 1;
  static constexpr std::uintptr_t shared_bit = 2;
  static constexpr std::uintptr_t fixed_bit = 4;
  static constexpr std::uintptr_t tag_bits = leaf_bit | shared_bit | fixed_bit;
  static_assert(alignof(ScanPlan) > tag_bits);
  explicit PlanWord(std::uintptr_t bits) : bits_(bits) {}

  std::uintptr_t bits_ = 0;
};

}  // namespace midden::inline MIDDEN_ABI::collector
