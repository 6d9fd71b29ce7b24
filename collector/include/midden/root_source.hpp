#pragma once
// A source of roots: a host hands over its own stacks and tables.
//
// Registered with Runtime::add_roots. At each collection, while every mutator is stopped, the
// collector calls `trace_part` for each part, which reports with the Tracer's verbs whatever must
// stay alive. Parts are traced by several threads at the same time where there are many roots; a
// source that does not say otherwise is one part.

#include <cstddef>

#include <midden/build.hpp>
#include <midden/tracer.hpp>

namespace midden::inline MIDDEN_ABI {

class RootSource {
 public:
  virtual ~RootSource() = default;
  // The contract of a scan function holds (tracer.hpp). May be called several times in one
  // cycle and must report the same roots: those of all parts.
  virtual void trace(Tracer& tracer) = 0;
  // How many parts it has. May be called at any time while mutators are stopped, and must stay the
  // same while they are.
  virtual std::size_t parts() const { return 1; }
  // Reports one part of the roots, from 0 on. On any thread, beside other parts.
  virtual void trace_part(std::size_t part, Tracer& tracer) { static_cast<void>(part), trace(tracer); }
  // What kind of roots these are, for messages: "interpreter stack". Valid as long as the source.
  virtual const char* name() const = 0;
};

}  // namespace midden::inline MIDDEN_ABI
