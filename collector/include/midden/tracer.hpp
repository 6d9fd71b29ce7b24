#pragma once
// Scanning: how an object reports its references to the collector.
//
// A scan function receives a Tracer and an object and reports every reference the object holds,
// with any of three verbs:
//
//   edge(ref)            one Ref or AtomicRef, by its address
//   edges(first, count)  `count` Refs in a row
//   object(start)        a target by its start; for words that are not Refs (tagged words,
//                        side tables)
//
// Contract of a scan function
//   1. It reports all references and nothing else; null may be reported.
//   2. It may not allocate, lock, throw, or touch another heap object that it has not just been
//      given the start of by a field of its own object.
//   3. It may run on any thread, on the same object more than once in a cycle, and in parallel
//      with itself on other objects. Mutators are stopped, unless its type says that it may run
//      beside them.

#include <atomic>
#include <cstddef>

#include <midden/build.hpp>
#include <midden/ref.hpp>

namespace midden::inline MIDDEN_ABI {

class Tracer {
 public:
  Tracer(const Tracer&) = delete;
  Tracer& operator=(const Tracer&) = delete;

  template <class T>
  void edge(const Ref<T>& ref) {
    visit(reinterpret_cast<const std::atomic<void*>*>(&ref), 1);
  }
  template <class T>
  void edge(const AtomicRef<T>& ref) {
    visit(reinterpret_cast<const std::atomic<void*>*>(&ref), 1);
  }
  template <class T>
  void edges(const Ref<T>* first, std::size_t count) {
    visit(reinterpret_cast<const std::atomic<void*>*>(first), count);
  }
  // Requires: `start` is null or the start of an object of this Runtime.
  void object(const void* start) { visit(start); }

 protected:
  Tracer() = default;
  ~Tracer() = default;

 private:
  virtual void visit(const std::atomic<void*>* edges, std::size_t count) = 0;
  virtual void visit(const void* object) = 0;
};

using ScanFunction = void (*)(Tracer&, const void* object);

}  // namespace midden::inline MIDDEN_ABI
