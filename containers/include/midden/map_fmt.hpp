#pragma once
// The figures of a map as text, by the fmt library.
//
//   fmt::print("{}\n", map->stats());
//
//   899999 entries in 55.8 MiB, 901004 references to scan
//   load 0.50, 227136 buckets and 10671 in overflow
//   buckets in a chain      1: 972  2: 52
//   keys compared by a hit  1: 3959  2: 35
//   hash XXH3, 0 rebuilds
//   resizing, 73.3 % evacuated
//   about 499776 look-ups, most in bucket 225770 (75.4 %, chain of 1)
//
//   999999 entries in 42.1 MiB, 20 references to scan
//   load 0.72, 4 levels, nodes from the leaves up: 30509, 989, 32, 1
//   arena: 1.78 KiB free, 0 B retired
//   2 snapshots open, the oldest for 14.2 s, 3.40 MiB held back
//   being rebuilt, 25.0 % moved
//
// Lines that do not apply are left out, and buckets with less than a thousandth of the look-ups.
//
// A header of its own beside <midden/fmt.hpp>: that one belongs to the runtime, which must not know
// that there are maps. As there, only who includes it needs fmt.
//
// Threads: any; the figures are a copy.

#include <array>
#include <cstddef>
#include <string_view>

#include <midden/fmt.hpp>
#include <midden/map_stats.hpp>

template <>
struct fmt::formatter<midden::MapStats> : midden::detail::ReportFormatter {
  auto format(const midden::MapStats& stats, fmt::format_context& context) const {
    using midden::detail::bytes_text;
    using midden::detail::counted;
    auto out = fmt::format_to(context.out(), "{} {} in {}, {} to scan", stats.entries,
                              stats.entries == 1 ? "entry" : "entries", bytes_text(stats.bytes),
                              counted(stats.references, "reference"));
    if (stats.buckets + stats.levels != 0) out = fmt::format_to(out, "\nload {:.2f}", stats.load);
    if (stats.buckets != 0) out = table(out, stats);
    if (!stats.hash.empty()) out = fmt::format_to(out, "\nhash {}, {}", stats.hash, counted(stats.rebuilds, "rebuild"));
    if (stats.resizing) {
      out = fmt::format_to(out, "\nresizing, {} evacuated", midden::detail::percent_text(stats.evacuated));
    }
    if (stats.sampled != 0) out = hottest(out, stats);
    if (stats.levels != 0) out = levels(out, stats);
    if (stats.free_bytes + stats.retired_bytes + stats.levels != 0) {
      out = fmt::format_to(out, "\narena: {} free, {} retired", bytes_text(stats.free_bytes),
                           bytes_text(stats.retired_bytes));
    }
    if (stats.snapshots + stats.held_bytes != 0) out = snapshots(out, stats);
    if (stats.rebuilding) {
      out = fmt::format_to(out, "\nbeing rebuilt, {} moved", midden::detail::percent_text(stats.moved));
    }
    return out;
  }

 private:
  template <class Out>
  static Out table(Out out, const midden::MapStats& stats) {
    out = fmt::format_to(out, ", {} and {} in overflow", midden::detail::counted(stats.buckets, "bucket"),
                         stats.overflow);
    out = lengths(out, "buckets in a chain", stats.chains);
    return lengths(out, "keys compared by a hit", stats.probes);
  }

  template <class Out>
  static Out lengths(Out out, std::string_view what, const std::array<std::size_t, midden::MapStats::lengths>& counts) {
    out = fmt::format_to(out, "\n{:<22}", what);
    for (std::size_t i = 0; i < counts.size(); ++i) {
      if (counts[i] != 0) out = fmt::format_to(out, "  {}{}: {}", i + 1, i + 1 == counts.size() ? "+" : "", counts[i]);
    }
    return out;
  }

  template <class Out>
  static Out hottest(Out out, const midden::MapStats& stats) {
    out = fmt::format_to(out, "\nabout {} look-ups, most in bucket", stats.sampled);
    std::string_view comma = " ";
    for (const midden::HotBucket& hot : stats.hottest) {
      if (hot.look_ups * 1000 < stats.sampled) break;
      out = fmt::format_to(
          out, "{}{} ({}, chain of {})", comma, hot.bucket,
          midden::detail::percent_text(static_cast<double>(hot.look_ups) / static_cast<double>(stats.sampled)),
          hot.chain);
      comma = ", ";
    }
    return out;
  }

  template <class Out>
  static Out levels(Out out, const midden::MapStats& stats) {
    out = fmt::format_to(out, ", {}, nodes from the leaves up", midden::detail::counted(stats.levels, "level"));
    for (std::size_t level = 0; level < stats.levels; ++level) {
      out = fmt::format_to(out, "{} {}", level == 0 ? ":" : ",", stats.nodes[level]);
    }
    return out;
  }

  template <class Out>
  static Out snapshots(Out out, const midden::MapStats& stats) {
    if (stats.snapshots == 0) {
      return fmt::format_to(out, "\nno snapshot open, {} held back", midden::detail::bytes_text(stats.held_bytes));
    }
    return fmt::format_to(out, "\n{} open, the oldest for {}, {} held back",
                          midden::detail::counted(stats.snapshots, "snapshot"),
                          midden::detail::duration_text(static_cast<double>(stats.oldest_snapshot.count())),
                          midden::detail::bytes_text(stats.held_bytes));
  }
};
