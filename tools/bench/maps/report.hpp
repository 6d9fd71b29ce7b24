#pragma once
// The tables and rows of the case maps.
//
//   <phase>_ns                a phase's time for an operation (measure.hpp)
//   mops_t<threads>_w<writes>
//   <metric>_ratio_to_<peer>  how many times as fast as a peer of its kind a backend is: absl_btree and
//                             tbb_map for one with an order, absl_flat and tbb_hash for others
//   mops_t2_w70_ratio_to_one_thread

#include <cstddef>
#include <string>
#include <vector>

#include "tools/bench/maps/measure.hpp"
#include "tools/bench/output.hpp"

namespace bench::maps {

struct Settings {
  std::size_t entries;
  std::string keys;
  std::size_t repetitions;
};

void report(const std::vector<Figures>& all, const Settings& settings, Output& output);

}  // namespace bench::maps
