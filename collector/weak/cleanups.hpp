#pragma once
// What is to be done when objects have died: cleanups, and the destructors of types that have one.
//
//   cleanup      a closure, and perhaps an argument: an object that is kept for it. Never its own
//                object, which is gone when it runs
//   destructor   runs on the object itself, which with all it leads to is kept for it. Nobody else
//                gets at it: weak references to it are null by then
//
//   registered ──its object is found dead──▶ due ──gather──▶ queue ──take──▶ the runner's
//
// In the weak phase first all arguments are marked (`keep_arguments`), then, when weak references have
// been made null, dead objects with destructors (`find_dead`): a cleanup waits until no destructor
// and no argument needs its object. So an object that is another cleanup's argument dies after it.
// The queue is in the order of cycles; within one, the destructors first, and what was registered
// last comes first, as destructors of frames do.
//
// An object that its own cleanup's argument leads to would never die. It is found exactly, in the cycle in
// which nothing else leads there: arguments that only cleanups of the dead keep are marked one by one, and
// behind each the object is looked at again. (As bdwgc finds the cycles that its ordered finalizers cannot
// run; a ring of several cleanups is not told of.)
//
// Invariants
//   1. What is due, queued or not, is a root: its argument, or the object to be destroyed.
//   2. A cleanup that was cancelled is due, to be dropped, and keeps nothing.
//   3. The pause allocates and frees nothing here: what was found due moves into the queue behind it.
//
// Threads: `add` and `add_destructor` from any mutator, `take` from one, `gather`, `close` and
// `make_all_due` outside of a pause; keep_arguments, find_dead and trace while the world is stopped.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include <midden/closure.hpp>
#include <midden/root_source.hpp>

#include "collector/heap/heap.hpp"
#include "collector/mark/marker.hpp"

namespace midden::inline MIDDEN_ABI::collector {

class Cleanups final : public RootSource {
 public:
  using Destroy = void (*)(void* object);

  struct Due {
    void* argument;                            // or the object to destroy
    std::shared_ptr<detail::Closure> closure;  // null: a destructor
    Destroy destroy;
  };
  // An object that its own cleanup keeps alive. A cycle tells of one, the first not told of before.
  struct SelfKept {
    const void* object;
    const void* argument;
  };

  // Throw std::bad_alloc, and nothing changed.
  void add(void* object, void* argument, std::shared_ptr<detail::Closure> closure);
  void add_destructor(void* object, Destroy destroy);

  // --- the weak phase -------------------------------------------------------------------------

  void keep_arguments(const StoppedWorld& stopped, const Heap& heap, Marker& marker);
  void find_dead(const StoppedWorld& stopped, const Heap& heap, Marker& marker);

  void trace(Tracer& tracer) override;
  const char* name() const override { return "cleanup"; }

  // --- outside of it --------------------------------------------------------------------------

  // Moves what is due into the queue. Without memory for that it stays where it is, until the next time.
  void gather();
  // From here on nothing is registered any more: it is dropped, so that cleanups that add others end.
  void close();
  // All is due, whatever keeps its objects.
  void make_all_due();
  // The next one of the queue: from here on the caller keeps its argument. A mutator, so that no
  // collection comes between.
  std::optional<Due> take();
  std::size_t queued() const;
  std::size_t registered() const;
  std::optional<SelfKept> self_kept() const { return self_kept_; }

 private:
  struct Cleanup {
    void* object;  // null: due
    void* argument;
    std::shared_ptr<detail::Closure> closure;
    bool told = false;  // that it keeps its own object
  };
  struct Destructor {
    void* object;
    Destroy destroy;
    bool due = false;
  };

  mutable std::mutex mutex_;
  std::vector<Cleanup> cleanups_;  // in the order in which they were added; so are
  std::vector<Destructor> destructors_;
  std::size_t due_ = 0;  // in these two
  bool closed_ = false;
  std::deque<Due> queue_;
  std::optional<SelfKept> self_kept_;  // of the last cycle
};

}  // namespace midden::inline MIDDEN_ABI::collector
