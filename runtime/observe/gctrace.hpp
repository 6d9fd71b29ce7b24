#pragma once
// MIDDEN_GCTRACE: one line for each cycle. Its fields are told in runtime/README.md.
//
// Threads: called on the thread that collects, after the world runs again.

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include <midden/observer.hpp>

namespace midden::inline MIDDEN_ABI::runtime {

// The line, without its end. `at_ns`: time since the Runtime began.
std::string trace_line(const CycleReport& report, std::uint64_t at_ns);

class GcTrace final : public Observer {
 public:
  explicit GcTrace(std::function<void(std::string_view)> message);
  void cycle_ended(const CycleReport& report) override;

 private:
  const std::function<void(std::string_view)> message_;
  const std::uint64_t begin_ns_;
};

}  // namespace midden::inline MIDDEN_ABI::runtime
