#pragma once
// Reports as text, by the fmt library (version 9 and later). The only header that needs it: a
// host that includes this links fmt, the library itself does not.
//
//   fmt::print("{}\n", runtime.pauses());       PauseReport: a table, phase by phase
//   fmt::print("{}\n", runtime.last_cycle());   CycleReport: a line
//   fmt::print("{}\n", runtime.heap());         HeapReport: a line
//   fmt::print("{}\n", runtime.census()[0]);    SpaceReport: a line
//   fmt::print("{}\n", runtime.pins());         PinReport: a line
//   fmt::print("{}\n", runtime.threads()[0]);   ThreadReport: a line
//
//             count      mean       p50       p90       p99     p99.9       max
//   pause        12   1.21 ms   1.18 ms   1.35 ms   1.41 ms   1.41 ms   1.41 ms
//   stop         12   3.10 us   2.88 us   4.02 us   9.73 us   9.73 us   9.73 us
//   ...
//   resume       12   1.02 us   0.98 us   1.20 us   1.31 us   1.31 us   1.31 us
//   12 cycles, 3.40 ms of sweeping outside of pauses, 4.2 % of the time
//
// Texts are for people and do not end in a newline. Three digits of a number are shown, a time in
// us below one millisecond, in ms below ten seconds, then in s; a quantile is at most 0.8 % too
// large (histogram.hpp). A cell of a report without cycles is "-". There are no options: `{}`
// alone compiles.
//
// Threads: any; a report is a copy.

#include <fmt/format.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include <midden/build.hpp>
#include <midden/report.hpp>
#include <midden/runtime.hpp>

namespace midden::inline MIDDEN_ABI::detail {

inline std::string three_digits(double value, std::string_view unit) {
  // 9.996 has three digits as 10.0.
  const int decimals = value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
  return fmt::format("{:.{}f} {}", value, decimals, unit);
}

inline std::string duration_text(double nanoseconds) {
  if (nanoseconds < 999.5e3) return three_digits(nanoseconds / 1e3, "us");
  if (nanoseconds < 9999.5e6) return three_digits(nanoseconds / 1e6, "ms");
  return three_digits(nanoseconds / 1e9, "s");
}

inline std::string percent_text(double share) { return fmt::format("{:.1f} %", share * 100); }

inline std::string bytes_text(std::uint64_t bytes) {
  if (bytes < 1024) return fmt::format("{} B", bytes);
  double value = static_cast<double>(bytes) / 1024;
  constexpr std::array<std::string_view, 4> units{"KiB", "MiB", "GiB", "TiB"};
  std::size_t unit = 0;
  for (; value >= 1023.5 && unit + 1 < units.size(); ++unit) value /= 1024;
  return three_digits(value, units[unit]);
}

inline std::string counted(std::uint64_t count, std::string_view noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

// What the formatters below have in common.
struct ReportFormatter {
  constexpr auto parse(fmt::format_parse_context& context) {
    const auto* at = context.begin();
    if (at != context.end() && *at != '}') throw fmt::format_error("a report of midden is formatted by {} alone");
    return at;
  }
};

}  // namespace midden::inline MIDDEN_ABI::detail

template <>
struct fmt::formatter<midden::PauseReport> : midden::detail::ReportFormatter {
  auto format(const midden::PauseReport& report, fmt::format_context& context) const {
    auto out = fmt::format_to(context.out(), "{:<8}{:>7}", "", "count");
    for (std::string_view column : {"mean", "p50", "p90", "p99", "p99.9", "max"}) {
      out = fmt::format_to(out, "{:>10}", column);
    }
    out = row(out, "pause", report.pause);
    for (std::size_t i = 0; i < midden::phase_count; ++i) out = row(out, midden::phase_names[i], report.phases[i]);
    out = fmt::format_to(out, "\n{}, {} of sweeping outside of pauses, {} of the time",
                         midden::detail::counted(report.cycles, "cycle"),
                         midden::detail::duration_text(static_cast<double>(report.sweep_ns)),
                         midden::detail::percent_text(report.share()));
    return report.capped == 0
               ? out
               : fmt::format_to(out, "; put off near the limit {}", midden::detail::counted(report.capped, "time"));
  }

 private:
  template <class Out>
  static Out row(Out out, std::string_view name, const midden::Histogram& times) {
    out = fmt::format_to(out, "\n{:<8}{:>7}", name, times.count());
    const auto cell = [&](double nanoseconds) {
      out = fmt::format_to(out, "{:>10}", times.count() == 0 ? "-" : midden::detail::duration_text(nanoseconds));
    };
    cell(times.mean());
    for (double fraction : {0.5, 0.9, 0.99, 0.999}) cell(static_cast<double>(times.quantile(fraction)));
    cell(static_cast<double>(times.max()));
    return out;
  }
};

template <>
struct fmt::formatter<midden::CycleReport> : midden::detail::ReportFormatter {
  auto format(const midden::CycleReport& report, fmt::format_context& context) const {
    using midden::detail::bytes_text;
    using midden::detail::counted;
    const auto time = [](std::uint64_t ns) { return midden::detail::duration_text(static_cast<double>(ns)); };
    auto out = fmt::format_to(context.out(), "cycle {} ({}): pause {} (", report.number, midden::name(report.cause),
                              time(report.pause_ns));
    for (std::size_t i = 0; i < midden::phase_count; ++i) {
      out = fmt::format_to(out, "{}{} {}", i == 0 ? "" : ", ", midden::phase_names[i], time(report.phase_ns[i]));
    }
    out = fmt::format_to(out, ") of {}", counted(report.mutators, "thread"));
    if (!report.late_thread.empty()) {
      out = fmt::format_to(out, " (the latest, \"{}\", after {})", report.late_thread, time(report.late_ns));
    }
    if (report.upkept.calls != 0) {
      out = fmt::format_to(out, ", upkeep of {} before for {}", counted(report.upkept.calls, "structure"),
                           time(report.upkept.ns));
    }
    out = fmt::format_to(out, ", swept before for {}, {} of the time; marked {} by {} with {}", time(report.sweep_ns),
                         midden::detail::percent_text(report.share()), counted(report.objects_marked, "object"),
                         counted(report.references_scanned, "reference"), counted(report.workers, "worker"));
    out = fmt::format_to(out, "; live {} (scannable {}, arenas {}), committed {}, allocated {} since the cycle before",
                         bytes_text(report.live_bytes), bytes_text(report.scannable_bytes),
                         bytes_text(report.arena_bytes), bytes_text(report.committed_bytes),
                         bytes_text(report.allocated_bytes));
    const std::uint64_t watched = report.weak_references + report.weak_cleared + report.cleanups + report.cleanups_due;
    if (watched + report.external_bytes > 0) {
      out = fmt::format_to(out, "; {}, {} made null, {}, {} due, external {}",
                           counted(report.weak_references, "weak reference"), report.weak_cleared,
                           counted(report.cleanups, "cleanup"), report.cleanups_due, bytes_text(report.external_bytes));
    }
    if (report.overflows != 0) {
      out = fmt::format_to(out, "; rescanned {}", counted(report.overflows, "time"));
    }
    if (report.over_limit_bytes != 0) {
      out = fmt::format_to(out, "; above the limit by {}", bytes_text(report.over_limit_bytes));
    }
    if (report.trigger_bytes == 0) return out;
    return fmt::format_to(out, "; next after {}{}", bytes_text(report.trigger_bytes), report.capped ? ", capped" : "");
  }
};

template <>
struct fmt::formatter<midden::HeapReport> : midden::detail::ReportFormatter {
  auto format(const midden::HeapReport& report, fmt::format_context& context) const {
    using midden::detail::bytes_text;
    return fmt::format_to(
        context.out(),
        "committed {} (blocks in use {}, of them returned {}, free {}, arenas {}), external {}, allocated {} in {}",
        bytes_text(report.committed_bytes), bytes_text(report.used_bytes), bytes_text(report.returned_bytes),
        bytes_text(report.free_bytes), bytes_text(report.arena_bytes), bytes_text(report.external_bytes),
        bytes_text(report.allocated_bytes), midden::detail::counted(report.cycles, "cycle"));
  }
};

template <>
struct fmt::formatter<midden::SpaceReport> : midden::detail::ReportFormatter {
  auto format(const midden::SpaceReport& report, fmt::format_context& context) const {
    using midden::detail::bytes_text;
    auto out = fmt::format_to(context.out(), "{}", report.type.empty() ? "shared by types" : report.type);
    out =
        report.slot_bytes == 0 ? fmt::format_to(out, ", large") : fmt::format_to(out, ", {} bytes", report.slot_bytes);
    return fmt::format_to(out, ": {} of {} in blocks of {}, of which free {}, returned {}",
                          midden::detail::counted(report.objects, "object"), bytes_text(report.object_bytes),
                          bytes_text(report.block_bytes), bytes_text(report.free_bytes),
                          bytes_text(report.returned_bytes));
  }
};

template <>
struct fmt::formatter<midden::PinReport> : midden::detail::ReportFormatter {
  auto format(const midden::PinReport& report, fmt::format_context& context) const {
    auto out = fmt::format_to(context.out(), "{}", midden::detail::counted(report.count, "pin"));
    if (report.count == 0) return out;
    return fmt::format_to(out, ", the oldest {} old",
                          midden::detail::duration_text(static_cast<double>(report.oldest_ns)));
  }
};

template <>
struct fmt::formatter<midden::GraceReport> : midden::detail::ReportFormatter {
  auto format(const midden::GraceReport& report, fmt::format_context& context) const {
    auto out = fmt::format_to(context.out(), "{} over", midden::detail::counted(report.over, "grace period"));
    if (report.waits_for.empty()) return out;
    out = fmt::format_to(out, ", the next waits {} for",
                         midden::detail::duration_text(static_cast<double>(report.waiting_ns)));
    std::string_view comma = " ";
    for (const std::string& name : report.waits_for) {
      out = fmt::format_to(out, "{}\"{}\"", comma, name);
      comma = ", ";
    }
    return out;
  }
};

template <>
struct fmt::formatter<midden::ThreadReport> : midden::detail::ReportFormatter {
  auto format(const midden::ThreadReport& report, fmt::format_context& context) const {
    const auto time = [](double nanoseconds) { return midden::detail::duration_text(nanoseconds); };
    const midden::Histogram& stop = report.stop;
    auto out = fmt::format_to(context.out(), "thread \"{}\", {}, {}", report.name,
                              report.blocked ? "blocked" : "running", midden::detail::counted(stop.count(), "stop"));
    if (stop.count() == 0) return out;
    return fmt::format_to(out, " after mean {}, p50 {}, p99 {}, max {}", time(stop.mean()),
                          time(static_cast<double>(stop.quantile(0.5))), time(static_cast<double>(stop.quantile(0.99))),
                          time(static_cast<double>(stop.max())));
  }
};
