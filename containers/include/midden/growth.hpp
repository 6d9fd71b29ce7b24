#pragma once
// How a slice grows, and what its growing has cost.
//
//   policy      next array                                 1,000,000 appends of 8 bytes, if no array
//                                                          grows in place
//   geometric   twice the bytes                            17 reallocations,  1.05 copies an element
//   go          Go's rule since 1.18: twice below 256      37 reallocations,  4.27
//               elements, then by a quarter and 192
//   exact       what is asked for                          for slices that are filled once
//
// Every policy then fills the slot that the collector gives for that many bytes: what would be
// lost to rounding is capacity.
//
// A large array that nobody shares grows where it is, if what is behind it is free, and then none of
// this is paid.
//
// `geometric` doubles because in a collected heap each array left behind is paid for twice, when
// it is copied and when the collector is due earlier: growth by 1.25 leaves four times the final
// bytes behind, doubling once.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include <midden/build.hpp>

namespace midden::inline MIDDEN_ABI {

enum class Growth : std::uint8_t { geometric, go, exact };

constexpr std::string_view name(Growth growth) {
  return growth == Growth::geometric ? "geometric" : growth == Growth::go ? "go" : "exact";
}

// Since the slice was made.
struct GrowthReport {
  std::uint64_t reallocations = 0;    // arrays replaced by another: neither the first, nor one that grew in place
  std::uint64_t bytes_copied = 0;     // of elements, from a replaced array to the next
  std::uint64_t bytes_abandoned = 0;  // of replaced arrays that nobody shares: garbage for certain
};

}  // namespace midden::inline MIDDEN_ABI
