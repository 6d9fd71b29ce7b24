#pragma once
// What `pauses` was asked for, what it has measured of one map, and the report of that.

#include <array>
#include <cstddef>
#include <string>
#include <vector>

#include <midden/phase.hpp>

#include "tools/bench/map_options.hpp"
#include "tools/bench/output.hpp"
#include "tools/bench/timing.hpp"

namespace bench {

struct PauseOptions {
  MapChoice maps;
  std::size_t entries = 1'000'000;
  bool outlier = false;
  std::size_t lookups = 1'000'000;
  std::size_t cycles = 100;
  std::size_t gap_ms = 10;
  std::size_t workers = 0;
  std::string plot;
};

struct MapFigures {
  std::string subject;
  double insert_ns = 0;
  double lookup_ns = 0;

  // Not of a std::map, which knows no cycles.
  std::array<Samples, midden::phase_count> phase_us{};
  Samples pause_us{};
  std::vector<double> pauses_in_order{};  // us
  Samples references{};
  double bytes_per_entry = 0;
  double committed_per_entry = 0;
  double mutator_ops_per_s = 0;

  bool collected() const { return pause_us.count() > 0; }
  const Samples& us(midden::Phase phase) const { return phase_us[static_cast<std::size_t>(phase)]; }
};

// The tables, the rows, and the plot as SVG. Maps without cycles come last.
void print_pauses(const PauseOptions& options, const std::vector<MapFigures>& maps, std::FILE* to);
void add_pauses(const PauseOptions& options, const std::vector<MapFigures>& maps, Output& output);
std::string plot_pauses(const PauseOptions& options, const std::vector<MapFigures>& maps);

}  // namespace bench
