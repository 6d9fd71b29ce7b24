#pragma once
// The composition root: one Runtime's heap, world, roots and cycle, joined; and the decision to
// collect.
//
// An allocation that the heap answers with `cycle_needed` comes here. A cycle runs on the thread
// that asks for it, which is blocked meanwhile like every other; requests that arrive while one
// runs are served together by the next.
//
// Threads: any. Lock order of the room stands in README.md.

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <midden/attach.hpp>
#include <midden/runtime.hpp>

#include "collector/cycle.hpp"
#include "collector/heap/pages.hpp"
#include "runtime/added_types.hpp"
#include "runtime/audit/root_audit.hpp"
#include "runtime/housekeeper.hpp"
#include "runtime/observe/gctrace.hpp"
#include "runtime/pin_table.hpp"
#include "runtime/process.hpp"
#include "runtime/processors.hpp"
#include "runtime/root_tables.hpp"
#include "runtime/statistics.hpp"
#include "runtime/upkeep.hpp"
#include "runtime/workers.hpp"
#include "runtime/world.hpp"

namespace midden::inline MIDDEN_ABI::runtime {

class Core {
 public:
  Core(Runtime& face, Config config);
  // Before it is destroyed, while its Runtime is whole. Fatal where threads are attached or root lists exist.
  void end();
  // Whether another process made it, of which this one is a child.
  bool inherited() const noexcept { return !process_.is_this(); }
  // Throws NotAttached where it is.
  void require_own_process() const;

  // --- allocation: zeroed memory, or OutOfMemory; a safepoint --------------------------------
  std::byte* allocate_fixed(Thread& thread, std::uint32_t slot, const TypeInfo& type);
  std::byte* allocate(Thread& thread, collector::Type& type, std::size_t elements);
  // Makes an object longer where it is; a safepoint. False, and nothing changed, where that cannot be had.
  bool extend(Thread& thread, void* object, std::size_t elements);
  // This heap's copy of a C++ type's description; `slot` is the type's number, 0 while it has none.
  collector::Type& bind(Thread& thread, std::uint32_t slot, const TypeInfo& type);
  void commit_segment(Thread& thread, void* segment, std::size_t bytes);

  // --- threads -------------------------------------------------------------------------------
  Thread& attach(std::string name);
  void detach(Thread& thread);
  World& world() { return world_; }
  // Both are fatal in a function of a handshake; the first also inside a NoSafepoint or DeferSafepoints scope.
  void block(Thread& thread);
  void unblock(Thread& thread);
  // What a safepoint with a request does; nothing inside a DeferSafepoints scope.
  void poll(Thread& thread);
  // Counts an event of a kind of stress; whether it is one of those, every n-th, that have a consequence.
  bool is_due(Thread& thread, std::uint32_t Stress::*kind) const noexcept;
  // The same, where that is a collection at the next safepoint.
  void note(Thread& thread, std::uint32_t Stress::*kind);
  std::vector<ThreadReport> threads() const;
  // Fatal where `object` is neither null nor in this heap.
  void require_own(const void* object) const;

  // --- collection ----------------------------------------------------------------------------
  void collect(Cause cause);
  // The cycle for want of which an allocation in the thread's last DeferSafepoints scope was refused.
  void collect_refused(Thread& thread);
  void with_no_cycle(const std::function<void()>& f);
  // Sweeps and returns memory until the clock says `deadline_ns`; true when nothing is left for now.
  bool keep_house(std::uint64_t deadline_ns);
  // Runs what is due, until so many have run or the clock says `deadline_ns`. Returns how many.
  std::size_t run_cleanups(std::size_t most, std::uint64_t deadline_ns);
  // Says that a cleanup's closure has its object's address in it, once for each type.
  void warn_of_closure(const void* object);
  // Collects first, where it is time for that.
  void declare_external(const void* object, std::uint64_t bytes);
  void handshake(const std::function<void()>& f);
  std::uint64_t begin_grace_period();
  void wait_for_grace_period();
  GraceReport grace() const;

  Runtime& face() { return face_; }
  const Config& config() const { return config_; }
  std::uint64_t seed() const { return seed_; }
  std::uint64_t draw() noexcept;
  collector::Heap& heap() { return heap_; }
  collector::Cycle& cycle() { return cycle_; }
  collector::Ledger& ledger() { return ledger_; }
  Statistics& statistics() { return statistics_; }
  TaskRoots& tasks() { return task_roots_; }
  Upkeep& upkeep() { return upkeep_; }
  std::shared_ptr<detail::PinTable> pins() { return pins_; }
  std::shared_ptr<detail::GlobalRoots> globals() { return globals_; }
  AddedTypes& added_types() { return added_types_; }
  void say(const std::string& line) const;

 private:
  // Nothing where a cycle has begun after the first `seen`. `wanted`: for a request of so many bytes.
  void collect(Cause cause, std::uint64_t seen, std::uint64_t wanted = 0);
  // Cycles. Sequentially consistent: a request that reads the number from before a cycle came before it.
  std::uint64_t started() const { return started_.load(); }
  // Fatal on the thread that runs a cycle of this Runtime.
  void require_outside_of_cycle() const;
  // Fatal in a function of any handshake: it runs under the locks of a World.
  void require_outside_of_handshake() const;
  void require_safepoint_allowed(Thread& thread) const;
  void require_may_block(Thread& thread) const;
  void collect_at_next_poll(Thread& thread);
  // Asks `attempt` for memory, for `bytes` bytes, collecting in between, until it gives some or none can be had.
  template <class Attempt>
  auto insist(Thread& thread, std::size_t bytes, Attempt&& attempt);
  // Whether each poll is to come here.
  bool asks_always() const { return config_.stress.safepoint != 0 || config_.stress.grace != 0; }
  void stress_allocation(Thread& thread);
  // Every allocation ends here where roots are audited.
  std::byte* born(std::byte* object) {
    if (audit_ != nullptr) audit_->note_birth(object);
    return object;
  }
  void warn_of_late_stop(const CycleReport& report);
  void tell_of_suspects();

  Runtime& face_;
  const Process process_;
  const Config config_;
  const std::uint64_t seed_;
  std::atomic<std::uint64_t> drawn_{0};
  const Placement placement_;
  collector::SystemPages pages_;
  collector::Heap heap_;
  AddedTypes added_types_;
  World world_;
  collector::Ledger ledger_;
  Statistics statistics_;
  GcTrace trace_;
  ThreadRoots thread_roots_;
  TaskRoots task_roots_;
  Upkeep upkeep_;
  std::shared_ptr<detail::PinTable> pins_;
  std::shared_ptr<detail::GlobalRoots> globals_;
  Workers workers_;
  std::unique_ptr<RootAudit> audit_;  // null: not asked for
  collector::Cycle cycle_;
  Housekeeper housekeeper_;

  bool keep_house_alone();
  bool run_some_cleanups();
  void follow_up_cleanups();
  void end_cleanups();
  void settle_cleanups();
  // Empties what outlives the Runtime, and tells of it.
  void close_roots();

  std::mutex cycle_mutex_;                 // held through a cycle
  std::uint64_t looked_ns_ = 0;            // under it: when it was last looked for memory that is not needed
  std::atomic<std::uint64_t> started_{0};  // cycles; any thread

  std::mutex told_mutex_;
  std::set<std::string> told_closures_;  // under it: names of types
};

// While it lives this thread is Blocked, if it is attached: in whatever Runtime, because threads
// of two that wait for each other's would wait for ever. Fatal inside a NoSafepoint scope.
class Waiting {
 public:
  Waiting();

 private:
  std::optional<Blocked> blocked_;
};

}  // namespace midden::inline MIDDEN_ABI::runtime
