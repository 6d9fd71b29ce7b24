#pragma once
// ListState: the heap object in which one ordered map lives, and the memory it gives its list.
//
//   ListState ──▶ segments ──▶ | Segment | Segment | ...     opaque: marked, never scanned
//             ──▶ column       of values with references; where they are single ones, from the first one on
//
// The list's arena knows addresses only; the array of segments keeps them alive. Segments are
// reserved at their full size and committed in steps just before the list may touch them, so
// that limits and pacing count what is used.
//
// Invariant: every byte the list may touch in its next write lies below `committed` of the newest
// segment, or in an older one. `prepare` sees to it.
//
// Threads: as the map.

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include <midden/array.hpp>
#include <midden/attach.hpp>
#include <midden/build.hpp>
#include <midden/describe.hpp>
#include <midden/map_backend.hpp>
#include <midden/segment.hpp>

#include "containers/skiplist/column.hpp"
#include "containers/skiplist/list.hpp"

namespace midden::inline MIDDEN_ABI::containers::skiplist {

using Segments = Array<Ref<Segment>>;

// A list's memory begins at the first line of its segment.
inline constexpr std::size_t segment_lead = 64;
inline std::byte* line_in(Segment& segment) noexcept {
  const auto address = reinterpret_cast<std::uintptr_t>(segment.data());
  return segment.data() + (0 - address) % segment_lead;
}

template <class Key>
struct ListState : MapState {
  ListState(const Layout& layout, std::uint64_t seed) : list(layout, seed) {}

  List<Key> list;
  Ref<Segments> segments;
  Ref<Column> column;
  std::uint32_t segment_count = 0;
  std::size_t committed = 0;  // of the newest segment

  static constexpr auto midden_refs = refs<ListState>(&ListState::segments, &ListState::column);
};

// The list's memory for the time of one write, which touches `need` new bytes at most.
template <class Key>
class HeapMemory final : public Memory {
 public:
  HeapMemory(Attach& here, ListState<Key>& state, std::size_t key_bytes, std::size_t value_bytes)
      : here_(here),
        state_(state),
        need_(Arena::allocation_bytes(state.list.layout().bytes(key_bytes, value_bytes)) + nodes_bytes) {}

  // Commits what the write may touch. A safepoint; throws OutOfMemory.
  void prepare() {
    if (state_.segment_count == 0) return;
    const Arena& arena = state_.list.towers().arena();
    const std::size_t used = arena.touched() - arena.closed_bytes();
    const std::size_t wanted = std::min(arena.newest_bytes(), used + need_);
    if (wanted <= state_.committed) return;
    const std::size_t committed = std::min(arena.newest_bytes(), wanted + commit_step);
    commit(here_, *(*state_.segments)[state_.segment_count - 1], committed + segment_lead);
    state_.committed = committed;
  }

  std::byte* segment(unsigned index, std::size_t bytes) override {
    detail::note_resize(here_.mutator());
    Root<Segments> segments(state_.segments);
    if (!segments || segments->size() == state_.segment_count) {
      segments = make_array<Ref<Segment>>(here_, std::min<std::size_t>(Arena::max_segments, state_.segment_count + 6));
      if (state_.segments) copy_refs(segments->data(), state_.segments->data(), state_.segment_count);
    }
    const Root<Segment> made = make_segment(here_, bytes + segment_lead);
    const std::size_t committed = std::min(bytes, Arena::lead_bytes(index) + need_ + commit_step);
    commit(here_, *made, committed + segment_lead);
    (*segments)[state_.segment_count++] = made;
    state_.segments = segments;
    state_.committed = committed;
    return line_in(*made);
  }

  void discard(std::byte* begin, std::size_t bytes) noexcept override {
    midden::discard(here_.runtime(), begin, bytes);
  }
  void drop_reference(std::uint32_t index) noexcept override { state_.column->drop(index); }

 private:
  // For nodes, each slab at a line.
  static constexpr std::size_t nodes_bytes = Towers::max_cut_bytes + 2 * Towers::max_levels * segment_lead;
  static constexpr std::size_t commit_step = std::size_t{128} << 10;

  Attach& here_;
  ListState<Key>& state_;
  const std::size_t need_;
};

}  // namespace midden::inline MIDDEN_ABI::containers::skiplist
