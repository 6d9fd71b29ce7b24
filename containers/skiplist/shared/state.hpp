#pragma once
// SharedState: the heap object in which a map for all threads lives, and the memory it gives its list.
//
//   SharedState ──▶ SharedPart ──▶ segments ──▶ | Segment | Segment | ...     opaque: marked, never scanned
//                              ──▶ column       of values with references
//
// The part comes with the first write, and clear() leaves it to the collector: who works on it still
// does so on the map as it was before.
//
// What writes have retired goes on with later writes, and before each cycle where something is left: so what only
// erased entries refer to does not live on in a map that rests. It is found dead by the first cycle before which a
// grace period has gone by: the next one where no other thread runs, as a rule the one after where some do.
//
// Threads: any that is attached.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <new>
#include <thread>

#include <midden/array.hpp>
#include <midden/attach.hpp>
#include <midden/build.hpp>
#include <midden/describe.hpp>
#include <midden/error.hpp>
#include <midden/make.hpp>
#include <midden/map_backend.hpp>
#include <midden/runtime.hpp>
#include <midden/segment.hpp>

#include "containers/skiplist/column.hpp"
#include "containers/skiplist/shared/list.hpp"
#include "containers/skiplist/shared/old_snapshot.hpp"
#include "containers/skiplist/shown.hpp"
#include "containers/skiplist/state.hpp"

namespace midden::inline MIDDEN_ABI::containers::skiplist {

class RuntimeReclaim final : public Reclaim {
 public:
  explicit RuntimeReclaim(Runtime& runtime) noexcept : runtime_(runtime) {}
  std::uint64_t begin_grace_period() noexcept override { return runtime_.begin_grace_period(); }
  bool grace_period_over(std::uint64_t period) const noexcept override { return runtime_.grace_period_over(period); }
  void discard(std::byte* begin, std::size_t bytes) noexcept override { midden::discard(runtime_, begin, bytes); }

 private:
  Runtime& runtime_;
};

template <class Key>
struct SharedPart {
  SharedPart(const Layout& layout, std::uint64_t seed, const Root<Segments>& room, const Root<Column>& values)
      : list(layout, seed, values.get()), segments(room), column(values) {}

  MapFound shown(const std::byte* entry) const noexcept { return shown_value(list.layout(), column.get(), entry); }

  // After a write.
  void note_write(Attach& here) noexcept {
    if (noted.load(std::memory_order_relaxed)) [[likely]]
      return;
    if (noted.exchange(true, std::memory_order_relaxed)) return;
    try {
      here.runtime().before_next_cycle(this, tidy);
    } catch (const std::bad_alloc&) {
      noted.store(false, std::memory_order_relaxed);  // the next write will do
    }
  }

  SharedList<Key> list;
  Ref<Segments> segments;
  const Ref<Column> column;  // or null
  // Whether it will be tidied before the next cycle. Relaxed: who tidies says no first, and then locks each stripe; so
  // a write that still sees a yes has let its stripe go before, or the stripe is found locked.
  std::atomic<bool> noted{false};

  static constexpr auto midden_refs = refs<SharedPart>(&SharedPart::segments, &SharedPart::column);

 private:
  static bool tidy(Runtime& runtime, void* object) {
    SharedPart& part = *static_cast<SharedPart*>(object);
    part.noted.store(false, std::memory_order_relaxed);
    RuntimeReclaim reclaim(runtime);
    const bool is_left = part.list.tidy(reclaim);
    if (const Versions::Open open = part.list.snapshots(); part.old_snapshot.is_due(runtime.config(), open))
        [[unlikely]]
      part.old_snapshot.tell(runtime.config(), open, part.list.counts().held, part.list.size());
    // A writer that has asked meanwhile has done so for the next time.
    return is_left && !part.noted.exchange(true, std::memory_order_relaxed);
  }

  OldSnapshot old_snapshot;
};

template <class Key>
struct SharedState : MapState {
  using Part = SharedPart<Key>;

  // `values`: what they are where they have references, else null.
  SharedState(const Layout& shape, const MapComposite* values, std::uint64_t random)
      : layout(shape), kind(values), seed(random) {}

  // The present part, made where there is none. A safepoint; throws OutOfMemory.
  Part& part_to_write(Attach& here) {
    Part* present = part.get();
    if (present != nullptr) [[likely]]
      return *present;
    const Root<Segments> room = make_array<Ref<Segment>>(here, Arena::max_segments);
    const Root<Column> column = kind == nullptr ? Root<Column>() : make<Column>(here, *kind);
    const Root<Part> made = make<Part>(here, layout, seed, room, column);
    return part.compare_exchange(present, made.get()) ? *made : *present;
  }

  const Layout layout;
  const MapComposite* const kind;
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
    detail::note_resize(here_.mutator());
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
    // The other may wait for this thread to stop.
    if (here_.mutator().deferring != 0) throw SafepointDeferred();
    const Root<SharedPart<Key>> keep(here_.mutator(), &part_);
    safepoint(here_);
    std::this_thread::yield();
  }
  void grow_column() override {
    const Root<SharedPart<Key>> keep(here_.mutator(), &part_);
    part_.column->grow(here_);
  }

  std::uint64_t begin_grace_period() noexcept override { return here_.runtime().begin_grace_period(); }
  bool grace_period_over(std::uint64_t period) const noexcept override {
    return here_.runtime().grace_period_over(period);
  }
  void discard(std::byte* begin, std::size_t bytes) noexcept override {
    midden::discard(here_.runtime(), begin, bytes);
  }

 private:
  Attach& here_;
  SharedPart<Key>& part_;
  Root<Segment> made_;
};

}  // namespace midden::inline MIDDEN_ABI::containers::skiplist
