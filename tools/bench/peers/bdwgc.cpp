// bdwgc as it is on this system. Its events come on the thread that collects, in this order:
//
//   PRE_STOP_WORLD -> POST_STOP_WORLD -> MARK_START -> MARK_END -> PRE_START_WORLD -> POST_START_WORLD
//
// each with the collector's lock held. A cycle is added to the list when the world runs again: a stopped thread may be
// inside malloc.

#define GC_THREADS

#include "tools/bench/peers/bdwgc.hpp"

#include <fmt/format.h>
#include <gc.h>

#include <bit>
#include <chrono>
#include <new>
#include <stdexcept>

namespace bench::bdwgc {

void* ready_list = nullptr;

namespace {

using Clock = std::chrono::steady_clock;

void* volatile kept = nullptr;  // or the compiler finds that nobody reads it
std::vector<Cycle> all_cycles;
Cycle current;
Clock::time_point stopped;
Clock::time_point began;
Clock::time_point began_to_start;

std::uint64_t nanoseconds_since(Clock::time_point begin) {
  return static_cast<std::uint64_t>(std::chrono::nanoseconds(Clock::now() - begin).count());
}

void GC_CALLBACK on_event(GC_EventType event) {
  if (event == GC_EVENT_PRE_STOP_WORLD) {
    stopped = Clock::now();
  } else if (event == GC_EVENT_POST_STOP_WORLD) {
    current.stop_ns = nanoseconds_since(stopped);
  } else if (event == GC_EVENT_PRE_START_WORLD) {
    began_to_start = Clock::now();
  } else if (event == GC_EVENT_MARK_START) {
    began = Clock::now();
  } else if (event == GC_EVENT_MARK_END) {
    current.mark_ns = nanoseconds_since(began);
  } else if (event == GC_EVENT_POST_START_WORLD) {
    current.pause_ns = nanoseconds_since(stopped);
    current.start_ns = nanoseconds_since(began_to_start);
    all_cycles.push_back(current);
  }
}

void* found(void* memory) {
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

}  // namespace

bool present() { return true; }

std::string version() {
  const unsigned all = GC_get_version();
  return fmt::format("{}.{}.{}", all >> 16, (all >> 8) & 255, all & 255);
}

std::string missing_note() { return {}; }

void start(const Settings& settings) {
  if (settings.markers != 0) GC_set_markers_count(settings.markers);
  if (settings.tuned) GC_set_all_interior_pointers(0);
  GC_set_warn_proc(GC_ignore_warn_proc);  // of blocks that are large, which is what we ask for
  GC_INIT();
  GC_start_mark_threads();
  const unsigned markers = static_cast<unsigned>(GC_get_parallel()) + 1;
  if (settings.markers != 0 && markers != settings.markers) {
    throw std::runtime_error(fmt::format("bdwgc marks with {} threads, not {}", markers, settings.markers));
  }
  if (settings.threads) GC_allow_register_threads();
  GC_set_on_collection_event(on_event);
}

Registered::Registered() {
  GC_stack_base base;
  if (GC_get_stack_base(&base) != GC_SUCCESS || GC_register_my_thread(&base) != GC_SUCCESS) {
    throw std::runtime_error("bdwgc does not take this thread");
  }
}

Registered::~Registered() { GC_unregister_my_thread(); }

void* allocate(std::size_t bytes) { return found(GC_MALLOC(bytes)); }

void* allocate_leaf(std::size_t bytes) { return found(GC_MALLOC_ATOMIC(bytes)); }

void* allocate_many(std::size_t bytes) { return found(GC_malloc_many(bytes)); }

void keep(void* object) { kept = object; }

void collect() { GC_gcollect(); }

void settle(std::size_t objects) {
  for (auto left = std::bit_width(objects / 4096) + 1; left > 0; --left) collect();
}

std::size_t memory_use() { return GC_get_memory_use(); }

const std::vector<Cycle>& cycles() { return all_cycles; }

}  // namespace bench::bdwgc
