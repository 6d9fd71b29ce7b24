#pragma once
// SharedState: the heap object in which a map for all threads lives, and the memory it gives its list.
//
//   SharedState ──▶ SharedPart ──▶ segments ──▶ | Segment | Segment | ...     opaque: marked, never scanned
//
// The part comes with the first write, and clear() leaves it to the collector: who works on it still
// does so on the map as it was before.
//
// Threads: any that is attached.

#include <cstddef>
#include <cstdint>
#include <thread>

#include <midden/array.hpp>
#include <midden/attach.hpp>
#include <midden/build.hpp>
#include <midden/describe.hpp>
#include <midden/make.hpp>
#include <midden/map_backend.hpp>
#include <midden/runtime.hpp>
#include <midden/segment.hpp>

#include "containers/skiplist/shared/list.hpp"
#include "containers/skiplist/state.hpp"

namespace midden::inline MIDDEN_ABI::containers::skiplist {

template <class Key>
struct SharedPart {
  SharedPart(const Layout& layout, std::uint64_t seed, const Root<Segments>& room)
      : list(layout, seed), segments(room) {}

  SharedList<Key> list;
  Ref<Segments> segments;

  static constexpr auto midden_refs = refs<SharedPart>(&SharedPart::segments);
};

template <class Key>
struct SharedState : MapState {
  using Part = SharedPart<Key>;

  SharedState(const Layout& shape, std::uint64_t random) : layout(shape), seed(random) {}

  // The present part, made where there is none. A safepoint; throws OutOfMemory.
  Part& part_to_write(Attach& here) {
    Part* present = part.get();
    if (present != nullptr) [[likely]]
      return *present;
    const Root<Segments> room = make_array<Ref<Segment>>(here, Arena::max_segments);
    const Root<Part> made = make<Part>(here, layout, seed, room);
    return part.compare_exchange(present, made.get()) ? *made : *present;
  }

  const Layout layout;
  const std::uint64_t seed;
  AtomicRef<Part> part;

  static constexpr auto midden_refs = refs<SharedState>(&SharedState::part);
};

template <class Key>
class HeapSharedMemory final : public SharedMemory {
 public:
  HeapSharedMemory(Attach& here, SharedPart<Key>& part) noexcept : here_(here), part_(part) {}

  // The part is kept while there is a safepoint; after it nothing comes between the part and its caller.
  std::byte* segment(std::size_t bytes, std::size_t committed) override {
    const Root<SharedPart<Key>> keep(here_.mutator(), &part_);
    made_ = make_segment(here_, bytes + segment_lead);
    midden::commit(here_, *made_, committed + segment_lead);
    return line_in(*made_);
  }
  void keep(unsigned index) noexcept override { (*part_.segments)[index] = made_; }
  void commit(unsigned index, std::size_t bytes) override {
    const Root<SharedPart<Key>> keep(here_.mutator(), &part_);
    midden::commit(here_, *(*part_.segments)[index], bytes + segment_lead);
  }

  void wait() override {
    const Root<SharedPart<Key>> keep(here_.mutator(), &part_);
    safepoint(here_);
    std::this_thread::yield();
  }

  std::uint64_t begin_grace_period() noexcept override { return here_.runtime().begin_grace_period(); }
  bool grace_period_over(std::uint64_t period) const noexcept override {
    return here_.runtime().grace_period_over(period);
  }

 private:
  Attach& here_;
  SharedPart<Key>& part_;
  Root<Segment> made_;
};

}  // namespace midden::inline MIDDEN_ABI::containers::skiplist
