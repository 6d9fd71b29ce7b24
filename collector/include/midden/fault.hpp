#pragma once
// Defects on purpose, to test the tests: in a build with -Dfaults=true one of them can be switched on, and the library
// is wrong then in the way that it names. `midden-stress --break NAME` does so; its README tells who finds which.
//
// In every other build `broken` is false at compile time, and nothing of this is there.
//
// Threads: `switch_on` before any Runtime is made; `broken` on any.

#include <array>
#include <cstdint>
#include <string_view>

#include <midden/build.hpp>

namespace midden::inline MIDDEN_ABI {

enum class Defect : std::uint8_t {
  none,
  thread_roots,
  task_roots,
  global_roots,
  host_roots,
  root_window,
  pin_ignored,
  stolen_mark,
  full_stack,
  array_half,
  array_end,
  swept_alive,
  unswept,
  size_class,
  not_zeroed,
  weak_late,
  weak_early,
  cleanup_argument,
  cleanup_lost,
  destructor_freed,
  early_stop,
  early_resume,
  grace_ignored,
  grace_wraps,
  bucket_unscanned,
  old_unscanned,
  evacuation,
  column_early,
  node_early,
  version_pruned,
  stale_cursor,
  shown_freed,
  slice_unshared,
  rebuild_lost
};

struct DefectName {
  Defect defect;
  std::string_view name;
  std::string_view what;
};

inline constexpr std::array defect_names{
    DefectName{Defect::thread_roots, "thread-roots", "the roots of the thread that attached last are skipped"},
    DefectName{Defect::task_roots, "task-roots", "one list of a task's roots is skipped"},
    DefectName{Defect::global_roots, "global-roots", "global roots are skipped"},
    DefectName{Defect::host_roots, "host-roots", "a source of roots is not registered"},
    DefectName{Defect::root_window, "root-window", "roots are lost when a thread's window of them grows"},
    DefectName{Defect::pin_ignored, "pin-ignored", "pins are no roots"},
    DefectName{Defect::stolen_mark, "stolen-mark", "an object is lost when a mark worker gives some to another"},
    DefectName{Defect::full_stack, "full-stack", "what a full grey stack has no room for is not scanned"},
    DefectName{Defect::array_half, "array-half", "the later half of a long array is not scanned"},
    DefectName{Defect::array_end, "array-end", "the last element of an array is not scanned"},
    DefectName{Defect::swept_alive, "swept-alive", "a sweep clears the mark of a span's first slot"},
    DefectName{Defect::unswept, "unswept", "spans are not swept before their colour comes round again"},
    DefectName{Defect::size_class, "size-class", "some sizes get slots of the class below"},
    DefectName{Defect::not_zeroed, "not-zeroed", "memory of dead objects is handed out as they left it"},
    DefectName{Defect::weak_late, "weak-late", "the dead are found by weak references until the next cycle"},
    DefectName{Defect::weak_early, "weak-early", "a weak reference to a live object is made null"},
    DefectName{Defect::cleanup_argument, "cleanup-argument", "arguments of cleanups are not kept"},
    DefectName{Defect::cleanup_lost, "cleanup-lost", "one of the cleanups that are due is forgotten"},
    DefectName{Defect::destructor_freed, "destructor-freed", "objects are freed before their destructors run"},
    DefectName{Defect::early_stop, "early-stop", "the world counts as stopped while one thread runs"},
    DefectName{Defect::early_resume, "early-resume", "the world runs for a moment before weak references are cleared"},
    DefectName{Defect::grace_ignored, "grace-ignored", "a grace period waits for nobody"},
    DefectName{Defect::grace_wraps, "grace-wraps", "numbers of grace periods are compared by their lowest four bits"},
    DefectName{Defect::bucket_unscanned, "bucket-unscanned", "the last bucket of a hash table's chunk is not scanned"},
    DefectName{Defect::old_unscanned, "old-unscanned", "the old table is not scanned while its buckets move"},
    DefectName{Defect::evacuation, "evacuation", "an entry is lost when a full bucket moves to the new table"},
    DefectName{Defect::column_early, "column-early", "a place in a side column is free while a snapshot shows it"},
    DefectName{Defect::node_early, "node-early", "memory of a concurrent skip list is used before its grace period"},
    DefectName{Defect::version_pruned, "version-pruned", "versions go that a snapshot still needs"},
    DefectName{Defect::stale_cursor, "stale-cursor", "a hash cursor shows what was erased or overwritten since"},
    DefectName{Defect::shown_freed, "shown-freed", "an entry's memory is used again while a cursor shows it"},
    DefectName{Defect::slice_unshared, "slice-unshared", "an array does not know that a sub-slice shares it"},
    DefectName{Defect::rebuild_lost, "rebuild-lost", "an entry is lost on its way to another backend"},
};

namespace detail {
// Plain: written before there are other threads.
inline Defect switched_on = Defect::none;
}  // namespace detail

// There in a build with -Dfaults=true only.
template <bool built = faults>
void switch_on(Defect defect) requires(built) {
  detail::switched_on = defect;
}

// Whether the library is to be wrong here.
inline bool broken([[maybe_unused]] Defect defect) noexcept {
  if constexpr (faults) {
    return detail::switched_on == defect;
  } else {
    return false;
  }
}

}  // namespace midden::inline MIDDEN_ABI
