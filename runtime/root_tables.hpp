#pragma once
// Where the collector finds the roots that are not a host's RootSource.
//
//   ThreadRoots   the windows and lists of attached threads
//   TaskRoots     the RootLists of tasks, in use or at rest
//   GlobalRoots   roots without a thread; outlives the Runtime as long as one of them does
//
// Threads: lists belong to their thread or task and are read while the world is stopped; the
// tables themselves lock. No lock is held while another is taken.

#include <atomic>
#include <mutex>
#include <string>
#include <unordered_set>
#include <vector>

#include <midden/root.hpp>
#include <midden/root_source.hpp>

#include "collector/heap/heap.hpp"
#include "runtime/process.hpp"
#include "runtime/world.hpp"

namespace midden::inline MIDDEN_ABI {

namespace runtime {

class ThreadRoots final : public RootSource {
 public:
  explicit ThreadRoots(const World& world) : world_(world) {}
  void trace(Tracer& tracer) override;
  // Each thread is a part.
  std::size_t parts() const override { return world_.threads().size(); }
  void trace_part(std::size_t part, Tracer& tracer) override;
  const char* name() const override { return "thread"; }

 private:
  const World& world_;
};

class TaskRoots final : public RootSource {
 public:
  void add(detail::RootPlace& list);
  void remove(detail::RootPlace& list);
  std::size_t count() const;
  void trace(Tracer& tracer) override;
  const char* name() const override { return "task"; }

 private:
  mutable std::mutex mutex_;
  std::unordered_set<detail::RootPlace*> lists_;
};

// What the roots name that `roots.for_each` shows.
template <class Roots>
std::vector<void*> named_by(const Roots& roots) {
  std::vector<void*> named;
  roots.for_each([&](const detail::RootPlace& root) { named.push_back(root.object); });
  return named;
}
// "3 roots: 2 of Session, 1 empty", for messages, of what they name. Requires: attached, or the world is stopped.
std::string describe_roots(const collector::Heap& heap, const std::vector<void*>& named, const char* noun = "root");

}  // namespace runtime

namespace detail {

class GlobalRoots final : public RootSource {
 public:
  explicit GlobalRoots(const Runtime& runtime) : runtime_(&runtime) {}
  // False for all once the Runtime has ended. Relaxed: a thread that runs in the Runtime keeps it
  // from ending, and for others any value but their own Runtime will do.
  bool belongs_to(const Runtime& runtime) const { return runtime_.load(std::memory_order_relaxed) == &runtime; }
  void add(AnyGlobalRoot& root);
  void remove(AnyGlobalRoot& root);
  // Empties all; they may end later. Returns what they named, for a report; the second time nothing.
  std::vector<void*> close();
  void trace(Tracer& tracer) override;
  const char* name() const override { return "global"; }

 private:
  const runtime::Process process_;
  std::atomic<const Runtime*> runtime_;
  std::mutex mutex_;
  std::unordered_set<AnyGlobalRoot*> roots_;
};

}  // namespace detail

}  // namespace midden::inline MIDDEN_ABI
