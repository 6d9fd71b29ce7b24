#pragma once
// A source of roots: a host hands over its own stacks and tables.
//
// Registered with Runtime::add_roots. At each collection, while every mutator is stopped, the
// collector calls `trace`, which reports with the Tracer's verbs whatever must stay alive.

#include <midden/build.hpp>
#include <midden/tracer.hpp>

namespace midden::inline MIDDEN_ABI {

class RootSource {
 public:
  virtual ~RootSource() = default;
  // The contract of a scan function holds (tracer.hpp). May be called several times in one
  // cycle and must report the same roots.
  virtual void trace(Tracer& tracer) = 0;
  // What kind of roots these are, for messages: "interpreter stack". Valid as long as the source.
  virtual const char* name() const = 0;
};

}  // namespace midden::inline MIDDEN_ABI
