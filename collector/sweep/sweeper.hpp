#pragma once
// Sweeping: from marks to free slots, span by span, outside of the pause.
//
//   before   |  c | c-1|  0 |  c | c-2|  0 |      colours of six slots, c is the cycle's
//   after    |  c |  0 |  0 |  c |  0 |  0 |      zero: free
//
// A slot whose colour is not the cycle's is dead or was never used; its metadata byte, with all
// flags, becomes zero. Memory is not touched, except that the heap check fills it with poison.
// `find_free_run` (free_runs.hpp) then reads the same bytes.
//
// Threads: the span is the caller's alone: under its space's mutex, or owned by a mutator.

#include <cstddef>
#include <cstdint>

#include "collector/heap/address_space.hpp"

namespace midden::inline MIDDEN_ABI::collector {

// Clears what died; returns the number of free slots. Requires: `head` is the head of a span of
// small slots, marking with `live` is over.
std::uint32_t sweep_span(AddressSpace& space, Block& head, Colour live, std::uint64_t cycle);

// Returns to the system what pages hold nothing but free slots, from slot number `from` on, where they
// have memory. Returns how many. Requires: swept, and nobody owns the span.
std::size_t trim_span(AddressSpace& space, const Block& head, std::uint32_t from);

}  // namespace midden::inline MIDDEN_ABI::collector
