#include "runtime/observe/gctrace.hpp"

#include <cstdio>
#include <utility>

#include "collector/report/ledger.hpp"

namespace midden::inline MIDDEN_ABI::runtime {

namespace {

double ms(std::uint64_t nanoseconds) { return static_cast<double>(nanoseconds) / 1e6; }
double mib(std::uint64_t bytes) { return static_cast<double>(bytes) / (1 << 20); }

}  // namespace

std::string trace_line(const CycleReport& report, std::uint64_t at_ns) {
  char text[512];
  std::string line;
  std::snprintf(text, sizeof text,
                "midden: gc %llu @%.3fs %s: pause %.3f ms =", static_cast<unsigned long long>(report.number),
                static_cast<double>(at_ns) / 1e9, std::string(name(report.cause)).c_str(), ms(report.pause_ns));
  line = text;
  for (std::size_t i = 0; i < phase_count; ++i) {
    std::snprintf(text, sizeof text, " %s %.3f", std::string(phase_names[i]).c_str(), ms(report.phase_ns[i]));
    line += text;
  }
  std::snprintf(
      text, sizeof text,
      "; sweep %.3f ms, share %.1f %%; live %.1f MiB (scannable %.1f, arenas %.1f), committed %.1f MiB; allocated %.1f "
      "MiB, "
      "next after %.1f MiB%s, over the limit %.1f MiB; objects %llu, references %llu; workers %llu, threads %llu",
      ms(report.sweep_ns), report.share() * 100, mib(report.live_bytes), mib(report.scannable_bytes),
      mib(report.arena_bytes), mib(report.committed_bytes), mib(report.allocated_bytes), mib(report.trigger_bytes),
      report.capped ? " (capped)" : "", mib(report.over_limit_bytes),
      static_cast<unsigned long long>(report.objects_marked),
      static_cast<unsigned long long>(report.references_scanned), static_cast<unsigned long long>(report.workers),
      static_cast<unsigned long long>(report.mutators));
  line += text;
  if (report.weak_references + report.weak_cleared + report.cleanups + report.cleanups_due + report.external_bytes >
      0) {
    std::snprintf(text, sizeof text, "; weak %llu, cleared %llu, cleanups %llu, due %llu, external %.1f MiB",
                  static_cast<unsigned long long>(report.weak_references),
                  static_cast<unsigned long long>(report.weak_cleared),
                  static_cast<unsigned long long>(report.cleanups),
                  static_cast<unsigned long long>(report.cleanups_due), mib(report.external_bytes));
    line += text;
  }
  if (report.late_thread.empty()) return line;
  std::snprintf(text, sizeof text, "\" after %.3f ms", ms(report.late_ns));
  return line + "; latest thread \"" + report.late_thread + text;
}

GcTrace::GcTrace(std::function<void(std::string_view)> message)
    : message_(std::move(message)), begin_ns_(collector::steady_ns()) {}

void GcTrace::cycle_ended(const CycleReport& report) {
  message_(trace_line(report, collector::steady_ns() - begin_ns_));
}

}  // namespace midden::inline MIDDEN_ABI::runtime
