#pragma once
// Marking: a team of workers finds all that the roots reach.
//
//   roots    the parts of all root sources are handed out, one at a time
//   mark     each worker scans its own stack. One that has nothing left waits; one that works and
//            sees it wait moves every second of its objects, from the oldest on, onto the other's stack
//            (work stealing with private deques: Acar, Charguéraud and Rainey 2013)
//   rounds   the last one to run out finds everybody waiting. Where objects wait in place (mark_worker.hpp), the
//            blocks of the heap are handed out, one at a time, to be gone through for them, and so on
//   end      until none does: nothing is grey
//
// Worker 0 is the collecting thread. The others are threads of the Crew. They are called when the
// collecting thread has followed `patience` references and there are more: most cycles of small
// heaps, and of heaps that are mostly opaque arenas, are over before. A helper that comes when all
// is done goes again, and nobody has waited for it.
//
//   closed ──trace──▶ roots ──all parts traced──▶ gathered ──drain──▶ marking ──all wait──▶ closed
//
// Invariants
//   1. A worker's stack changes by its own thread, or, while it waits, by the one that gives it work,
//      under the mutex.
//   2. `working_` counts the workers that may have something grey. Nobody else has.
//   3. Where the stage is closed no helper touches anything here but the mutex, on its way out: the
//      end of a cycle waits for nobody to wake up.
//
// Threads: `help` on those of the crew, the rest on the collecting one, while the world is stopped. Who waits is
// asleep.

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <span>
#include <vector>

#include "collector/heap/heap.hpp"
#include "collector/mark/mark_worker.hpp"
#include "collector/ports.hpp"

namespace midden::inline MIDDEN_ABI::collector {

class Marker final : public Chore {
 public:
  // Without a crew the collecting thread marks alone.
  Marker(Heap& heap, const MarkSettings& settings, Crew* crew = nullptr);

  // Marks what the roots name, then all that it leads to.
  void trace(const StoppedWorld&, std::span<RootSource* const> sources);
  void drain(const StoppedWorld&);
  // Objects more, one by one, and then marks what they lead to, on this thread alone. Requires: drained.
  void add(const StoppedWorld&, const void* object) { seats_[0].worker.object(object); }
  void drain_added(const StoppedWorld&);
  // Marking is over: adds up what was found.
  const MarkTotals& finish(const StoppedWorld&);
  const MarkTotals& totals() const { return totals_; }

  void help(std::size_t number) override;

 private:
  enum class Stage : std::uint8_t { closed, roots, gathered, marking };

  enum class Answer : std::uint8_t { none, work, nothing_left };

  struct Seat {
    Seat(Heap& heap, const MarkSettings& settings) : worker(heap, settings) {}
    MarkWorker worker;
    Answer* asked = nullptr;  // while it waits: where to write
    std::condition_variable answered;
  };

  void call_helpers();
  // Traces parts of the roots until all have been handed out.
  void trace_parts(MarkWorker& worker);
  void work(Seat& seat);
  // Has the worker scan what waits in the next block of the round; false where all have been handed out.
  bool scan_block(MarkWorker& worker);
  // Begins another round where something waits in place. Requires: no worker has anything else.
  bool begin_round();
  // Moves work to a seat that waits.
  void share(Seat& seat);
  // Until it is given work; false where there is none left for anybody.
  bool wait_for_work(Seat& seat);
  void answer(Seat& seat, Answer answer);  // under the mutex
  // Relaxed: a hint to look under the mutex.
  bool anybody_waits() const { return waiting_count_.load(std::memory_order_relaxed) != 0; }
  void note_waiting() { waiting_count_.store(waiting_.size(), std::memory_order_relaxed); }

  Heap& heap_;
  const MarkSettings settings_;
  Crew* const crew_;
  std::deque<Seat> seats_;
  MarkTotals totals_;
  bool called_ = false;  // in this cycle

  std::span<RootSource* const> sources_;
  // Relaxed: a ticket. What it leads to is ordered by the mutex.
  std::atomic<std::size_t> next_part_{0};
  std::atomic<BlockIndex> next_block_{0};
  BlockIndex blocks_ = 0;  // of the round; none before the first

  std::mutex mutex_;
  std::condition_variable changed_;  // the stage, or tracing_
  // Under the mutex.
  Stage stage_ = Stage::closed;
  std::size_t tracing_ = 0;  // helpers in the roots
  std::size_t working_ = 0;
  std::vector<Seat*> waiting_;
  std::atomic<std::size_t> waiting_count_{0};
};

}  // namespace midden::inline MIDDEN_ABI::collector
